"""``X-Amzn-Trace-Id``: the client's own if it sent one, else one made from the request id.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import re
from datetime import datetime
from typing import Final

from yett.compiled import twin
from yett.values.http import HttpRequest

TRACE_ID: Final = "x-amzn-trace-id"
ROOT: Final = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;Parent=[0-9a-f]{16})?(?:;Sampled=[01])?")


def render_trace_header(request: HttpRequest) -> str:
    """``Root=1-{8 hex digits of the time}-{24 hex digits}``, with the parent and the decision that the client's has."""
    received = request.headers.get(TRACE_ID)
    if received is not None and (match := ROOT.search(received)):
        return match[0]
    root: str | None = _root_plainly(request.received_at, request.request_id)
    return root or make_root(request.received_at, request.request_id)


def make_root(received_at: datetime, request_id: str) -> str:
    """The root of a call that came without one."""
    return f"Root=1-{int(received_at.timestamp()):08x}-{request_id.replace('-', '')[:24]}"


_root_plainly: Final = twin("yett.rules.execute_api.plain_lines", "trace_root")

"""``X-Amzn-Trace-Id``: the client's own if it sent one, else one made from the request id.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import re
from typing import Final

from yett.rules.execute_api.call import Routed

ROOT: Final = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;Parent=[0-9a-f]{16})?(?:;Sampled=[01])?")


def render_trace_header(routed: Routed) -> str:
    """``Root=1-{8 hex digits of the time}-{24 hex digits}``, with the parent and the decision that the client's has."""
    received = routed.request.headers.get("x-amzn-trace-id")
    if received is not None and (match := ROOT.search(received)):
        return match[0]
    facts = routed.question.facts
    return f"Root=1-{int(facts.received_at.timestamp()):08x}-{facts.request_id.replace('-', '')[:24]}"

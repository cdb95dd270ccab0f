"""What the client gets of an ``HTTP_PROXY`` backend's answer: all of it, but for headers that the gateway renames or
drops.
"""

from typing import Final

from yett.compiled import twin
from yett.rules.execute_api.headers import HTTP_PROXY, KNOWN_RESPONSE, relay_lines
from yett.rules.execute_api.request_ids import request_id_lines
from yett.values.http import BodyStream, Headers, HttpResponse, Lines

_relay_plainly: Final = twin("yett.rules.execute_api.plain_lines", "relay_lines")


def relay(
    status: int, headers: Headers, body: bytes, *, request_id: str, stream: BodyStream | None = None
) -> HttpResponse:
    """The backend's answer as the client sees it, with the request's ids."""
    lines: Lines | None = _relay_plainly(headers.lines, KNOWN_RESPONSE[HTTP_PROXY], request_id)
    if lines is None:
        lines = relay_lines(headers.lines, HTTP_PROXY) + request_id_lines(request_id)
    return HttpResponse(status=status, headers=Headers(lines), body=body, stream=stream)

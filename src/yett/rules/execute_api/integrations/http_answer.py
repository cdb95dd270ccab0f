"""What the client gets of an ``HTTP_PROXY`` backend's answer: all of it, but for headers that the gateway renames or
drops.
"""

from yett.rules.execute_api.headers import HTTP_PROXY, treat_response
from yett.values.http import BodyStream, Headers, HttpResponse


def relay(status: int, headers: Headers, body: bytes, *, stream: BodyStream | None = None) -> HttpResponse:
    """The backend's answer as the client sees it."""
    lines = [(kept, value) for name, value in headers.lines if (kept := treat_response(name, HTTP_PROXY)) is not None]
    return HttpResponse(status=status, headers=Headers(lines), body=body, stream=stream)

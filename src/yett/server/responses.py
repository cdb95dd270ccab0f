"""Answers as bytes: the handler's header lines, and the framing that is the edge's alone to write."""

from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import Final

from yett.compiled import twin
from yett.server.body_bounds import OperationTooLarge
from yett.server.framing import RequestRefused
from yett.values.header_lines import render_header_lines
from yett.values.http import Headers, HttpResponse

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

# Written by the edge alone: a handler's line of these names is dropped.
FRAMING_NAMES: Final = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-connection",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_BODILESS: Final = frozenset({204, 304})  # Source: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1

_JOINED_BYTES: Final = 64 * 1024  # above, head and body are written apart rather than copied together

_STATUS_LINES: Final = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n".encode() for status in HTTPStatus if status >= 200
}

# Statuses of the edge's own refusals -> (content type, body). The first is AWS's, to the letter; the text at 414 too.
# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html (413 is text/plain)
_REFUSALS: Final = {
    413: ("text/plain", "HTTP content length exceeded 10485760 bytes."),
    400: ("application/json", '{"message":"Bad Request"}'),
    403: ("application/json", '{"message":"Forbidden"}'),
    405: ("application/json", '{"message":"Method Not Allowed"}'),
    408: ("application/json", '{"message":"Request Timeout"}'),
    414: ("application/json", '{"message":"Request URI too long"}'),
    417: ("application/json", '{"message":"Expectation Failed"}'),
    431: ("application/json", '{"message":"Request Header Fields Too Large"}'),
    503: ("application/json", '{"message":"Service Unavailable"}'),
    505: ("application/json", '{"message":"HTTP Version Not Supported"}'),
}


_render_answer: Final = twin("yett.values.plain_heads", "render_answer")


class DateLine:
    """The Date line, made anew once a second.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1
    """

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def at(self, seconds: float) -> bytes:
        """The line for a moment in seconds since the epoch."""
        second = int(seconds)
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._line


_date_line: Final = DateLine()


def render_head(response: HttpResponse, *, is_head: bool, keep_alive: bool, is_chunked: bool = False) -> bytes:
    """The bytes before the body: status line, the handler's lines in their order, then the edge's.

    A Content-Length of the handler's is kept where the body is absent by rule (HEAD, 304): it tells what a GET has.
    A stream of unknown length is chunked, or ends with its connection.

    Raises:
        ValueError: The status is none, or a line cannot be put on the wire as it is.
    """
    status = response.status
    lines = response.headers.lines
    told_length = None
    for name, _ in lines:
        if name.lower() in FRAMING_NAMES:
            if is_head or status == 304:
                told_length = response.headers.get("content-length")
            lines = tuple(line for line in lines if line[0].lower() not in FRAMING_NAMES)
            break
    if status in _BODILESS:
        length = f"Content-Length: {told_length}\r\n" if status == 304 and _is_length(told_length) else ""
    elif is_head and not response.body and _is_length(told_length):
        length = f"Content-Length: {told_length}\r\n"
    elif response.stream is None:
        length = f"Content-Length: {len(response.body)}\r\n"
    elif response.stream.length is not None:
        length = f"Content-Length: {response.stream.length}\r\n"
    else:
        length = "Transfer-Encoding: chunked\r\n" if is_chunked else ""
    connection = "Connection: keep-alive\r\n\r\n" if keep_alive else "Connection: close\r\n\r\n"
    return b"".join(
        (_status_line(status), render_header_lines(lines), _date_line.at(time()), (length + connection).encode())
    )


def render(response: HttpResponse, *, is_head: bool, keep_alive: bool) -> bytes | tuple[bytes, bytes]:
    """A whole answer; head and body apart, where joining them would copy much.

    Raises:
        ValueError: As ``render_head``.
    """
    plain = None if is_head else _render_plainly(response, keep_alive=keep_alive)
    if plain is not None:
        return plain
    head = render_head(response, is_head=is_head, keep_alive=keep_alive)
    body = response.body if has_body(response.status, is_head=is_head) else b""
    return (head, body) if len(body) > _JOINED_BYTES else head + body


def _render_plainly(response: HttpResponse, *, keep_alive: bool) -> bytes | None:
    """Head and body of an answer to anything but HEAD, where nothing of it is unusual."""
    line = _STATUS_LINES.get(response.status)
    if line is None or response.status in _BODILESS or response.stream is not None:
        return None
    rendered: bytes | None = _render_answer(
        line, response.headers.lines, _date_line.at(time()), response.body, keep_alive
    )
    return rendered


def has_body(status: int, *, is_head: bool) -> bool:
    """Whether bytes may follow the head of this answer."""
    return not is_head and status not in _BODILESS


def refusal_response(refused: RequestRefused, request_id: str) -> HttpResponse:
    """What a client reads whose request no front door has seen."""
    if isinstance(refused, OperationTooLarge):
        return _operation_too_large(refused, request_id)
    content_type, text = _REFUSALS[refused.status]
    lines = [("Content-Type", content_type), ("x-amzn-RequestId", request_id)]
    if refused.status == HTTPStatus.FORBIDDEN:
        lines.append(("x-amzn-ErrorType", "ForbiddenException"))  # as for a host name that API Gateway does not know
    return HttpResponse(status=int(refused.status), headers=Headers.of(lines), body=text.encode())


def failure_response(request_id: str) -> HttpResponse:
    """What a client reads when we failed: nothing of what happened but the id it is logged under."""
    lines = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", "InternalServerErrorException"),
    ]
    return HttpResponse(status=500, headers=Headers.of(lines), body=b'{"message":"Internal server error"}')


def _operation_too_large(refused: OperationTooLarge, request_id: str) -> HttpResponse:
    # OBSERVED: Lambda's words for a zip that is too large; it names the operation, which no head tells.
    lines = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", "RequestEntityTooLargeException"),
    ]
    text = f'{{"message":"Request must be smaller than {refused.bound_bytes} bytes"}}'
    return HttpResponse(status=int(refused.status), headers=Headers.of(lines), body=text.encode())


def _status_line(status: int) -> bytes:
    line = _STATUS_LINES.get(status)
    if line is None:
        if not 200 <= status <= 999:
            raise ValueError("not a final status")
        line = f"HTTP/1.1 {status} \r\n".encode()
    return line


def _is_length(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdigit()

"""Where a request begins and ends on the wire: raw bytes in, a head or a body out, or a refusal.

llhttp parses; the checks here come before and after it, since it forgives what a gateway must not (RFC 9112 leaves
much to the recipient, and two recipients that choose differently see two different requests):

- before: bytes that no head may hold, line ends that are not CRLF, folded lines, anything but two spaces in the request
  line, a version other than HTTP/1.0 or HTTP/1.1, the bounds;
- after: transfer codings other than exactly ``chunked`` (in HTTP/1.0 none), repeated Content-Length even if equal, more
  or fewer than one Host, a target whose authority is not the Host's.

An offer to upgrade is declined by answering in HTTP/1.1, as RFC 9110 section 7.8 permits: Java's HttpClient makes one
with every cleartext request. CONNECT is refused.

Source: https://www.rfc-editor.org/rfc/rfc9112 (sections 2.2, 3, 5 and 6)
"""

import re
from http import HTTPStatus
from typing import Final

import httptools
from msgspec import Struct

from yett.compiled import twin
from yett.server.limits import (
    LINE_OVERHEAD_BYTES,
    MAX_CHUNK_OVERHEAD_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADER_COUNT,
    MAX_METHOD_BYTES,
    MAX_TARGET_BYTES,
)
from yett.values.errors import Refusal
from yett.values.header_lines import connection_options

HEAD_END: Final = b"\r\n\r\n"
MAX_HEAD_BYTES: Final = (
    MAX_METHOD_BYTES + MAX_TARGET_BYTES + 16 + MAX_HEADER_BYTES + LINE_OVERHEAD_BYTES * MAX_HEADER_COUNT
)

_TEXT_BYTES: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_EMPTY_LINES: Final = re.compile(rb"(?:\r\n)+")
_VERSIONS: Final = {b" HTTP/1.1": "HTTP/1.1", b" HTTP/1.0": "HTTP/1.0"}
_CHUNKED_PREFACE: Final = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class RequestRefused(Refusal):
    """The edge answers in every front door's place, and closes the connection."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Head(Struct, frozen=True):
    """A request's head, sound by every rule above. ``content_length`` is None for a chunked body."""

    method: str
    target: str  # origin form, or "*"
    path: str  # the target up to "?"
    query: str  # after it
    lines: tuple[tuple[str, str], ...]
    # Of a plain head: the first value of each name in lower case. There is no line that only we may write.
    index: dict[str, str] | None
    host_value: str  # the Host line's value, not yet looked up in the allow-list
    content_length: int | None
    protocol: str = "HTTP/1.1"
    keep_alive: bool = True
    expects_continue: bool = False


# What is plain it reads as `HeadParser.parse` does, at a tenth of the cost: its size in bytes, and Head's first fields.
_read_request_head: Final = twin("yett.values.plain_heads", "read_request_head")


class HeadParser:
    """Reads heads, one after the other, with one llhttp parser; a head with a body to follow costs a new one."""

    __slots__ = ("_lines", "_parser", "_url")

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self._url = b""
        self._parser: httptools.HttpRequestParser | None = None

    def on_url(self, url: bytes) -> None:
        """Called by llhttp."""
        self._url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp."""
        self._lines.append((name.decode("latin-1"), value.decode("latin-1")))

    def read(self, data: bytes) -> tuple[Head | None, bytes]:
        """Read the head that *data* begins with.

        Returns:
            The head, and the bytes after it; or None, and what has come of it, where not all has.

        Raises:
            RequestRefused: As ``parse``.
        """
        plain = _read_request_head(data)
        if plain is not None:
            size = plain[0]
            return Head(*plain[1:]), data[size:] if len(data) != size else b""
        if data.startswith(b"\r\n"):
            # Source: https://www.rfc-editor.org/rfc/rfc9112#section-2.2 (ignore an empty line before a request)
            data = _EMPTY_LINES.sub(b"", data, 1)
        end = data.find(HEAD_END)
        if end < 0:
            check_partial_head(data)
            return None, data
        size = end + len(HEAD_END)
        return self.parse(data[:size]), data[size:]

    def parse(self, raw: bytes) -> Head:
        """Read a whole head, from its first byte to the empty line that ends it.

        Raises:
            RequestRefused: 400, 405, 414, 417 or 431; the connection is of no further use.
        """
        protocol = check_raw_head(raw)
        parser = self._parser
        if parser is None:
            parser = self._parser = httptools.HttpRequestParser(self)
        self._lines = []
        try:
            parser.feed_data(raw)
        except httptools.HttpParserUpgrade:
            self._parser = None
        except httptools.HttpParserError as error:
            raise RequestRefused(HTTPStatus.BAD_REQUEST, str(error)) from None
        lines = tuple(self._lines)
        if b" \r\n" in raw or b"\t\r\n" in raw:  # llhttp leaves the white space after a value, which is no part of it
            lines = tuple((name, value.rstrip(" \t")) for name, value in lines)
        head = _understand(parser.get_method().decode(), self._url, lines, protocol)
        if head.content_length != 0 or not head.keep_alive:
            self._parser = None  # it waits for the body, which is not its to read
        return head


def check_partial_head(raw: bytes) -> None:
    """Refuse early what no further byte can mend.

    Raises:
        RequestRefused: 400, 414 or 431.
    """
    if len(raw) > MAX_HEAD_BYTES:
        line_end = raw.find(b"\r\n")
        too_long_line = line_end < 0 or line_end > MAX_TARGET_BYTES
        raise RequestRefused(
            HTTPStatus.REQUEST_URI_TOO_LONG if too_long_line else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the head exceeds its bound",
        )
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "a line ends with a bare LF")


def check_raw_head(raw: bytes) -> str:
    """Check a whole head's raw bytes, in a few passes at C speed.

    Returns:
        The protocol, HTTP/1.0 or HTTP/1.1.

    Raises:
        RequestRefused: 400, 414, 431 or 505.
    """
    line_end = raw.find(b"\r\n")
    line_ends = raw.translate(None, _TEXT_BYTES)  # one pass: every byte that is not text must be part of a CRLF
    lines = len(line_ends) // 2
    if line_ends != b"\r\n" * lines or raw.count(b"\r\n") != lines:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "the head holds a control character, a bare CR or a bare LF")
    if b"\n " in raw or b"\n\t" in raw:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "a header line is folded")
    if line_end > MAX_METHOD_BYTES + MAX_TARGET_BYTES:
        raise RequestRefused(HTTPStatus.REQUEST_URI_TOO_LONG, "the request line exceeds its bound")
    count = lines - 2
    if count > MAX_HEADER_COUNT or len(raw) - line_end - 4 - LINE_OVERHEAD_BYTES * count > MAX_HEADER_BYTES:
        raise RequestRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the header lines exceed their bounds")
    if raw.count(b" ", 0, line_end) != 2:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "the request line has not three parts")
    protocol = _VERSIONS.get(raw[line_end - 9 : line_end])
    if protocol is None:
        raise RequestRefused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "the version is neither HTTP/1.0 nor HTTP/1.1")
    return protocol


def _understand(method: str, url: bytes, lines: tuple[tuple[str, str], ...], protocol: str) -> Head:
    names = [name.lower() for name, _ in lines]
    if names.count("host") != 1:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "not exactly one Host line")
    host_value = lines[names.index("host")][1]
    if method == "CONNECT":
        raise RequestRefused(HTTPStatus.METHOD_NOT_ALLOWED, "CONNECT is for proxies")
    content_length = _body_length(names, lines, protocol)
    keep_alive = protocol == "HTTP/1.1"
    if "connection" in names:
        options = connection_options(",".join(_values("connection", names, lines)))
        keep_alive = "close" not in options and (keep_alive or "keep-alive" in options)
    expects_continue = False
    if "expect" in names and protocol == "HTTP/1.1":
        if [value.lower() for value in _values("expect", names, lines)] != ["100-continue"]:
            raise RequestRefused(HTTPStatus.EXPECTATION_FAILED, "an expectation that nobody here meets")
        expects_continue = True
    target = _origin_form(method, url, host_value)
    path, _, query = target.partition("?")
    return Head(
        method=method,
        target=target,
        path=path,
        query=query,
        lines=lines,
        index=None,
        protocol=protocol,
        host_value=host_value,
        content_length=content_length,
        keep_alive=keep_alive,
        expects_continue=expects_continue,
    )


def _values(name: str, names: list[str], lines: tuple[tuple[str, str], ...]) -> list[str]:
    return [line[1] for line_name, line in zip(names, lines, strict=True) if line_name == name]


def _body_length(names: list[str], lines: tuple[tuple[str, str], ...], protocol: str) -> int | None:
    if "transfer-encoding" in names:
        codings = _values("transfer-encoding", names, lines)
        if len(codings) != 1 or codings[0].lower() != "chunked" or "content-length" in names or protocol != "HTTP/1.1":
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "the body's framing is ambiguous")
        return None
    if "content-length" not in names:
        return 0
    lengths = _values("content-length", names, lines)
    if len(lengths) != 1 or not lengths[0].isascii() or not lengths[0].isdigit() or len(lengths[0]) > 19:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "the Content-Length is no length, or not the only one")
    return int(lengths[0])


def _origin_form(method: str, url: bytes, host_value: str) -> str:
    if len(url) > MAX_TARGET_BYTES:
        raise RequestRefused(HTTPStatus.REQUEST_URI_TOO_LONG, "the target exceeds its bound")
    if not url.isascii() or b"#" in url or b"\t" in url:  # ``check_raw_head`` found no other byte that is no target's
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "the target holds a byte that a URL cannot")
    target = url.decode("ascii")
    if target.startswith("/"):
        return target
    if target == "*" and method == "OPTIONS":
        return target
    scheme, separator, rest = target.partition("://")
    if separator and scheme.lower() in {"http", "https"}:
        cut = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
        if rest[:cut].lower() == host_value.lower():
            path = rest[cut:]
            return path if path.startswith("/") else "/" + path
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "the target's authority is not the Host's")
    raise RequestRefused(HTTPStatus.BAD_REQUEST, "the target is in no form that a server answers")


class ChunkedBody:
    """Decodes one chunked body; chunk extensions and trailers are dropped.

    llhttp does not say where in its input a message ended. But a chunked message can only end with an empty line, so it
    is fed up to one at a time; when it reports the end, what is left over is the next request, byte for byte.
    """

    __slots__ = ("_data", "_is_complete", "_overhead_bytes", "_parser", "_tail")

    def __init__(self) -> None:
        self._data = bytearray()  # one buffer: a list of one-byte pieces would cost many times their size
        self._is_complete = False
        self._overhead_bytes = 0
        self._tail = b""  # the last bytes fed: an empty line may lie across two reads
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(_CHUNKED_PREFACE)

    def on_body(self, piece: bytes) -> None:
        """Called by llhttp."""
        self._data += piece

    @property
    def received_bytes(self) -> int:
        """How much data has come, without its coding."""
        return len(self._data)

    def on_message_complete(self) -> None:
        """Called by llhttp."""
        self._is_complete = True

    def feed(self, data: bytes) -> bytes | None:
        """Take what was read.

        Returns:
            None while the body goes on; when it ended, the bytes that follow it.

        Raises:
            RequestRefused: 400, the coding is broken, or hides too much between two bytes of data.
        """
        start, fed = 0, len(self._tail)
        view = self._tail + data
        while not self._is_complete:
            at = view.find(HEAD_END, start)
            end = len(view) if at < 0 else at + 4
            if end > fed:
                self._feed_parser(view[fed:end])
                fed = end
            if at < 0:
                break
            start = at + 1
        if self._is_complete:
            return view[fed:]
        self._tail = view[-3:]
        return None

    def body(self) -> bytes:
        """The whole body, once ``feed`` has said that it ended."""
        return bytes(self._data)

    def _feed_parser(self, data: bytes) -> None:
        before = len(self._data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise RequestRefused(HTTPStatus.BAD_REQUEST, str(error)) from None
        self._overhead_bytes = self._overhead_bytes + len(data) if len(self._data) == before else 0
        if self._overhead_bytes > MAX_CHUNK_OVERHEAD_BYTES:
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "a chunk's size line or the trailers exceed their bound")

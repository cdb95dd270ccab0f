"""One connection to a backend: one request in flight, and no reuse after anything unexpected.

An answer is collected, or, where the request permits it and the answer is long or of unknown length, handed on as it
comes: decided once, when the bytes that ended its head have been read. An answer that came with them is collected.
"""

import asyncio
from functools import lru_cache
from math import inf
from typing import Final, Protocol, cast

import httptools

from yett.adapters.upstream.body import UpstreamBody
from yett.adapters.upstream.limits import (
    MAX_RESPONSE_BODY_BYTES,
    MAX_RESPONSE_HEAD_BYTES,
    STREAM_IDLE_TIMEOUT_SECONDS,
    STREAM_TIMEOUT_SECONDS,
    UNREAD_TIMEOUT_SECONDS,
)
from yett.compiled import twin
from yett.outgoing import Outgoing, Outlet
from yett.ports.upstream import (
    UpstreamFailed,
    UpstreamResponse,
    UpstreamTimedOut,
    UpstreamTooLarge,
    UpstreamUnreachable,
)
from yett.values.header_lines import connection_options
from yett.values.http import Headers

# Lines about the connection rather than the answer; those that a Connection line names go too.
# Source: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_DROPPED: Final = frozenset({"keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"})
# What frames or describes the answer, no Connection line can take away.
_NEVER_DROPPED: Final = frozenset({"connection", "content-length", "content-type"})
_STATUS_LINE_BYTES: Final = len("HTTP/1.1 100 \r\n\r\n")
_EMPTY_LINE: Final = b"\r\n\r\n"

Message = bytes | tuple[bytes, bytes]  # a request as it is written: whole, or head and body

_read_answer: Final = twin("yett.values.plain_heads", "read_answer")


class ConnectionLost(UpstreamUnreachable):
    """The connection ended before the first byte of an answer: perhaps the backend never saw the request."""


class NeverSent(ConnectionLost):
    """The connection ended before the request left: certainly the backend never saw it."""


class Owner(Protocol):
    """Who keeps connections: the pool."""

    loop: asyncio.AbstractEventLoop
    outgoing: Outgoing

    def forget(self, connection: "UpstreamConnection") -> None:
        """The connection is closed."""
        ...

    def keep(self, connection: "UpstreamConnection") -> None:
        """The connection's answer has ended, and it may serve others."""
        ...


class UpstreamConnection(asyncio.Protocol):
    """Sends one request at a time and collects its answer."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_has_answer_begun",
        "_head_bytes",
        "_is_chunked",
        "_is_complete",
        "_is_head",
        "_is_head_complete",
        "_is_paused",
        "_is_soiled",
        "_last_piece",
        "_length",
        "_lines",
        "_loop",
        "_names",
        "_outlet",
        "_owner",
        "_parser",
        "_reads_until_close",
        "_silent_bytes",
        "_status",
        "_stream",
        "_stream_deadline",
        "_streams_above_bytes",
        "_transport",
        "_waiter",
        "deadline",
        "is_usable",
        "served",
    )

    _body: bytearray  # what of it is not handed on
    _body_bytes: int  # all of it that came
    _head_bytes: int  # of the answer's lines, interim ones too
    _has_answer_begun: bool
    _is_chunked: bool
    _is_complete: bool
    _is_head: bool
    _is_head_complete: bool
    _last_piece: bytes  # of a body with a Content-Length: what the last bytes read must end with
    _length: int | None  # the Content-Length
    _lines: list[tuple[str, str]]
    _outlet: Outlet
    _names: list[str]  # of the lines, in lower case
    _reads_until_close: bool
    _silent_bytes: int  # received since the last byte of head or body: chunk sizes, extensions, trailers
    _status: int
    _stream_deadline: float
    _streams_above_bytes: int | None

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._loop = owner.loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[UpstreamResponse] | None = None
        self.deadline = inf  # of the exchange, or of the idle wait; by the event loop's clock
        self.is_usable = False  # open, and nothing in flight or left over
        self.served = 0  # answers received
        self._stream: UpstreamBody | None = None  # the answer's body, while it is handed on
        self._is_paused = False
        self._is_soiled = False  # a byte came that belongs to no answer, or the framing leaves doubt
        self._is_head = False
        self._has_answer_begun = False
        self._parser = httptools.HttpResponseParser(self)

    # The pool's calls

    def exchange(
        self, message: Message, *, is_head: bool, deadline: float, streams_above_bytes: int | None
    ) -> asyncio.Future[UpstreamResponse]:
        """Send a request; the future has the answer, or the failure."""
        self._is_head = is_head
        self._has_answer_begun = False
        self._streams_above_bytes = streams_above_bytes
        self.is_usable = False
        self.deadline = deadline
        waiter = self._waiter = self._loop.create_future()
        if isinstance(message, bytes):
            self._outlet.keep(message)
        else:
            self._outlet.write(*message)
        return waiter

    def close(self) -> None:
        """Close at once; whoever waits is told."""
        self.is_usable = False
        self._reads_until_close = False  # the end that comes now is not the backend's
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The deadline passed."""
        self._fail(UpstreamTimedOut("the backend did not answer in time"))

    # The stream's calls

    def pause(self) -> None:
        """Read no more of the body for now."""
        transport = cast("asyncio.Transport", self._transport)
        if not self._is_paused and not transport.is_closing():
            self._is_paused = True
            transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._is_paused:
            self._is_paused = False
            self._extend()
            transport = cast("asyncio.Transport", self._transport)
            if not transport.is_closing():
                transport.resume_reading()

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._outlet = Outlet(self._transport, self._owner.outgoing)
        self.is_usable = True

    def data_received(self, data: bytes) -> None:
        if self._outlet.unsent or (self._waiter is None and self._stream is None):
            self.close()  # nobody asked: whatever it is, it must not become the next request's answer
            return
        if not self._has_answer_begun:
            plain = None if self._is_head else _read_answer(data)
            if plain is not None:
                self._finish_plainly(*plain)
                return
            self._begin_answer()
        known_bytes = self._head_bytes + self._body_bytes
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, _Bad, _TooLarge) as error:
            self._is_soiled = True
            if not self._is_complete:
                self._fail(_understand(error))
                return
        if self._is_complete:
            # llhttp skips empty lines before an answer, so it says nothing of one that is left over after this one.
            if not data.endswith(self._last_piece or _EMPTY_LINE) or data.endswith(b"\r\n\r\n\r\n"):
                self._is_soiled = True
            self._finish()
            return
        if self._head_bytes > MAX_RESPONSE_HEAD_BYTES:
            self._fail(UpstreamUnreachable("the head of the backend's answer exceeds its bound"))
            return
        grown = self._head_bytes + self._body_bytes > known_bytes
        self._silent_bytes = 0 if grown else self._silent_bytes + len(data)
        if self._silent_bytes > MAX_RESPONSE_HEAD_BYTES:
            self._fail(UpstreamUnreachable("a line of the backend's answer exceeds its bound"))
        elif self._streams_above_bytes is not None and self._is_head_complete:
            self._hand_on(self._streams_above_bytes, grown=grown)

    def eof_received(self) -> None:
        self.is_usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_usable = False
        if self._waiter is not None or self._stream is not None:
            if not self._has_answer_begun:
                lost = NeverSent if self._outlet.unsent else ConnectionLost
                self._fail(lost("the backend closed the connection"))
            elif self._is_head_complete and self._reads_until_close and exc is None:
                self._is_soiled = True
                self._finish()
            else:
                self._fail(UpstreamUnreachable("the backend's answer ended too early"))
        self._owner.forget(self)

    # llhttp's calls

    def on_message_begin(self) -> None:
        """Called by llhttp: for interim answers too, and for bytes after the answer."""
        if self._is_complete:
            self._is_soiled = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp: for trailers too, which are dropped."""
        if self._is_complete or self._is_head_complete:
            return
        self._head_bytes += len(name) + len(value) + 4
        self._lines.append((name.decode("latin-1"), value.decode("latin-1").rstrip(" \t")))

    def on_headers_complete(self) -> None:
        """Called by llhttp."""
        if self._is_complete:
            return
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise _Bad("it switches protocols unasked")
            self._lines = []
            self._head_bytes += _STATUS_LINE_BYTES  # interim answers come to an end, too
            return
        if self._head_bytes > MAX_RESPONSE_HEAD_BYTES:
            raise _Bad("its head exceeds its bound")
        self._status = status
        self._is_head_complete = True
        if not self._parser.should_keep_alive():  # llhttp knows only here: its flags are gone when the body has ended
            self._is_soiled = True
        self._check_framing(status)
        if self._is_head:
            # llhttp would wait for the body that a GET has; so this parser, and this connection, end here.
            self._is_soiled = True
            self._is_complete = True

    def on_body(self, piece: bytes) -> None:
        """Called by llhttp."""
        if self._is_complete:
            return
        self._body += piece
        self._body_bytes += len(piece)
        if not self._is_chunked:
            self._last_piece = piece
        if self._body_bytes > MAX_RESPONSE_BODY_BYTES:
            raise _TooLarge

    def on_message_complete(self) -> None:
        """Called by llhttp."""
        if self._is_head_complete:
            self._is_complete = True

    # Within

    def _begin_answer(self) -> None:
        """Get ready for an answer that is read piece by piece."""
        self._lines = []
        self._body = bytearray()
        self._body_bytes = 0
        self._length = None
        self._head_bytes = 0
        self._silent_bytes = 0
        self._has_answer_begun = True
        self._is_head_complete = False
        self._is_complete = False
        self._last_piece = b""

    def _check_framing(self, status: int) -> None:
        names = self._names = [name.lower() for name, _ in self._lines]
        if self._parser.get_http_version() not in {"1.1", "1.0"}:
            raise _Bad("its version is not HTTP/1.0 or HTTP/1.1")
        length_count = names.count("content-length")
        self._is_chunked = is_chunked = "transfer-encoding" in names
        if length_count > 1 or (length_count and is_chunked):
            raise _Bad("its framing is ambiguous")
        if is_chunked and (
            names.count("transfer-encoding") > 1
            or self._lines[names.index("transfer-encoding")][1].lower() != "chunked"
        ):
            raise _Bad("its transfer coding is not `chunked`")
        if length_count:
            length = self._lines[names.index("content-length")][1]
            if not (length.isascii() and length.isdigit()):
                raise _Bad("its Content-Length is no length")
            self._length = int(length)
            if self._length > MAX_RESPONSE_BODY_BYTES and not self._is_head and status != 304:
                raise _TooLarge
        self._reads_until_close = not length_count and not is_chunked and status not in {204, 304}

    def _hand_on(self, above_bytes: int, *, grown: bool) -> None:
        """Give what has come of a long body to whoever reads it; at first, the head to whoever waits for an answer."""
        stream = self._stream
        if stream is None:
            if self._length is not None and self._length <= above_bytes:
                return
            waiter, self._waiter = self._waiter, None
            if waiter is None or waiter.done():
                self.close()
                return
            stream = self._stream = UpstreamBody(self, self._loop, length=self._length)
            self._stream_deadline = self._loop.time() + STREAM_TIMEOUT_SECONDS
            headers, is_closing = self._relayed_headers()
            self._is_soiled = self._is_soiled or is_closing
            waiter.set_result(UpstreamResponse(status=self._status, headers=headers, body=b"", stream=stream))
            self._extend()
        elif grown:
            self._extend()
        if self._body:
            piece, self._body = self._body, bytearray()
            stream.feed(piece)
            if self._is_paused:
                self._extend()

    def _extend(self) -> None:
        """Wait on: for the backend, or while it is paused for the reader."""
        patience = UNREAD_TIMEOUT_SECONDS if self._is_paused else STREAM_IDLE_TIMEOUT_SECONDS
        self.deadline = min(self._stream_deadline, self._loop.time() + patience)

    def _relayed_headers(self) -> tuple[Headers, bool]:
        """The lines of the answer that are not about this connection; whether it is to be closed."""
        names, lines = self._names, self._lines
        dropped, is_closing = _DROPPED, False
        if "connection" in names:
            values = [value for name, (_, value) in zip(names, lines, strict=True) if name == "connection"]
            dropped, is_closing = _read_connection_lines(",".join(values))
        if not dropped.isdisjoint(names):
            lines = [line for name, line in zip(names, lines, strict=True) if name not in dropped]
        return Headers.of(lines), is_closing

    def _finish_plainly(
        self, status: int, lines: tuple[tuple[str, str], ...], index: dict[str, str], body: bytes
    ) -> None:
        """The whole answer has come at once, and nothing of it is unusual."""
        waiter, self._waiter = self._waiter, None
        self._release(is_closing=False)
        if waiter is not None and not waiter.done():
            waiter.set_result(UpstreamResponse(status=status, headers=Headers(lines, index), body=body))

    def _release(self, *, is_closing: bool) -> None:
        """Be there for others, if nothing speaks against it."""
        self.served += 1
        transport = cast("asyncio.Transport", self._transport)
        if self._is_soiled or is_closing or transport.is_closing() or transport.get_write_buffer_size() != 0:
            self.close()
        else:
            self.is_usable = True
            self._owner.keep(self)

    def _finish(self) -> None:
        waiter, self._waiter = self._waiter, None
        stream, self._stream = self._stream, None
        headers, is_closing = self._relayed_headers()
        if stream is not None:
            stream.end(self._body)
            self._body = bytearray()
            self.resume()
        self._release(is_closing=is_closing)
        if stream is None and waiter is not None and not waiter.done():
            waiter.set_result(UpstreamResponse(status=self._status, headers=headers, body=bytes(self._body)))

    def _fail(self, failure: UpstreamFailed) -> None:
        waiter, self._waiter = self._waiter, None
        stream, self._stream = self._stream, None
        self.close()
        if stream is not None:
            stream.fail(failure)
        if waiter is not None and not waiter.done():
            waiter.set_exception(failure)


@lru_cache(maxsize=64)  # nearly every line says `keep-alive` or `close`
def _read_connection_lines(value: str) -> tuple[frozenset[str], bool]:
    """The names of the lines that are not relayed, and whether the connection is to be closed."""
    options = connection_options(value)
    return _DROPPED | (options - _NEVER_DROPPED), "close" in options


class _Bad(Exception):
    """The answer is not one that may be relayed."""


class _TooLarge(Exception):
    """The answer's body exceeds its bound."""


def _understand(error: Exception) -> UpstreamFailed:
    """What stopped the parser; llhttp wraps what its callbacks raise."""
    reason = error.__context__ if isinstance(error.__context__, _Bad | _TooLarge) else error
    if isinstance(reason, _TooLarge):
        return UpstreamTooLarge("the body of the backend's answer exceeds its bound")
    return UpstreamUnreachable(f"the backend's answer is not sound HTTP: {reason}")

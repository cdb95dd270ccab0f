"""One HTTP/1.1 connection: reads a request, has it answered, writes the answer, and so on until one side closes.

One request is in hand at a time. What the client sends ahead stays unparsed, and beyond a bound unread, until its turn,
so pipelined answers keep their order without a queue. Deadlines are attributes that the listener's one sweep looks at.

A client that goes away cancels nothing: its handler runs to the end and the answer is dropped, as on AWS, where the
integration, and what it caches, meters and charges, goes on: its place is free only then. But a body on its way is
stopped; and one that breaks off takes the connection with it.
"""

import asyncio
import enum
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address
from math import inf
from typing import Any, Final, cast

import structlog

from yett.outgoing import Outlet
from yett.server.answering import Answering
from yett.server.body_bounds import check_length
from yett.server.edge import Client, parse_address, resolve_client, strip_own_headers
from yett.server.framing import ChunkedBody, Head, HeadParser, RequestRefused
from yett.server.limits import MAX_LINGER_BYTES, MAX_PIPELINED_BYTES
from yett.server.responses import CONTINUE, failure_response, has_body, refusal_response, render, render_head
from yett.server.shared import Holding, Shared
from yett.server.streaming import Relay, cut
from yett.values.http import BodyStream, Headers, HttpRequest, HttpResponse

_log = structlog.get_logger(__name__)

_UNKNOWN_PEER: Final = IPv4Address(0)  # no address binds here; a peer without one matches no range


class _State(enum.Enum):
    HEAD = enum.auto()  # between requests, or within a head
    FIXED_BODY = enum.auto()
    CHUNKED_BODY = enum.auto()
    ANSWERING = enum.auto()
    LINGERING = enum.auto()  # refused; what still comes is thrown away
    CLOSED = enum.auto()


HEAD, FIXED_BODY, CHUNKED_BODY = _State.HEAD, _State.FIXED_BODY, _State.CHUNKED_BODY
ANSWERING, LINGERING, CLOSED = _State.ANSWERING, _State.LINGERING, _State.CLOSED


class GatewayProtocol(asyncio.Protocol):
    """Speaks HTTP/1.1 with one client on behalf of a handler."""

    __slots__ = (
        "_answering",
        "_body",
        "_chunked",
        "_client",
        "_deadline",
        "_has_begun",
        "_head",
        "_holding",
        "_host",
        "_is_paused",
        "_is_write_paused",
        "_linger_bytes",
        "_loop",
        "_outlet",
        "_parser",
        "_peer",
        "_peer_is_done",
        "_relay",
        "_shared",
        "_state",
        "_transport",
        "_unread",
        "_unwritten_bytes",
        "_write_deadline",
    )

    _transport: asyncio.Transport
    _outlet: Outlet
    _head: Head
    _chunked: ChunkedBody

    def __init__(self, shared: Shared, loop: asyncio.AbstractEventLoop) -> None:
        self._shared = shared
        self._loop = loop
        self._state = HEAD
        self._parser = HeadParser()
        self._unread = b""
        self._body = bytearray()
        self._host = ""
        self._has_begun = False  # a byte of the next head has come
        self._holding = Holding(shared)  # for the body
        self._unwritten_bytes = 0  # of the budget, for an answer that the client does not take
        self._linger_bytes = 0
        self._is_paused = self._is_write_paused = False
        self._peer_is_done = False
        self._deadline = loop.time() + shared.limits.header_timeout_seconds
        self._write_deadline = inf
        self._answering: Answering | None = None
        self._relay: Relay | None = None  # while the body of an answer is on its way
        self._peer: IPv4Address | IPv6Address = _UNKNOWN_PEER
        self._client: Client | None = None

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._outlet = Outlet(self._transport, self._shared.outgoing)
        peer_name: Any = transport.get_extra_info("peername")
        if isinstance(peer_name, tuple) and peer_name:
            self._peer = parse_address(str(peer_name[0])) or _UNKNOWN_PEER
        if not self._shared.edge.trusted_proxies:
            self._client = Client(str(self._peer), self._shared.scheme)
        if not self._shared.admit(self):
            self._state = CLOSED
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._state = CLOSED
        self._shared.budget.release(self._unwritten_bytes)
        self._unwritten_bytes = 0
        self._deadline = self._write_deadline = inf
        self._unread = b""
        if self._answering is None:
            self._release()
            self._shared.forget(self)
        elif self._relay is not None:
            self._relay.stop()

    def data_received(self, data: bytes) -> None:
        state = self._state
        if state is HEAD or state is FIXED_BODY or state is CHUNKED_BODY:
            self._advance(data)
        elif state is ANSWERING:
            self._unread += data
            if len(self._unread) > MAX_PIPELINED_BYTES and not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
        elif state is LINGERING:
            self._linger_bytes += len(data)
            if self._linger_bytes > MAX_LINGER_BYTES:
                self._transport.abort()

    def eof_received(self) -> bool:
        self._peer_is_done = True
        self._outlet.write()
        # A client may half-close and wait for answers, but not for a body without a foreseeable end; over TLS, never.
        if self._relay is not None and self._relay.length is None:
            return False
        has_more = self._state is ANSWERING or (bool(self._unread) and not self._has_begun)
        return self._shared.scheme == "http" and (has_more or self._is_write_paused)

    def pause_writing(self) -> None:
        self._is_write_paused = True
        self._write_deadline = self._loop.time() + self._shared.limits.write_timeout_seconds
        if self._relay is not None:
            self._relay.pause()
        size = self._transport.get_write_buffer_size()
        if self._shared.budget.reserve(size):
            self._unwritten_bytes += size
        else:
            self._transport.abort()

    def resume_writing(self) -> None:
        self._is_write_paused = False
        self._write_deadline = inf
        self._shared.budget.release(self._unwritten_bytes)
        self._unwritten_bytes = 0
        if self._state is HEAD:
            self._read_on()
        elif self._relay is not None:
            self._relay.resume()

    # The listener's calls

    def close_if_overdue(self, now: float) -> None:
        """Act on a deadline that passed."""
        if now >= self._write_deadline:
            self._transport.abort()
        elif now >= self._deadline:
            if self._state is LINGERING:
                self._transport.abort()
            elif self._state is HEAD and not self._has_begun:
                self._close()
            else:
                self._refuse(RequestRefused(HTTPStatus.REQUEST_TIMEOUT, "the request was not there in time"))

    def close_when_idle(self) -> None:
        """Close now, or after the request in hand is answered."""
        if self._state is HEAD and not self._has_begun:
            self._close()

    def abort(self) -> None:
        """Close now, and cancel the request in hand."""
        if self._state is not CLOSED:
            self._transport.abort()
        if self._answering is not None:
            self._answering.cancel()

    # Reading

    def _advance(self, data: bytes) -> None:
        if self._unread:
            data = self._unread + data
            self._unread = b""
        try:
            if self._state is HEAD:
                self._read_head(data)
            else:
                self._read_body(data)
        except RequestRefused as refused:
            self._refuse(refused)

    def _read_head(self, data: bytes) -> None:
        if self._is_write_paused:
            self._unread = data  # no further answer before the last one is taken
            if not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
            return
        head, rest = self._parser.read(data)
        if head is None:
            self._keep_partial_head(rest)
            return
        host = self._shared.find_host(head.host_value)
        if host is None:
            raise RequestRefused(HTTPStatus.FORBIDDEN, "a host that is not served here")
        self._head = head
        self._host = host
        if head.content_length == 0:
            self._unread = rest
            self._answer(b"")
        else:
            self._begin_body(head, rest)

    def _keep_partial_head(self, data: bytes) -> None:
        self._unread = data
        if self._peer_is_done:
            self._close()
        elif data and not self._has_begun:
            self._has_begun = True
            self._deadline = self._loop.time() + self._shared.limits.header_timeout_seconds

    def _begin_body(self, head: Head, data: bytes) -> None:
        limits = self._shared.limits
        if head.content_length is None:
            self._chunked = ChunkedBody()
            self._state = CHUNKED_BODY
        else:
            check_length(head.content_length, head, self._host, limits)
            if head.content_length > limits.body_bytes:
                self._holding.take_large(head.content_length)
            self._state = FIXED_BODY
        self._deadline = self._loop.time() + limits.body_timeout_seconds
        if data:
            self._read_body(data)
        elif head.expects_continue:
            self._outlet.write(CONTINUE)

    def _read_body(self, data: bytes) -> None:
        if self._state is CHUNKED_BODY:
            self._read_chunked_body(data)
            return
        length = cast("int", self._head.content_length)
        missing = length - len(self._body)
        piece = data if len(data) <= missing else data[:missing]
        self._holding.take(len(piece))
        if len(piece) == length:
            body = piece
        else:
            self._body += piece
            if len(self._body) < length:
                return
            body = bytes(self._body)
            self._body = bytearray()
        self._unread = data[missing:]
        self._answer(body)

    def _read_chunked_body(self, data: bytes) -> None:
        chunked = self._chunked
        before = chunked.received_bytes
        rest = chunked.feed(data)
        received = chunked.received_bytes
        check_length(received, self._head, self._host, self._shared.limits)
        self._holding.take(received - before)
        if rest is not None:
            self._unread = rest
            del self._chunked
            self._answer(chunked.body())

    def _release(self) -> None:
        if self._holding.is_any:
            self._holding.release()
        if self._body:
            self._body = bytearray()

    # Answering

    def _answer(self, body: bytes) -> None:
        head, shared = self._head, self._shared
        self._state = ANSWERING
        self._deadline = inf
        client = self._client or resolve_client(self._peer, head.lines, edge=shared.edge, scheme=shared.scheme)
        request = HttpRequest(
            method=head.method,
            target=head.target,
            path=head.path,
            query=head.query,
            headers=Headers(strip_own_headers(head.lines) if head.index is None else head.lines, head.index),
            body=body,
            host=self._host,
            source_ip=client.source_ip,
            scheme=client.scheme,
            vpc_origin=client.vpc_origin,
            protocol=head.protocol,
            request_id=shared.request_ids.take(),
            received_at=datetime.now(UTC),
        )
        self._answering = Answering(self._handle(request), self._loop)
        self._answering.begin()

    async def _handle(self, request: HttpRequest) -> None:
        try:
            if request.target == "*":
                response = HttpResponse(status=200)  # OPTIONS *: the server is there
            else:
                response = await self._shared.handler(request)
        except Exception:  # noqa: BLE001 - the outermost front door: the client gets an id, we the traceback
            _log.exception("a request failed", request_id=request.request_id)
            response = failure_response(request.request_id)
        except BaseException:
            self._give_up()
            raise
        request_id = request.request_id
        if response.stream is not None:
            del request  # its body is not needed while the answer's is on its way
            await self._answer_as_it_comes(response, response.stream, request_id)
            return
        self._answering = None
        self._release()
        if self._state is CLOSED:
            self._shared.forget(self)
        else:
            self._respond(response, request_id)

    async def _answer_as_it_comes(self, response: HttpResponse, stream: BodyStream, request_id: str) -> None:
        self._release()
        is_head = self._head.method == "HEAD"
        is_chunked = stream.length is None and self._head.protocol == "HTTP/1.1"
        keep_alive = self._keeps_alive() and (is_chunked or stream.length is not None)
        try:
            if self._state is not CLOSED:
                self._relay = Relay(stream, self._transport, self._loop, is_paused=self._is_write_paused)
                head = render_head(response, is_head=is_head, keep_alive=keep_alive, is_chunked=is_chunked)
                self._outlet.write(head)
                if has_body(response.status, is_head=is_head):
                    await self._relay.run(is_chunked=is_chunked)
        except BaseException as error:
            if self._state is not CLOSED:
                _log.warning("an answer broke off", request_id=request_id, reason=str(error))
                cut(self._transport)
            self._give_up()
            if isinstance(error, Exception):
                return
            raise
        finally:
            self._relay = None
            stream.close()
        self._answering = None
        if self._state is CLOSED:
            self._shared.forget(self)
        else:
            self._go_on(keep_alive=keep_alive and not self._shared.is_closing)

    def _give_up(self) -> None:
        """The request in hand has no answer, or half of one: so its connection has no future."""
        self._answering = None
        self._release()
        if self._state is CLOSED:
            self._shared.forget(self)
        else:
            self._transport.abort()

    def _keeps_alive(self) -> bool:
        return self._head.keep_alive and not self._shared.is_closing and (not self._peer_is_done or bool(self._unread))

    def _respond(self, response: HttpResponse, request_id: str) -> None:
        keep_alive = self._keeps_alive()
        is_head = self._head.method == "HEAD"
        try:
            whole = render(response, is_head=is_head, keep_alive=keep_alive)
        except ValueError:
            _log.exception("an answer cannot be put on the wire", request_id=request_id)
            whole = render(failure_response(request_id), is_head=is_head, keep_alive=keep_alive)
        if isinstance(whole, bytes):
            self._outlet.keep(whole)
        else:
            self._outlet.write(*whole)
        self._go_on(keep_alive=keep_alive)

    def _go_on(self, *, keep_alive: bool) -> None:
        """Turn to the next request, or close."""
        if keep_alive:
            self._state = HEAD
            self._has_begun = False
            self._deadline = self._loop.time() + self._shared.limits.idle_timeout_seconds
            self._read_on()
        else:
            self._close()

    def _read_on(self) -> None:
        if self._is_write_paused:
            return
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        if self._unread:
            self._loop.call_soon(self._take_unread)  # not now: a client that pipelines must not dig ever deeper
        elif self._peer_is_done:
            self._close()

    def _take_unread(self) -> None:
        if self._state is HEAD and self._unread:
            self._advance(b"")

    # Closing

    def _refuse(self, refused: RequestRefused) -> None:
        """Answer, and read on a while: closing with bytes unread would reset the connection and lose the answer."""
        self._shared.refusals[refused.status] += 1
        self._release()
        self._unread = b""
        response = refusal_response(refused, self._shared.request_ids.take())
        self._outlet.write(render_head(response, is_head=False, keep_alive=False) + response.body)
        if self._peer_is_done:
            self._close()
            return
        self._state = LINGERING
        self._deadline = self._loop.time() + self._shared.limits.linger_seconds
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _close(self) -> None:
        """Close once what was written is taken; a client that does not take it is aborted by the sweep."""
        self._state = LINGERING
        self._deadline = self._loop.time() + self._shared.limits.write_timeout_seconds
        self._outlet.write()
        self._transport.close()

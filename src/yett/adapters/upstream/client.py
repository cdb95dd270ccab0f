"""Asks backends: connections kept per origin, addresses checked before use, one sweep for all deadlines."""

import asyncio
import re
import socket
import ssl
from typing import Final

from yett.adapters.upstream.addresses import Address, parse_literal, permits
from yett.adapters.upstream.connection import ConnectionLost, Message, NeverSent, UpstreamConnection
from yett.adapters.upstream.limits import (
    CONNECT_TIMEOUT_SECONDS,
    MAX_CONNECTIONS,
    MAX_ORIGINS,
    SWEEP_SECONDS,
)
from yett.adapters.upstream.pool import Origin, Pool
from yett.compiled import twin
from yett.ports.upstream import (
    UpstreamBadAddress,
    UpstreamRefused,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimedOut,
    UpstreamTlsFailed,
    UpstreamUnreachable,
)
from yett.values.header_lines import connection_options, is_token, render_header_lines
from yett.values.http import Headers

_TARGET: Final = re.compile(r"/[!-\"$-~]*|\*")

# Ours to write, or about a connection that is not this one; what a Connection line names goes too.
# Source: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_DROPPED: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Source: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_BODY_EXPECTED: Final = frozenset({"POST", "PUT", "PATCH"})  # Content-Length: 0 is said where there is none
_USUAL_METHODS: Final = _IDEMPOTENT | _BODY_EXPECTED
_JOINED_BYTES: Final = 64 * 1024  # above, head and body are written apart rather than copied together


class PooledUpstream:
    """Answers ``yett.ports.upstream.Upstream``."""

    def __init__(self, *, tls_context: ssl.SSLContext | None = None) -> None:
        """*tls_context* replaces the system's trust store, where an operator has another."""
        self._tls_context = tls_context
        self._unverified_context: ssl.SSLContext | None = None
        self._pools: dict[Origin, Pool] = {}
        self._connecting = 0
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send one request and wait for the answer, whole or as a stream; as the port says."""
        pool = self._pool_of(request)
        message = render_request(request, pool.authority)
        deadline = pool.loop.time() + request.timeout_seconds
        kept = pool.take()
        while True:
            connection = kept or await self._connect(pool, deadline=deadline)
            try:
                return await connection.exchange(
                    message,
                    is_head=request.method == "HEAD",
                    deadline=deadline,
                    streams_above_bytes=request.streams_above_bytes,
                )
            except NeverSent:
                if kept is None:
                    raise
                kept = None
            except ConnectionLost:
                # The backend closed an idle connection just then. Nothing of an answer came; but a request with a body,
                # or one that changes something each time, may have been acted on.
                if kept is None or request.body or request.method not in _IDEMPOTENT:
                    raise
                kept = None
            except asyncio.CancelledError:
                connection.close()
                raise

    async def close(self) -> None:
        """Close every connection; what waits for an answer gets ``UpstreamUnreachable``."""
        for connection in self._connections():
            connection.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def connection_count(self) -> int:
        """Connections that are open."""
        return sum(len(pool.connections) for pool in self._pools.values())

    # Connections

    def _connections(self) -> list[UpstreamConnection]:
        return [connection for pool in self._pools.values() for connection in pool.connections]

    def _pool_of(self, request: UpstreamRequest) -> Pool:
        origin = (
            request.scheme,
            request.host,
            request.port,
            request.network_rule,
            request.insecure_skip_verification,
        )
        pool = self._pools.get(origin)
        if pool is None:
            if len(self._pools) >= MAX_ORIGINS:
                self._pools = {each: kept for each, kept in self._pools.items() if kept.connections}
            pool = self._pools[origin] = Pool(origin, asyncio.get_running_loop())
        return pool

    async def _connect(self, pool: Pool, *, deadline: float) -> UpstreamConnection:
        is_full = self.connection_count + self._connecting >= MAX_CONNECTIONS
        if is_full and not any(each.give_way() for each in self._pools.values()):
            raise UpstreamUnreachable("too many connections to backends")
        self._connecting += 1
        try:
            async with asyncio.timeout_at(deadline):
                connection = await self._connect_to_permitted(pool)
        except TimeoutError:
            raise UpstreamTimedOut("no connection to the backend in time") from None
        finally:
            self._connecting -= 1
        pool.connections.add(connection)
        self._pools[pool.origin] = pool  # which may have been forgotten while it had no connection
        if self._timer is None:
            self._timer = pool.loop.call_later(SWEEP_SECONDS, self._sweep, pool.loop)
        return connection

    async def _connect_to_permitted(self, pool: Pool) -> UpstreamConnection:
        loop = pool.loop
        scheme, host, port, rule, insecure = pool.origin
        addresses = await resolve(host, port, loop)
        permitted = [address for address in addresses if permits(rule, address)]
        if not permitted:
            raise UpstreamRefused("the network rule permits no address of this host")
        context = self._context(insecure) if scheme == "https" else None
        last = len(permitted) - 1
        for at, address in enumerate(permitted):
            try:
                async with asyncio.timeout(None if at == last else CONNECT_TIMEOUT_SECONDS):
                    _, connection = await loop.create_connection(
                        lambda: UpstreamConnection(pool),
                        str(address),
                        port,
                        ssl=context,
                        server_hostname=host.rstrip(".") if context is not None else None,
                    )
                return connection
            except (ssl.SSLError, ssl.CertificateError) as error:
                raise UpstreamTlsFailed(f"the TLS handshake failed: {error}") from None
            except (OSError, TimeoutError) as error:
                failure = error
            if at == last:
                if isinstance(failure, TimeoutError):
                    raise failure
                raise UpstreamUnreachable(f"no connection to the backend: {failure}")
        raise AssertionError("there is a last address")

    def _context(self, insecure: bool) -> ssl.SSLContext:
        if insecure:
            if self._unverified_context is None:
                self._unverified_context = ssl.create_default_context()
                self._unverified_context.check_hostname = False
                self._unverified_context.verify_mode = ssl.CERT_NONE
            return self._unverified_context
        if self._tls_context is None:
            self._tls_context = ssl.create_default_context()
        return self._tls_context

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        connections = self._connections()
        for connection in connections:
            if now >= connection.deadline:
                connection.expire()
        self._timer = loop.call_later(SWEEP_SECONDS, self._sweep, loop) if connections else None


async def resolve(host: str, port: int, loop: asyncio.AbstractEventLoop) -> list[Address]:
    """The addresses of a host, in the system's order of preference; asked once.

    Raises:
        UpstreamUnreachable: The name has none.
    """
    literal = parse_literal(host)
    if literal is not None:
        return [literal]
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UpstreamUnreachable(f"the host does not resolve: {error}") from None
    addresses = [parse_literal(str(sockaddr[0])) for *_, sockaddr in found]
    return list(dict.fromkeys(address for address in addresses if address is not None))


def render_request(request: UpstreamRequest, authority: str) -> Message:
    """The request as it goes on the wire, with our own framing.

    Raises:
        UpstreamBadAddress: There is a part that cannot be put there.
    """
    method, body = request.method, request.body
    tells_length = bool(body) or method in _BODY_EXPECTED
    if method in _USUAL_METHODS:
        message: bytes | None = _render_plainly(
            method, request.target, request.headers.lines, authority, body, tells_length
        )
        if message is not None:
            return message
    elif not is_token(method) or method == "CONNECT":
        raise UpstreamBadAddress("no request method")
    if not _TARGET.fullmatch(request.target):
        raise UpstreamBadAddress("no request target")
    block = _render_lines(request.headers, authority, length=len(body) if tells_length else None)
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), request.target.encode(), block)
    return head + body if len(body) <= _JOINED_BYTES else (head, body)


_render_plainly: Final = twin("yett.values.plain_heads", "render_request")


def _render_lines(headers: Headers, authority: str, *, length: int | None) -> bytes:
    names = [name.lower() for name, _ in headers.lines]
    dropped: frozenset[str] = _DROPPED
    if "connection" in names:
        dropped = dropped | connection_options(",".join(headers.get_all("connection"))) - {"host", "content-type"}
    lines = [line for name, line in zip(names, headers.lines, strict=True) if name not in dropped]
    if "host" not in names:
        lines.insert(0, ("Host", authority))
    if length is not None:
        lines.append(("Content-Length", str(length)))
    try:
        return render_header_lines(lines)
    except ValueError as error:
        raise UpstreamBadAddress(str(error)) from None

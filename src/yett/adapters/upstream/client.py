"""Asks backends: connections kept per origin, addresses checked before use, one sweep for all deadlines."""

import asyncio
import re
import socket
import ssl
from functools import lru_cache
from typing import Final

from yett.adapters.upstream.addresses import Address, parse_literal, permits
from yett.adapters.upstream.connection import ConnectionLost, UpstreamConnection
from yett.adapters.upstream.limits import (
    CONNECT_TIMEOUT_SECONDS,
    IDLE_TIMEOUT_SECONDS,
    MAX_CONNECTIONS,
    MAX_IDLE_PER_ORIGIN,
    SWEEP_SECONDS,
)
from yett.ports.upstream import (
    NetworkRule,
    UpstreamBadAddress,
    UpstreamRefused,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimedOut,
    UpstreamTlsFailed,
    UpstreamUnreachable,
)
from yett.values.header_lines import connection_options, is_token, render_header_lines

# A connection opened under one rule never serves another, nor a verified origin an unverified one.
Origin = tuple[str, str, int, NetworkRule, bool]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_TARGET: Final = re.compile(r"/[!-\"$-~]*|\*")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")

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
_KNOWN_HOSTS: Final = 1024  # entries; backends are few


class PooledUpstream:
    """Answers ``yett.ports.upstream.Upstream``."""

    def __init__(self, *, tls_context: ssl.SSLContext | None = None) -> None:
        """*tls_context* replaces the system's trust store, where an operator has another."""
        self._tls_context = tls_context
        self._unverified_context: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[UpstreamConnection]] = {}
        self._origins: dict[UpstreamConnection, Origin] = {}
        self._connecting = 0
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send one request and wait for the answer, whole or as a stream; as the port says."""
        head = render_request_head(request)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.timeout_seconds
        origin = (
            request.scheme,
            request.host,
            request.port,
            request.network_rule,
            request.insecure_skip_verification,
        )
        kept = self._take_idle(origin)
        while True:
            connection = kept or await self._connect(origin, deadline=deadline, loop=loop)
            try:
                response = await connection.exchange(
                    head,
                    request.body,
                    is_head=request.method == "HEAD",
                    deadline=deadline,
                    streams_above_bytes=request.streams_above_bytes,
                )
            except ConnectionLost:
                # The backend closed an idle connection just then. Nothing of an answer came; but a request with a body,
                # or one that changes something each time, may have been acted on.
                if kept is None or request.body or request.method not in _IDEMPOTENT:
                    raise
                kept = None
                continue
            except asyncio.CancelledError:
                connection.close()
                raise
            if connection.is_usable and response.stream is None:
                self._keep(connection, loop.time())
            return response

    async def close(self) -> None:
        """Close every connection; what waits for an answer gets ``UpstreamUnreachable``."""
        for connection in tuple(self._origins):
            connection.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def connection_count(self) -> int:
        """Connections that are open."""
        return len(self._origins)

    def forget(self, connection: UpstreamConnection) -> None:
        """A connection is closed."""
        origin = self._origins.pop(connection, None)
        if origin is not None:
            idle = self._idle.get(origin)
            if idle is not None:
                if connection in idle:
                    idle.remove(connection)
                if not idle:
                    del self._idle[origin]

    def keep(self, connection: UpstreamConnection) -> None:
        """A connection has given the last of a stream, and may serve others."""
        self._keep(connection, asyncio.get_running_loop().time())

    # Connections

    def _take_idle(self, origin: Origin) -> UpstreamConnection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    def _keep(self, connection: UpstreamConnection, now: float) -> None:
        origin = self._origins.get(connection)
        if origin is None:
            return
        idle = self._idle.setdefault(origin, [])
        if len(idle) >= MAX_IDLE_PER_ORIGIN:
            connection.close()
            return
        connection.deadline = now + IDLE_TIMEOUT_SECONDS
        idle.append(connection)

    async def _connect(self, origin: Origin, *, deadline: float, loop: asyncio.AbstractEventLoop) -> UpstreamConnection:
        if len(self._origins) + self._connecting >= MAX_CONNECTIONS:
            raise UpstreamUnreachable("too many connections to backends")
        self._connecting += 1
        try:
            async with asyncio.timeout_at(deadline):
                connection = await self._connect_to_permitted(origin, loop)
        except TimeoutError:
            raise UpstreamTimedOut("no connection to the backend in time") from None
        finally:
            self._connecting -= 1
        self._origins[connection] = origin
        if self._timer is None:
            self._timer = loop.call_later(SWEEP_SECONDS, self._sweep, loop)
        return connection

    async def _connect_to_permitted(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> UpstreamConnection:
        scheme, host, port, rule, insecure = origin
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
                        lambda: UpstreamConnection(self, loop),
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
        for connection in tuple(self._origins):
            if now >= connection.deadline:
                connection.expire()
        self._timer = loop.call_later(SWEEP_SECONDS, self._sweep, loop) if self._origins else None


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


def render_request_head(request: UpstreamRequest) -> bytes:
    """The request line and header lines, with our own framing.

    Raises:
        UpstreamBadAddress: There is a part that cannot be put on the wire.
    """
    method, headers = request.method, request.headers
    if request.scheme not in _DEFAULT_PORTS or not 0 < request.port < 65536:
        raise UpstreamBadAddress("no such scheme or port")
    if not _is_host(request.host):
        raise UpstreamBadAddress("no host name or address")
    if (
        not _TARGET.fullmatch(request.target)
        or not (method in _USUAL_METHODS or is_token(method))
        or method == "CONNECT"
    ):
        raise UpstreamBadAddress("no request target or method")
    names = [name.lower() for name, _ in headers.lines]
    dropped: frozenset[str] = _DROPPED
    if "connection" in names:
        dropped = dropped | connection_options(",".join(headers.get_all("connection"))) - {"host", "content-type"}
    if dropped.isdisjoint(names):
        lines = [*headers.lines]
    else:
        lines = [line for name, line in zip(names, headers.lines, strict=True) if name not in dropped]
    if "host" not in names:
        lines.insert(0, ("Host", _authority(request)))
    if request.body or method in _BODY_EXPECTED:
        lines.append(("Content-Length", str(len(request.body))))
    try:
        block = render_header_lines(lines)
    except ValueError as error:
        raise UpstreamBadAddress(str(error)) from None
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), request.target.encode(), block)


@lru_cache(maxsize=_KNOWN_HOSTS)
def _is_host(text: str) -> bool:
    return _HOST_NAME.fullmatch(text) is not None or parse_literal(text) is not None


def _authority(request: UpstreamRequest) -> str:
    host = f"[{request.host}]" if ":" in request.host else request.host
    return host if request.port == _DEFAULT_PORTS[request.scheme] else f"{host}:{request.port}"

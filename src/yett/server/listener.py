"""A port that is listened on, its one timer, and how it closes."""

import asyncio
import contextlib
import socket
import ssl as tls
import sys
from collections.abc import Sequence

from yett.server.edge import Edge
from yett.server.limits import HEADER_TIMEOUT_SECONDS, Limits
from yett.server.protocol import GatewayProtocol
from yett.server.shared import Handler, Shared

_BACKLOG = 2048  # connections the kernel holds before they are accepted


class Listener:
    """A listening socket and its connections."""

    def __init__(self, servers: Sequence[asyncio.Server], shared: Shared, loop: asyncio.AbstractEventLoop) -> None:
        self._servers = servers
        self._shared = shared
        self._loop = loop
        self.port: int = servers[0].sockets[0].getsockname()[1]
        self._timer = loop.call_later(shared.limits.sweep_seconds, self._sweep)

    @property
    def edge(self) -> Edge:
        """Whom and what the edge believes; what is set counts from the next request on."""
        return self._shared.edge

    @edge.setter
    def edge(self, edge: Edge) -> None:
        self._shared.edge = edge

    @property
    def connection_count(self) -> int:
        """Connections that are open, or whose request is still being worked on."""
        return len(self._shared.connections)

    @property
    def held_bytes(self) -> int:
        """Of the budget for bodies and answers."""
        return self._shared.budget.held_bytes

    def refusals(self) -> dict[int, int]:
        """How many requests the edge refused, by status; no front door has seen them."""
        return dict(self._shared.refusals)

    async def drain(self, patience_seconds: float) -> None:
        """Stop listening, and tell every client with its next answer to connect anew: to whoever listens in our place.

        A connection without a request gets *patience_seconds* to bring one. Then ``close``.
        """
        for server in self._servers:
            server.close()
        self._shared.is_closing = True
        if self._shared.connections:
            is_empty = asyncio.Event()
            self._shared.on_empty = is_empty.set
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    await is_empty.wait()

    async def close(self, grace_seconds: float) -> None:
        """Stop listening, finish the requests in hand, close; after the grace what is left is cut off."""
        for server in self._servers:
            server.close()
        self._shared.is_closing = self._shared.is_closed = True
        is_empty = asyncio.Event()
        self._shared.on_empty = is_empty.set
        for connection in tuple(self._shared.connections):
            connection.close_when_idle()
        if self._shared.connections:
            try:
                async with asyncio.timeout(grace_seconds):
                    await is_empty.wait()
            except TimeoutError:
                for connection in tuple(self._shared.connections):
                    connection.abort()
                # Handlers that swallow their cancellation are not waited for beyond this.
                await asyncio.wait({self._loop.create_task(is_empty.wait())}, timeout=1.0)
        self._timer.cancel()

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._shared.connections):
            connection.close_if_overdue(now)
        self._timer = self._loop.call_later(self._shared.limits.sweep_seconds, self._sweep)


async def listen(
    handler: Handler,
    *,
    host: str,
    port: int,
    edge: Edge,
    ssl: tls.SSLContext | None = None,
    limits: Limits | None = None,
) -> Listener:
    """Serve *handler* on an address; port 0 takes a free one, which the listener then names.

    Raises:
        OSError: The address is in use, or not ours.
    """
    loop = asyncio.get_running_loop()
    shared = Shared(handler, edge=edge, limits=limits or Limits(), scheme="https" if ssl else "http", loop=loop)
    server = await loop.create_server(
        lambda: GatewayProtocol(shared, loop),
        host,
        port,
        ssl=ssl,
        backlog=_BACKLOG,
        ssl_handshake_timeout=_patience(ssl),
    )
    return Listener((server,), shared, loop)


async def listen_on(
    handler: Handler,
    sockets: Sequence[socket.socket],
    *,
    edge: Edge,
    ssl: tls.SSLContext | None = None,
    limits: Limits | None = None,
) -> Listener:
    """Serve *handler* on sockets that are bound; whoever else has them goes on having them when the listener closes."""
    loop = asyncio.get_running_loop()
    shared = Shared(handler, edge=edge, limits=limits or Limits(), scheme="https" if ssl else "http", loop=loop)
    servers = [
        await loop.create_server(
            lambda: GatewayProtocol(shared, loop),
            sock=each,
            ssl=ssl,
            backlog=_BACKLOG,
            ssl_handshake_timeout=_patience(ssl),
        )
        for each in sockets
    ]
    return Listener(servers, shared, loop)


def bind(host: str, port: int, *, count: int) -> list[list[socket.socket]]:
    """Bind every address of *host*, *count* times over, so that as many processes share the port: the kernel deals
    connections out among them, by a hash of the client's address. Where it does not (it does on Linux) they share one
    socket for each address.

    Whoever binds keeps the sockets: what a process that died had not accepted waits there for the next one.

    Raises:
        OSError: An address is in use, or not ours.
    """
    deals_out = sys.platform == "linux"
    made: list[list[socket.socket]] = [[] for _ in range(count)]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            for sockets in made:
                if sockets is made[0]:
                    _check_free(family, (address[0], port, *address[2:]))
                if deals_out or sockets is made[0]:
                    one = socket.socket(family, socket.SOCK_STREAM)
                    sockets.append(one)
                    _bind(one, (address[0], port, *address[2:]), deals_out=deals_out)
                    port = port or int(one.getsockname()[1])
                else:
                    sockets.append(made[0][len(sockets)])
    except BaseException:
        for each in (each for sockets in made for each in sockets):
            each.close()
        raise
    return made


def _check_free(family: int, address: tuple[object, ...]) -> None:
    """A port that others of our user deal out too would be bound without a word, and shared with them."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


def _bind(one: socket.socket, address: tuple[object, ...], *, deals_out: bool) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if deals_out:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.setblocking(False)
    one.bind(address)
    one.listen(_BACKLOG)


def _patience(ssl: tls.SSLContext | None) -> float | None:
    """How long a handshake may take: as long as a head."""
    return None if ssl is None else HEADER_TIMEOUT_SECONDS

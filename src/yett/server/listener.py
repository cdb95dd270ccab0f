"""A port that is listened on, its one timer, and how it closes."""

import asyncio
import ssl as tls

from yett.server.edge import Edge
from yett.server.limits import Limits
from yett.server.protocol import GatewayProtocol
from yett.server.shared import Handler, Shared

_BACKLOG = 2048  # connections the kernel holds before they are accepted


class Listener:
    """A listening socket and its connections."""

    def __init__(self, server: asyncio.Server, shared: Shared, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._shared = shared
        self._loop = loop
        self.port: int = server.sockets[0].getsockname()[1]
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

    async def close(self, grace_seconds: float) -> None:
        """Stop listening, finish the requests in hand, close; after the grace what is left is cut off."""
        self._server.close()
        self._shared.is_closing = True
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
    reuse_port: bool = False,
    limits: Limits | None = None,
) -> Listener:
    """Serve *handler* on an address; port 0 takes a free one, which the listener then names.

    Raises:
        OSError: The address is in use, or not ours.
    """
    loop = asyncio.get_running_loop()
    shared = Shared(handler, edge=edge, limits=limits or Limits(), scheme="https" if ssl else "http")
    server = await loop.create_server(
        lambda: GatewayProtocol(shared, loop), host, port, ssl=ssl, reuse_port=reuse_port or None, backlog=_BACKLOG
    )
    return Listener(server, shared, loop)

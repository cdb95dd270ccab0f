"""What the connections of one listener share: its settings, its budget, and who is connected."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol

from yett.outgoing import Outgoing
from yett.server.edge import Edge
from yett.server.framing import RequestRefused
from yett.server.limits import LARGE_BODIES_SHARE, MAX_KNOWN_HOSTS, Limits
from yett.server.request_ids import RequestIds
from yett.values.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Connection(Protocol):
    """What the listener asks of a connection."""

    def close_if_overdue(self, now: float) -> None:
        """Act on a deadline that passed; *now* is in seconds of the event loop's clock."""
        ...

    def close_when_idle(self) -> None:
        """Close now, or after the request in hand is answered."""
        ...

    def abort(self) -> None:
        """Close now, and cancel the request in hand."""
        ...


class Budget:
    """Bytes that may be held at one time, by all together."""

    __slots__ = ("_total_bytes", "held_bytes")

    def __init__(self, total_bytes: int) -> None:
        self._total_bytes = total_bytes
        self.held_bytes = 0

    def reserve(self, size: int) -> bool:
        """Take *size* bytes; False, and nothing taken, where they are not to be had."""
        if self.held_bytes + size > self._total_bytes:
            return False
        self.held_bytes += size
        return True

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        self.held_bytes -= size


class Shared:
    """The state of a listener that its connections read."""

    __slots__ = (
        "_edge",
        "_hosts",
        "budget",
        "connections",
        "handler",
        "is_closed",
        "is_closing",
        "large_bodies",
        "limits",
        "on_empty",
        "outgoing",
        "refusals",
        "request_ids",
        "scheme",
    )

    def __init__(
        self, handler: Handler, *, edge: Edge, limits: Limits, scheme: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.handler = handler
        self.outgoing = Outgoing(loop)
        self.limits = limits
        self.scheme = scheme
        self.request_ids = RequestIds()
        self.budget = Budget(limits.buffered_bytes)
        self.large_bodies = Budget(int(limits.buffered_bytes * LARGE_BODIES_SHARE))  # within the budget
        self.connections: set[Connection] = set()
        self.refusals: Counter[int] = Counter()  # status -> requests that no front door has seen
        self.is_closing = False  # every answer is the last of its connection
        self.is_closed = False  # and no connection is taken any more
        self.on_empty: Callable[[], None] | None = None
        self._edge = edge
        self._hosts: dict[str, str | None] = {}

    @property
    def edge(self) -> Edge:
        """Whom and what the edge believes; may be replaced while requests come in."""
        return self._edge

    @edge.setter
    def edge(self, edge: Edge) -> None:
        self._edge = edge
        self._hosts = {}

    def find_host(self, value: str) -> str | None:
        """As ``HostRule.find_host``, from memory where the value was seen before."""
        try:
            return self._hosts[value]
        except KeyError:
            host = self._edge.hosts.find_host(value)
            if len(self._hosts) >= MAX_KNOWN_HOSTS:
                self._hosts.clear()
            self._hosts[value] = host
            return host

    def admit(self, connection: Connection) -> bool:
        """Count a new connection in; False where there are too many."""
        if self.is_closed or len(self.connections) >= self.limits.connections:
            return False
        self.connections.add(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Count a connection out: its socket is closed and its request answered."""
        self.connections.discard(connection)
        if not self.connections and self.on_empty is not None:
            self.on_empty()


class Holding:
    """What one connection holds of the budgets, for the body of one request."""

    __slots__ = ("_bytes", "_large_bytes", "_shared", "is_any")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._bytes = 0
        self._large_bytes = 0
        self.is_any = False  # there is something to release

    def take_large(self, size: int) -> None:
        """Take the place of a body that is longer than a call of an API may have.

        Raises:
            RequestRefused: 503, there are others.
        """
        if not self._shared.large_bodies.reserve(size):
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "no room for another large body")
        self._large_bytes = size
        self.is_any = True

    def take(self, size: int) -> None:
        """Take *size* bytes more, which have come.

        Raises:
            RequestRefused: 503, they are not to be had.
        """
        if not self._shared.budget.reserve(size):
            raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, "no room for the body")
        self._bytes += size
        self.is_any = True

    def release(self) -> None:
        """Give everything back."""
        self._shared.budget.release(self._bytes)
        self._shared.large_bodies.release(self._large_bytes)
        self._bytes = self._large_bytes = 0
        self.is_any = False

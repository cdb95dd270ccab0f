"""The connections to one origin: who waits for work, and under which name the origin is asked."""

import asyncio
import re
from typing import Final

from yett.adapters.upstream.addresses import parse_literal
from yett.adapters.upstream.connection import UpstreamConnection
from yett.adapters.upstream.limits import IDLE_TIMEOUT_SECONDS, MAX_IDLE_PER_ORIGIN
from yett.outgoing import Outgoing
from yett.ports.upstream import NetworkRule, UpstreamBadAddress

# Scheme, host, port, rule, and whether certificates go unchecked: a connection opened under one rule never serves
# another, nor a verified origin an unverified one.
Origin = tuple[str, str, int, NetworkRule, bool]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")


class Pool:
    """The connections to one origin: of one address under one rule."""

    __slots__ = ("_idle", "authority", "connections", "loop", "origin", "outgoing")

    def __init__(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        """
        Raises:
            UpstreamBadAddress: There is a part of it that is none.
        """
        scheme, host, port = origin[:3]
        if scheme not in _DEFAULT_PORTS or not 0 < port < 65536:
            raise UpstreamBadAddress("no such scheme or port")
        if _HOST_NAME.fullmatch(host) is None and parse_literal(host) is None:
            raise UpstreamBadAddress("no host name or address")
        self.origin = origin
        self.loop = loop
        self.outgoing = Outgoing(loop)
        written = f"[{host}]" if ":" in host else host
        self.authority = written if port == _DEFAULT_PORTS[scheme] else f"{written}:{port}"
        self.connections: set[UpstreamConnection] = set()
        self._idle: dict[UpstreamConnection, None] = {}  # in the order in which they began to wait

    def take(self) -> UpstreamConnection | None:
        """A connection that waits for work, the one that has waited least; None without one."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    def keep(self, connection: UpstreamConnection) -> None:
        """A connection has done its work, and may serve others."""
        if connection not in self.connections:
            return
        if len(self._idle) >= MAX_IDLE_PER_ORIGIN:
            connection.close()
            return
        connection.deadline = self.loop.time() + IDLE_TIMEOUT_SECONDS
        self._idle[connection] = None

    def forget(self, connection: UpstreamConnection) -> None:
        """A connection is closed."""
        self.connections.discard(connection)
        self._idle.pop(connection, None)

    def give_way(self) -> bool:
        """Close the connection that has waited longest, for the sake of another origin; False without one."""
        for connection in self._idle:
            self.forget(connection)
            connection.close()
            return True
        return False

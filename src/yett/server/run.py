"""One server process, from settings to a listening port and back."""

import os
from collections.abc import Awaitable, Callable
from typing import Final, Self

from yett.ports.clock import Clock
from yett.server.credentials import RootCredentials, ensure_root
from yett.server.edge import Edge, HostRule
from yett.server.home import Home
from yett.server.listener import Listener, listen
from yett.server.settings import ServerSettings
from yett.server.wiring import Wired, take_sealer
from yett.values.errors import Refusal
from yett.values.http import Headers, HttpRequest, HttpResponse

GRACE_SECONDS: Final = 10.0  # for requests in hand when the server stops
STARTING: Final = HttpResponse(status=503, headers=Headers((("Retry-After", "1"),)), body=b"")


class PortInUse(Refusal):
    """Something else listens on the port."""


class Server:
    """A running server."""

    def __init__(self, *, home: Home, listener: Listener, wired: Wired, url: str) -> None:
        self.url = url
        self.port = listener.port
        self.ports = wired.ports
        self.decisions = wired.decisions
        self.root: RootCredentials
        self.home = home.path
        self._home = home
        self._on_stop: list[Callable[[], Awaitable[None]]] = []
        self._listener = listener
        self._wired = wired

    @classmethod
    async def start(cls, settings: ServerSettings, *, clock: Clock | None = None) -> Self:
        """Hold the home, open the store, listen.

        Raises:
            HomeInUse, PortInUse, Refusal: With what to do about it.
        """
        home = Home.hold(settings.home)
        try:
            return await cls._start(home, settings, clock)
        except BaseException:
            home.release()
            raise

    @classmethod
    async def _start(cls, home: Home, settings: ServerSettings, clock: Clock | None) -> Self:
        front = _Front()
        edge = Edge(hosts=HostRule(domains=frozenset(settings.hosts)), trusted_proxies=settings.trusted_proxies)
        try:
            listener = await listen(front.answer, host=settings.host, port=settings.port, edge=edge)
        except OSError as error:
            raise PortInUse(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; stop what listens there, or choose "
                "another port with --port"
            ) from error
        known = settings.for_port(listener.port)
        wired = Wired.of(
            known,
            home=settings.home,
            sealer=take_sealer(os.environ, settings.home),
            database_url=settings.database_url,
            dynamodb_url=os.environ.get("YETT_ENDPOINT_DYNAMODB") or None,
            clock=clock,
        )
        server = cls(home=home, listener=listener, wired=wired, url=known.public_url)
        server.root = await ensure_root(wired.ports, home=settings.home, environment=os.environ)
        front.ready(wired)
        home.announce(server.url)
        return server

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request that did not come over a socket."""
        return await self._wired.doors.answer(request)

    def on_stop(self, end: Callable[[], Awaitable[None]]) -> None:
        """Have something ended when the server stops, after the requests in hand."""
        self._on_stop.append(end)

    async def stop(self) -> None:
        """Finish the requests in hand, end what was started, let the home go."""
        await self._listener.close(GRACE_SECONDS)
        for end in self._on_stop:
            await end()
        await self._wired.close()
        self._home.release()


class _Front:
    """What the listener calls: the doors, once they stand."""

    def __init__(self) -> None:
        self._wired: Wired | None = None

    def ready(self, wired: Wired) -> None:
        self._wired = wired

    async def answer(self, request: HttpRequest) -> HttpResponse:
        return STARTING if self._wired is None else await self._wired.doors.answer(request)

"""A server, from settings to listening ports and back: one process, or the control process of a node."""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, Self

import structlog
from msgspec import Struct

from yett.compiled import is_there
from yett.ports.clock import Clock
from yett.ports.settings import Settings
from yett.server.body_bounds import GATEWAY_ALONE
from yett.server.credentials import RootCredentials, ensure_root
from yett.server.edge import Edge, HostRule
from yett.server.home import Home
from yett.server.launch import Launch
from yett.server.limits import Limits
from yett.server.listener import Listener, bind, listen
from yett.server.node import Node
from yett.server.settings import Address, ServerSettings
from yett.server.tls import BadCertificate, load, make_context
from yett.server.wiring import Shares, Wired, take_sealer
from yett.values.errors import Refusal
from yett.values.http import Headers, HttpRequest, HttpResponse

GRACE_SECONDS: Final = 10.0  # for requests in hand when the server stops
MASTER_KEYS: Final = "YETT_MASTER_KEY"
METRICS_TOKEN: Final = "YETT_METRICS_TOKEN"  # noqa: S105 - its name
STARTING: Final = HttpResponse(status=503, headers=Headers((("Retry-After", "1"),)), body=b"")

log = structlog.get_logger(__name__)


class PortInUse(Refusal):
    """Something else listens on the port."""


class Server:
    """A running server."""

    root: RootCredentials

    def __init__(self, *, home: Home, listening: "Listening", wired: Wired, known: Settings, admin_url: str) -> None:
        self.url = admin_url  # of AWS APIs
        self.gateway_url = known.public_url  # of APIs
        self.port = listening.port  # of the listener that clients of APIs reach
        self.ports = wired.ports
        self.decisions = wired.decisions
        self.home = home.path
        self.node = listening.node
        self._home = home
        self._on_stop: list[Callable[[], Awaitable[None]]] = []
        self._listening = listening
        self._wired = wired
        self._reloading: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: ServerSettings, *, clock: Clock | None = None) -> Self:
        """Hold the home, open the store, listen, start the node's other processes if it has any.

        Raises:
            HomeInUse, PortInUse, Refusal: With what to do about it.
            Unavailable: The database, or a process of the node.
        """
        home = Home.hold(settings.home)
        if not is_there("yett.values.plain_heads"):
            log.info("no compiled twins", hint="calls cost more CPU; install yett beside a C compiler to have them")
        try:
            return await cls._start(home, settings, clock)
        except BaseException:
            home.release()
            raise

    @classmethod
    async def _start(cls, home: Home, settings: ServerSettings, clock: Clock | None) -> Self:
        master_keys = os.environ.get(MASTER_KEYS)
        sealer = take_sealer(os.environ, settings.home)
        front, back = _Front(), _Front()
        listening = await Listening.open(settings, front, back)
        try:
            known = settings.for_port(listening.port)
            admin_url = known.public_url
            if listening.admin is not None and settings.admin is not None:
                admin_url = Address(settings.admin.host, listening.admin.port).url()
            node = listening.node
            wired = Wired.of(
                known,
                home=settings.home,
                sealer=sealer,
                database_url=settings.database_url,
                dynamodb_url=os.environ.get("YETT_ENDPOINT_DYNAMODB") or None,
                redis_url=settings.redis_url,
                clock=clock,
                admin_url=None if settings.admin is None else admin_url,
                shares=None if node is None else share(node),
                listeners=listening.listeners,
                metrics_token=os.environ.get(METRICS_TOKEN),
            )
            try:
                if wired.notices is not None:
                    await wired.notices.start()
                server = cls(home=home, listening=listening, wired=wired, known=known, admin_url=admin_url)
                server.root = await ensure_root(wired.ports, home=settings.home, environment=os.environ)
                front.ready(wired.doors.answer)
                if wired.admin_doors is not None:
                    back.ready(wired.admin_doors.answer)
                if node is not None:
                    launch = make_launch(settings, known, node, master_keys=master_keys, endpoint_url=admin_url)
                    await node.start(launch, answer=wired.doors.answer, iam_store=wired.ports.iam_store)
                await wired.events.resume()
            except BaseException:
                await listening.close()
                await wired.close()
                raise
        except BaseException:
            await listening.close()
            raise
        home.announce(server.url, gateway_url="" if server.gateway_url == server.url else server.gateway_url)
        return server

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request that did not come over a socket."""
        return await self._wired.doors.answer(request)

    def on_stop(self, end: Callable[[], Awaitable[None]]) -> None:
        """Have something ended when the server stops, after the requests in hand."""
        self._on_stop.append(end)

    def reload(self) -> None:
        """Read the certificate again; put new workers in the places of the old ones, which finish what they have."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.ensure_future(self._listening.reload())

    async def reloaded(self) -> None:
        """Wait until a reload under way is done."""
        if self._reloading is not None:
            await self._reloading

    async def stop(self) -> None:
        """Finish the requests in hand, end what was started, let the home go."""
        await self._listening.close_gateway()
        for end in self._on_stop:
            await end()
        await self._listening.close()
        await self._wired.close()
        self._home.release()


class Listening:
    """Where a server listens: itself, or its workers for it; and apart from that for administration, if so chosen."""

    def __init__(self, *, gateway: Listener | None, node: Node | None, port: int, tls: "Tls | None") -> None:
        self.node = node
        self.port = port
        self.admin: Listener | None = None
        self._gateway = gateway
        self._tls = tls
        self._is_open = True
        self._is_released = False

    @classmethod
    async def open(cls, settings: ServerSettings, front: "_Front", back: "_Front") -> Self:
        """Listen, and answer that the server starts until it has.

        Raises:
            PortInUse, BadCertificate
        """
        edge = Edge(
            hosts=HostRule(domains=frozenset(settings.hosts)),
            trusted_proxies=settings.trusted_proxies,
            vpc_edges=settings.vpc_edges,
        )
        tls = None if settings.tls is None else Tls(context=make_context(settings.tls), settings=settings)
        if settings.workers:
            try:
                sockets = bind(settings.host, settings.port, count=settings.workers)
            except OSError as error:
                raise in_use(settings.address, error) from error
            port = int(sockets[0][0].getsockname()[1])
            opened = cls(gateway=None, node=_node(settings, sockets), port=port, tls=None)
        else:
            context = None if tls is None else tls.context
            limits = None if settings.admin is None else GATEWAY_ALONE
            gateway = await _listen(front, settings.address, edge, ssl=context, limits=limits)
            opened = cls(gateway=gateway, node=None, port=gateway.port, tls=tls)
        if settings.admin is not None:
            try:
                opened.admin = await _listen(back, settings.admin, edge)
            except PortInUse:
                await opened.close()
                raise
        return opened

    def listeners(self) -> tuple[Listener, ...]:
        """Those of this process."""
        return tuple(each for each in (self._gateway, self.admin) if each is not None)

    async def reload(self) -> None:
        """Read the certificate again; put new workers in place of the old ones."""
        if self._tls is not None:
            self._tls.reload()
        if self.node is not None:
            await self.node.reload()

    async def close_gateway(self) -> None:
        """Finish what clients of APIs have asked, and listen to them no more."""
        if not self._is_open:
            return
        self._is_open = False
        if self._gateway is not None:
            await self._gateway.close(GRACE_SECONDS)
        if self.node is not None:
            await self.node.stop()

    async def close(self) -> None:
        """Finish what anyone has asked, and listen no more."""
        await self.close_gateway()
        if self.admin is not None:
            await self.admin.close(GRACE_SECONDS)
            self.admin = None
        if self.node is not None and not self._is_released:
            self._is_released = True
            self.node.release()


class Tls(Struct, frozen=True, kw_only=True):
    """The TLS of a listener of this process."""

    context: ssl.SSLContext
    settings: ServerSettings

    def reload(self) -> None:
        """Read the files again; what is good stays when they are not."""
        try:
            if self.settings.tls is not None:
                load(self.context, self.settings.tls)
        except BadCertificate as refusal:
            log.error("the certificate was not reloaded", reason=refusal.reason)


class _Front:
    """What a listener calls: the doors, once they stand."""

    def __init__(self) -> None:
        self._answer: Callable[[HttpRequest], Awaitable[HttpResponse]] | None = None

    def ready(self, answer: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._answer = answer

    def answer(self, request: HttpRequest) -> Awaitable[HttpResponse]:
        return answer_starting(request) if self._answer is None else self._answer(request)


async def answer_starting(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The answer of a server that is not there yet."""
    return STARTING


def make_launch(
    settings: ServerSettings, known: Settings, node: Node, *, master_keys: str | None, endpoint_url: str
) -> Launch:
    """What the node's processes need to begin."""
    return Launch(
        settings=known,
        home=str(settings.home),
        master_keys=master_keys,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        endpoint_url=endpoint_url,
        functions_path=str(node.functions_path),
        functions_token=node.functions_token,
        commits=node.memory,
        listening=(),
        telemetry=None if settings.telemetry is None else dict(settings.telemetry),
        hosts=settings.hosts,
        trusted_proxies=tuple(str(each) for each in settings.trusted_proxies),
        vpc_edges=tuple(str(each) for each in settings.vpc_edges),
        certificate=None if settings.tls is None else str(settings.tls.certificate),
        key=None if settings.tls is None else str(settings.tls.key),
        refuses_root=settings.admin is not None,
    )


def share(node: Node) -> Shares:
    """What the node's processes share with the control process."""
    return Shares(
        functions_path=node.functions_path, functions_token=node.functions_token, commits=node.commits, node=node
    )


def in_use(address: Address, error: OSError) -> PortInUse:
    """What to say when an address cannot be listened on."""
    return PortInUse(
        f"cannot listen on {address.host}:{address.port}: {error.strerror or error}; stop what listens there, or "
        "choose another port with --port"
    )


def _node(settings: ServerSettings, sockets: list[list[socket.socket]]) -> Node:
    try:
        return Node(settings.home, sockets)
    except BaseException:
        for each in (each for one in sockets for each in one):
            each.close()
        raise


async def _listen(
    front: _Front, address: Address, edge: Edge, *, ssl: ssl.SSLContext | None = None, limits: Limits | None = None
) -> Listener:
    try:
        return await listen(front.answer, host=address.host, port=address.port, edge=edge, ssl=ssl, limits=limits)
    except OSError as error:
        raise in_use(address, error) from error

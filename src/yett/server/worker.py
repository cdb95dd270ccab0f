"""A data worker: answers calls of deployed APIs, and relays everything else to the control process.

It has neither AWS's service models nor anything that writes; on a warm call it reads no database. What it holds in
memory is dropped before the next look-up when the control process commits a change.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import structs

from yett.execute_api.decisions import Decisions
from yett.execute_api.door import ExecuteApi
from yett.execute_api.proposals import propose
from yett.ports.bundle import Ports
from yett.ports.iam_store import LastUse
from yett.ports.settings import Settings
from yett.server import child
from yett.server.body_bounds import GATEWAY_ALONE
from yett.server.doors import Door, choose
from yett.server.edge import Edge, HostRule
from yett.server.explained import explained, recent
from yett.server.launch import RELAY, USES, Launch, encode, read_response
from yett.server.listener import Listener, listen_on
from yett.server.parts import Link, Parts, RemoteFunctions, RootlessCallers, Store, take_sealer
from yett.server.report import report
from yett.server.settings import TlsFiles
from yett.server.tls import make_context
from yett.values.errors import Unavailable
from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.timestamps import parse_iso

PROPOSING_SECONDS: Final = 1.0  # what would allow a refused call is looked for; who asked waits twice as long
GRACE_SECONDS: Final = 10.0  # for requests in hand
CONTROL_IS_AWAY: Final = HttpResponse(
    status=503,
    headers=Headers((("Content-Type", "application/json"), ("Retry-After", "1"))),
    body=b'{"message":"Service unavailable"}',
)

log = structlog.get_logger(__name__)


class Worker:
    """The role of a worker; see `child.Role`."""

    _decisions: Decisions
    _link: Link
    _line: ExecuteApi
    _listener: Listener
    _ports: Ports
    _settings: Settings
    _store: Store

    def __init__(self) -> None:
        self._parts: Parts | None = None

    async def launch(self, launch: Launch, link: Link) -> None:
        """Follow the store, and listen."""
        self._link = link
        self._settings = launch.settings
        self._decisions = Decisions(
            kept=launch.settings.decisions_kept, allowed_one_in=launch.settings.decisions_allowed_one_in
        )
        os.environ.update(launch.telemetry or {})  # OpenTelemetry reads them there
        store = self._store = follow(launch, link)
        runner = RemoteFunctions(Path(launch.functions_path), launch.functions_token)
        self._parts = Parts.of(store, runner=runner, redis_url=launch.redis_url, dynamodb_url=None)
        ports = self._parts.ports
        if launch.refuses_root:
            ports = structs.replace(ports, callers=RootlessCallers(ports.callers))
        self._ports = ports
        self._line = ExecuteApi(ports, self._decisions)
        context = None
        if launch.certificate is not None and launch.key is not None:
            context = make_context(TlsFiles(certificate=Path(launch.certificate), key=Path(launch.key)))
        edge = Edge(
            hosts=HostRule(domains=frozenset(launch.hosts)),
            trusted_proxies=tuple(ip_network(each) for each in launch.trusted_proxies),
            vpc_edges=tuple(ip_network(each) for each in launch.vpc_edges),
        )
        sockets = [socket.socket(fileno=each) for each in launch.listening]
        limits = GATEWAY_ALONE if launch.refuses_root else None
        self._listener = await listen_on(self.answer, sockets, edge=edge, ssl=context, limits=limits)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a call of an API; have anything else answered by the control process."""
        if choose(request.host, request.path) is Door.EXECUTE_API:
            return await self._line.answer(request)
        try:
            return read_response(await self._link.ask(RELAY, encode(request)))
        except Unavailable as failure:
            log.warning("a request could not be relayed", request_id=request.request_id, reason=failure.reason)
            return CONTROL_IS_AWAY

    async def stop(self, patience_seconds: float) -> None:
        """Finish the requests in hand."""
        if self._parts is None:
            return
        if patience_seconds:
            await self._listener.drain(patience_seconds)
        await self._listener.close(GRACE_SECONDS)
        for close in self._parts.closers:
            await close()

    async def explain(self, request_id: str) -> bytes:
        """The explanation of a call that this worker answered; or, asked with a moment and a number instead of an id,
        what it decided since.
        """
        moment, is_many, limit = request_id.partition(" ")
        if is_many:
            return encode(recent(self._decisions, self._settings, after=parse_iso(moment), limit=int(limit)))
        record = self._decisions.find(request_id)
        if record is None:
            return b""
        found = explained(record, self._settings)
        with contextlib.suppress(TimeoutError):  # the account may have very many principals
            async with asyncio.timeout(PROPOSING_SECONDS):
                proposals = await propose(record, self._ports)
                found = structs.replace(found, proposals=msgspec.json.encode(proposals))
        return encode(found)

    def report(self, process: str) -> bytes:
        """The calls that were answered here, and what that takes."""
        return encode(
            report(process, decisions=self._decisions, listeners=(self._listener,), upstream=self._store.upstream)
        )


def follow(launch: Launch, link: Link) -> Store:
    """The store as the control process writes it."""

    async def send_uses(uses: Mapping[str, LastUse]) -> None:
        link.tell(USES, encode(uses))

    environment = {} if launch.master_keys is None else {"YETT_MASTER_KEY": launch.master_keys}
    home = Path(launch.home)
    return Store.follow(
        launch.settings,
        home=home,
        sealer=take_sealer(environment, home),
        url=launch.database_url,
        commits=launch.commits,
        send_uses=send_uses,
    )


if __name__ == "__main__":
    child.run(Worker)

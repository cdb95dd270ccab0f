"""Which part answers which port, and which door stands where, in a process that AWS APIs are called in."""

import platform
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from msgspec import Struct, structs

from yett.control_plane.door import answer as answer_control_plane
from yett.control_plane.door import answer_unsigned
from yett.execute_api.decisions import Decisions
from yett.execute_api.door import ExecuteApi
from yett.hosted_login.door import application as hosted_login
from yett.ports.bundle import Ports
from yett.ports.clock import Clock
from yett.ports.settings import Settings
from yett.server.admin import Admin, Node
from yett.server.asgi_bridge import bridge
from yett.server.doors import Answer, Doors, closed_door
from yett.server.listener import Listener
from yett.server.parts import (
    DATABASE,
    CommitLog,
    FunctionPool,
    KeptEvents,
    Notices,
    Parts,
    RemoteFunctions,
    RootlessCallers,
    Sealer,
    Store,
    take_sealer,
)
from yett.server.report import Report, report

__all__ = ["DATABASE", "Wired", "take_sealer"]


class Shares(Struct, frozen=True, kw_only=True):
    """What the control process of a node shares with its workers and function host."""

    functions_path: Path  # of the function host's socket
    functions_token: bytes
    commits: CommitLog
    node: Node


class Wired(Struct, frozen=True, kw_only=True):
    """A server's parts, tied together."""

    ports: Ports
    decisions: Decisions
    doors: Doors  # of the listener that clients of APIs reach
    admin_doors: Doors | None  # of the listener for administration, where that is another one
    notices: Notices | None  # of other nodes, to be listened to
    events: KeptEvents  # to be resumed once functions can run
    closers: tuple[Callable[[], Awaitable[None]], ...]  # in the order in which they are closed

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        home: Path,
        sealer: Sealer,
        database_url: str | None,
        dynamodb_url: str | None,
        redis_url: str | None = None,
        clock: Clock | None = None,
        admin_url: str | None = None,
        shares: Shares | None = None,
        listeners: Callable[[], Sequence[Listener]] = tuple,
        metrics_token: str | None = None,
    ) -> Self:
        """Open the store and tie every part to it. The home is held by the caller.

        With *admin_url* administration has a listener of its own. Functions run here, or with *shares* at the node's
        function host. *listeners* are looked at when somebody wants figures.
        """
        store = Store.open(settings, home=home, sealer=sealer, url=database_url, clock=clock)
        runner: FunctionPool | RemoteFunctions
        if shares is None:
            runner = store.make_function_pool(endpoint_url=admin_url or settings.public_url)
        else:
            runner = RemoteFunctions(shares.functions_path, shares.functions_token)
            store.database.on_commit(shares.commits.append)
        parts = Parts.of(
            store,
            runner=runner,
            redis_url=redis_url,
            dynamodb_url=dynamodb_url,
            announces_flushes=True,
        )
        events = KeptEvents(
            runner,
            store=store.function_store,
            functions=store.functions,
            clock=store.clock,
            owner=f"{platform.node()}:{home.resolve()}",
        )
        ports = structs.replace(parts.ports, function_runner=events)
        decisions = Decisions(kept=settings.decisions_kept, allowed_one_in=settings.decisions_allowed_one_in)

        def report_own() -> Report:
            functions = runner.processes() if isinstance(runner, FunctionPool) else {}
            return report(
                "server", decisions=decisions, listeners=listeners(), upstream=store.upstream, functions=functions
            )

        admin = Admin(
            ports,
            decisions,
            report=report_own,
            node=None if shares is None else shares.node,
            metrics_token=metrics_token,
        )
        doors, admin_doors = _doors(ports, decisions, admin.answer, is_separate=admin_url is not None)
        return cls(
            ports=ports,
            decisions=decisions,
            doors=doors,
            admin_doors=admin_doors,
            notices=store.notices,
            events=events,
            closers=(events.stop, *parts.closers),
        )

    async def close(self) -> None:
        """End what was started: functions, the embedded DynamoDB, connections, threads, the store."""
        for close in self.closers:
            await close()


def _doors(ports: Ports, decisions: Decisions, admin: Answer, *, is_separate: bool) -> tuple[Doors, Doors | None]:
    """The doors of the one listener; or those of the gateway, where root is unknown and no operation is open that
    needs a signature, and those of administration.
    """
    pages = partial(bridge, hosted_login(ports))
    control_plane = partial(answer_control_plane, ports=ports)
    if not is_separate:
        return Doors(
            execute_api=ExecuteApi(ports, decisions).answer,
            control_plane=control_plane,
            hosted_login=pages,
            admin=admin,
        ), None
    gateway = Doors(
        execute_api=ExecuteApi(structs.replace(ports, callers=RootlessCallers(ports.callers)), decisions).answer,
        control_plane=partial(answer_unsigned, ports=ports),
        hosted_login=pages,
        admin=closed_door,
    )
    return gateway, Doors(execute_api=closed_door, control_plane=control_plane, hosted_login=closed_door, admin=admin)

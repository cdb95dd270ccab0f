"""The other processes of a node, as its control process keeps them: the function host and the workers."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from msgspec import structs

from yett.ports.iam_store import IamStore
from yett.server.explained import Explained, Recent
from yett.server.launch import (
    EXPLAIN,
    RELAY,
    REPORT,
    USES,
    Launch,
    encode,
    read_explained,
    read_recent,
    read_request,
    read_uses,
)
from yett.server.metrics import Retired
from yett.server.parts import CommitLog, listen_at, make_file
from yett.server.places import Child, ChildFailed, Place
from yett.server.report import Report, read_report
from yett.values.errors import Unavailable
from yett.values.http import HttpRequest, HttpResponse

SOCKET: Final = "functions.sock"  # in the home, 0600
PATIENCE_SECONDS: Final = 5.0  # for idle connections of a worker that has a successor
EXPLAIN_SECONDS: Final = 2.0

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]

log = structlog.get_logger("yett.node")


class Node:
    """The function host and the workers of one control process."""

    def __init__(self, home: Path, sockets: Sequence[Sequence[socket.socket]]) -> None:
        """*sockets* are each worker's, bound; they stay ours, so that nothing is lost when a worker ends."""
        self.functions_path = home / SOCKET
        self.functions_token = secrets.token_bytes(32)
        self._sockets = sockets
        self._functions_socket = listen_at(self.functions_path)
        self._memory = make_file()
        self.commits = CommitLog(self._memory)
        self._answer: Answer
        self._iam_store: IamStore
        self._host: Place
        self._workers: list[Place] = []
        self._retired = Retired()

    @property
    def memory(self) -> int:
        """The descriptor of the commit log's memory."""
        return self._memory

    @property
    def is_ready(self) -> bool:
        """Whether every process is up."""
        places = (self._host, *self._workers) if self._workers else ()
        return bool(places) and all(place.child is not None for place in places)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The workers that are up."""
        return tuple(place.child.process.pid for place in self._workers if place.child is not None)

    @property
    def function_host_pid(self) -> int | None:
        """The function host, if it is up."""
        return None if self._host.child is None else self._host.child.process.pid

    async def start(self, launch: Launch, *, answer: Answer, iam_store: IamStore) -> None:
        """Start every process; *answer* is asked what workers do not answer themselves.

        Raises:
            ChildFailed: One did not start.
        """
        self._answer = answer
        self._iam_store = iam_store
        hosting = structs.replace(launch, listening=(self._functions_socket.fileno(),))
        self._host = Place("function host", partial(Child.start, "yett.server.function_host", hosting, self._handle))
        await self._host.fill()
        for number, sockets in enumerate(self._sockets, 1):
            working = structs.replace(launch, listening=tuple(each.fileno() for each in sockets))
            start = partial(Child.start, "yett.server.worker", working, self._handle)
            self._workers.append(Place(f"worker {number}", start))
        await asyncio.gather(*(place.fill() for place in self._workers))

    async def reload(self) -> None:
        """Put a new worker in every worker's place. Those that go finish what they have, and stay if no new one starts.

        The function host stays: its processes are warm, and events may be queued in it.
        """
        done = await asyncio.gather(
            *(place.replace(PATIENCE_SECONDS) for place in self._workers), return_exceptions=True
        )
        for failure in done:
            if isinstance(failure, ChildFailed):
                log.error("no new worker; the one that is there stays", reason=failure.reason)
            elif failure is not None:
                raise failure

    async def stop(self) -> None:
        """Have the workers finish, then the function host. What was committed may still be told, to nobody."""
        await asyncio.gather(*(place.clear() for place in self._workers))
        if hasattr(self, "_host"):
            await self._host.clear()

    def release(self) -> None:
        """Let go of sockets and memory, once nothing is written any more."""
        for each in (each for sockets in self._sockets for each in sockets):
            each.close()
        self._functions_socket.close()
        self.functions_path.unlink(missing_ok=True)
        self.commits.close()
        os.close(self._memory)

    async def explain(self, request_id: str) -> Explained | None:
        """What whichever worker answered the call knows of it."""
        answers = await self._ask_workers(request_id)
        return read_explained(answers[0]) if answers else None

    async def recent(self, after: datetime, limit: int) -> tuple[Recent, ...]:
        """What each worker decided since a moment."""
        return tuple(map(read_recent, await self._ask_workers(f"{after.isoformat()} {limit}")))

    async def reports(self) -> tuple[Report, ...]:
        """What the node's other processes have counted, those included that are no more."""
        named = {place.name: place.child.link for place in (self._host, *self._workers) if place.child is not None}
        found = await asyncio.gather(
            *(asyncio.wait_for(link.ask(REPORT, name.encode()), EXPLAIN_SECONDS) for name, link in named.items()),
            return_exceptions=True,
        )
        return self._retired.follow(read_report(each) for each in found if isinstance(each, bytes))

    async def _ask_workers(self, question: str) -> list[bytes]:
        links = [place.child.link for place in self._workers if place.child is not None]
        body = question.encode()
        found = await asyncio.gather(
            *(asyncio.wait_for(link.ask(EXPLAIN, body), EXPLAIN_SECONDS) for link in links), return_exceptions=True
        )
        return [each for each in found if isinstance(each, bytes) and each]

    async def _handle(self, topic: int, body: bytes) -> bytes:
        if topic == RELAY:
            return encode(await self._answer(read_request(body)))
        if topic == USES:
            for used, use in read_uses(body).items():
                self._iam_store.note_use(used, use)
            return b""
        raise Unavailable(f"topic {topic} is not answered here")

"""The life of a worker or function host: it begins when the control process says so, and ends when that one says so or
is gone.
"""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable
from typing import Protocol

import uvloop

from yett.server.hardening import forbid_inspection
from yett.server.launch import DRAIN, EXPLAIN, LAUNCH, PING, REPORT, Launch, read_launch, read_seconds
from yett.server.logging import configure_logging
from yett.server.open_files import permit_open_files
from yett.server.parts import Link, attach
from yett.values.errors import Refusal, Unavailable


class Role(Protocol):
    """What the process does."""

    async def launch(self, launch: Launch, link: Link) -> None:
        """Begin; when this returns, requests are answered."""
        ...

    async def stop(self, patience_seconds: float) -> None:
        """Finish what is in hand, and end."""
        ...

    async def explain(self, request_id: str) -> bytes:
        """What is known of a call; nothing if it was not answered here."""
        ...

    def report(self, process: str) -> bytes:
        """What was counted here, under the name that the control process has for us."""
        ...


def run(make: Callable[[], Role]) -> None:
    """Be the process; the one argument is the descriptor of the link to the control process."""
    forbid_inspection()
    configure_logging()
    permit_open_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the control process, which tells us
    uvloop.run(_live(make(), int(sys.argv[1])))


async def _live(role: Role, descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    end: asyncio.Future[float] = loop.create_future()

    def finish(patience_seconds: float) -> None:
        if not end.done():
            end.set_result(patience_seconds)

    async def handle(topic: int, body: bytes) -> bytes:
        match topic:
            case _ if topic == LAUNCH:
                try:
                    await role.launch(read_launch(body), link)
                    gc.freeze()  # what stands now stays: looking it over again would halt every call for a while
                except Refusal as refusal:
                    raise Unavailable(refusal.reason) from refusal
            case _ if topic == DRAIN:
                finish(read_seconds(body))
            case _ if topic == EXPLAIN:
                return await role.explain(body.decode())
            case _ if topic == REPORT:
                return role.report(body.decode())
            case _ if topic != PING:
                raise Unavailable(f"topic {topic} is not answered here")
        return b""

    # Without the control process nobody tells what was revoked: no process goes on without it.
    link = await attach(socket.socket(fileno=descriptor), handle, on_lost=lambda _: finish(0.0))
    loop.add_signal_handler(signal.SIGTERM, finish, 0.0)
    patience_seconds = await end
    await role.stop(patience_seconds)
    link.close()
    await link.lost

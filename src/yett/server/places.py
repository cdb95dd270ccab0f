"""Places of a node's processes: each is filled again when its process ends, and may be given to a newer one."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Self

import structlog

from yett.server.launch import DRAIN, LAUNCH, PING, Launch, encode
from yett.server.parts import Link, attach
from yett.values.errors import Unavailable

START_SECONDS: Final = 30.0  # from a process's birth to its first answer
GRACE_SECONDS: Final = 15.0  # for a process to end that was asked to; more than it gives the requests in hand
PING_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 20.0  # a process that does not answer for so long hangs, and is killed
SETTLED_SECONDS: Final = 10.0  # a process that lived so long is started again at once
PAUSES: Final = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)  # seconds, before the first start again, the second ...
PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH")

Handle = Callable[[int, bytes], Awaitable[bytes]]

log = structlog.get_logger("yett.node")


class ChildFailed(Unavailable):
    """A process of the node did not start."""


class Child:
    """A process of the node, as the control process has it."""

    def __init__(self, process: asyncio.subprocess.Process, link: Link) -> None:
        self.process = process
        self.link = link
        self.ended = asyncio.ensure_future(process.wait())
        self.started_at = asyncio.get_running_loop().time()

    @classmethod
    async def start(cls, module: str, launch: Launch, handle: Handle) -> Self:
        """Start a process and wait until it answers.

        Raises:
            ChildFailed: It ended, could not begin, or took too long.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                module,
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                env=environment(os.environ),
                pass_fds=(theirs.fileno(), launch.commits, *launch.listening),
                start_new_session=True,
            )
        child = cls(process, await attach(ours, handle))
        try:
            async with asyncio.timeout(START_SECONDS):
                await child.link.ask(LAUNCH, encode(launch))
        except (Unavailable, TimeoutError) as error:
            await child.kill()
            raise ChildFailed(
                f"{module} did not start: {getattr(error, 'reason', '') or 'it took too long'}"
            ) from error
        except BaseException:
            await child.kill()
            raise
        return child

    async def stop(self, patience_seconds: float) -> None:
        """Have it finish what is in hand and end; after the grace it is killed."""
        self.link.tell(DRAIN, encode(patience_seconds))
        try:
            async with asyncio.timeout(patience_seconds + GRACE_SECONDS):
                await asyncio.shield(self.ended)
        except TimeoutError:
            log.error("a process did not end and is killed", pid=self.process.pid)
        await self.kill()

    async def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await asyncio.shield(self.ended)
        self.link.close()

    async def watch(self) -> int:
        """Wait until it ends; one that does not answer any more is ended. Its exit status."""
        while not self.ended.done():
            await asyncio.wait({self.ended}, timeout=PING_SECONDS)
            if self.ended.done():
                break
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    await self.link.ask(PING, b"")
            except TimeoutError:
                log.error("a process does not answer any more and is killed", pid=self.process.pid)
                await self.kill()
            except Unavailable:  # the link went, the process will
                await asyncio.wait({self.ended}, timeout=GRACE_SECONDS)
                await self.kill()
        return self.ended.result()


class Place:
    """Where one process of the node is kept up."""

    def __init__(self, name: str, start: Callable[[], Awaitable[Child]]) -> None:
        self.name = name
        self._start = start
        self._changing = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None
        self._leaving: set[Child] = set()
        self._is_cleared = False
        self.child: Child | None = None

    async def fill(self) -> None:
        """Start the process, and keep it up from then on.

        Raises:
            ChildFailed: The first start failed.
        """
        self.child = await self._start()
        self._keeping = asyncio.create_task(self._keep())

    async def replace(self, patience_seconds: float) -> None:
        """Start another, and when it answers let the one that is there finish.

        Raises:
            ChildFailed: The new one did not start; the one that is there goes on.
        """
        async with self._changing:
            if self._is_cleared:
                return
            newer = await self._start()
            older, self.child = self.child, newer
        if older is not None:
            self._leaving.add(older)
            try:
                await older.stop(patience_seconds)
            finally:
                self._leaving.discard(older)

    async def clear(self) -> None:
        """Have the process finish, and start no other."""
        self._is_cleared = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        async with self._changing:
            child, self.child = self.child, None
        going = [*self._leaving] if child is None else [*self._leaving, child]
        await asyncio.gather(*(each.stop(0.0) for each in going))

    async def _keep(self) -> None:
        failures = 0
        while True:
            child = self.child
            if child is not None:
                status = await child.watch()
                if child is not self.child:  # it has a successor
                    continue
                child.link.close()
                log.error("a process ended by itself", process=self.name, pid=child.process.pid, status=status)
                if asyncio.get_running_loop().time() - child.started_at >= SETTLED_SECONDS:
                    failures = 0
            async with self._changing:
                if self.child is not child:
                    continue
                self.child = None
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
                try:
                    self.child = await self._start()
                except (ChildFailed, OSError) as error:
                    log.error("a process did not start", process=self.name, reason=str(error))
                else:
                    log.warning("a process was started again", process=self.name, pid=self.child.process.pid)


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What a process of the node gets of our environment: nothing secret, and nothing it would take for a setting."""
    return {name: ours[name] for name in PASSED_ON if name in ours}

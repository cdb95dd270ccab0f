"""What goes wrong, or is changed, while calls come in: each fault is switched on, held for a while and switched off."""

import asyncio
import contextlib
import os
import random
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from tests.postgresql_server import PostgresqlServer
from tests.redis_server import RedisServer
from tests.soak.wire import Backend, hang_up
from tests.soak.world import World

# Calls whose backend is the driver's own.
TO_THE_BACKEND = frozenset(
    {
        "open to a backend", "AWS_IAM, the user", "pool, ID token", "pool, scope", "authorizer, new token",
        "authorizer, known token", "authorizer, changing its mind", "method that is opened and closed",
        "the same, signed",
    }
)  # fmt: skip
TO_THE_AUTHORIZER = frozenset(
    {
        "authorizer, new token", "authorizer, known token", "authorizer, changing its mind", "authorizer, denied",
        "authorizer, known and denied", "authorizer, nobody",
    }
)  # fmt: skip
TO_DYNAMODB = frozenset({"DynamoDB, permitted"})

EVERY_KIND = frozenset({"*"})

Fault = Callable[[], AbstractAsyncContextManager[None]]


class Faults:
    """All faults, by name."""

    def __init__(
        self,
        world: World,
        backend: Backend,
        *,
        has_workers: bool,
        redis: RedisServer | None = None,
        postgresql: PostgresqlServer | None = None,
    ) -> None:
        self._world = world
        self._backend = backend
        self._redis = redis
        self._postgresql = postgresql
        self.all: dict[str, Fault] = {
            "backend dead": self.backend_dead,
            "authorizer failing": lambda: self.authorizer("fail"),
            "authorizer exiting": lambda: self.authorizer("exit"),
            "authorizer slow": lambda: self.authorizer("slow"),
            "authorizer says no": self.authorizer_says_no,
            "policy denies the user": lambda: self.switched(self._world.let_user),
            "access key asleep": lambda: self.switched(self._world.activate_key),
            "method closed and deployed": lambda: self.switched(self._world.open_changing),
            "office moved and deployed": lambda: self.switched(self._world.open_office),
            "pool and keys replaced": self.pool_replaced,
            "DynamoDB killed": self.dynamodb_killed,
            "function processes killed": self.functions_killed,
            "clients hang up": self.clients_hang_up,
            "deployed again and again": self.deployed_again,
        }
        if has_workers:
            self.all["worker killed"] = lambda: self.killed("worker killed", EVERY_KIND, "yett.server.worker")
            functions = TO_THE_AUTHORIZER | {"open to a function"}
            self.all["function host killed"] = lambda: self.killed(
                "function host killed", functions, "yett.server.function_host"
            )
            self.all["workers replaced"] = self.workers_replaced
        if redis is not None:
            self.all["Redis killed"] = self.redis_killed
        if postgresql is not None:
            self.all["PostgreSQL stopped"] = self.postgresql_stopped

    @asynccontextmanager
    async def switched(self, change: Callable[[bool], None]) -> AsyncIterator[None]:
        """Something is taken away, and given back."""
        await asyncio.to_thread(change, False)
        try:
            yield
        finally:
            await asyncio.to_thread(change, True)

    @asynccontextmanager
    async def disturbing(self, name: str, kinds: frozenset[str]) -> AsyncIterator[None]:
        """These kinds of calls may fail meanwhile."""
        self._world.disturbances.begin(name, kinds)
        try:
            yield
        finally:
            self._world.disturbances.end(name)

    @asynccontextmanager
    async def backend_dead(self) -> AsyncIterator[None]:
        async with self.disturbing("backend dead", TO_THE_BACKEND):
            await self._backend.stop()
            try:
                yield
            finally:
                await self._backend.start()

    @asynccontextmanager
    async def authorizer(self, mode: str) -> AsyncIterator[None]:
        async with self.disturbing(f"authorizer {mode}", TO_THE_AUTHORIZER):
            self._world.mode(mode)
            try:
                yield
            finally:
                self._world.mode("open")

    @asynccontextmanager
    async def authorizer_says_no(self) -> AsyncIterator[None]:
        async with self.switched(self._world.let_toggle):
            yield

    @asynccontextmanager
    async def pool_replaced(self) -> AsyncIterator[None]:
        await asyncio.to_thread(self._world.rotate_pool)
        yield

    @asynccontextmanager
    async def dynamodb_killed(self) -> AsyncIterator[None]:
        """Its tables end with it; the next call starts another."""
        world = self._world
        async with self.disturbing("DynamoDB killed", TO_DYNAMODB):
            world.table_is_there.begin(False)
            for pid in children_of(world.served.process.pid, "dynamodb", "moto"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            world.table_is_there.settle(False, after_seconds=0.5)
            yield
            world.table_is_there.begin(True)
            for _ in range(20):  # until the new one answers
                try:
                    await asyncio.to_thread(world.make_table)
                    break
                except (ClientError, BotoCoreError):
                    await asyncio.sleep(0.5)
            world.table_is_there.settle(True)

    @asynccontextmanager
    async def functions_killed(self) -> AsyncIterator[None]:
        """Processes of functions end in the middle of an invocation: those calls fail, and none is let in by it."""
        kinds = TO_THE_AUTHORIZER | {"open to a function"}
        async with self.disturbing("function processes killed", kinds):
            for pid in children_of(self._world.served.process.pid, "launcher.py"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            yield

    @asynccontextmanager
    async def killed(self, name: str, kinds: frozenset[str], word: str) -> AsyncIterator[None]:
        """One of the node's own processes ends, with the calls it had in hand; another takes its place."""
        async with self.disturbing(name, kinds):
            pids = children_of(self._world.served.process.pid, word)
            if pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(pids), signal.SIGKILL)
            yield
            await asyncio.sleep(1.0)

    @asynccontextmanager
    async def workers_replaced(self) -> AsyncIterator[None]:
        """New workers take the places of those that are there, and no call fails by it."""
        os.kill(self._world.served.process.pid, signal.SIGHUP)
        yield

    @asynccontextmanager
    async def redis_killed(self) -> AsyncIterator[None]:
        """Authorizers are asked again, and no call fails by it."""
        assert self._redis is not None
        await asyncio.to_thread(self._redis.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(self._redis.start)

    @asynccontextmanager
    async def postgresql_stopped(self) -> AsyncIterator[None]:
        """What is not in memory cannot be decided, and so is refused or fails."""
        assert self._postgresql is not None
        async with self.disturbing("PostgreSQL stopped", EVERY_KIND):
            await asyncio.to_thread(self._postgresql.stop)
            try:
                yield
            finally:
                await asyncio.to_thread(self._postgresql.start)

    @asynccontextmanager
    async def clients_hang_up(self) -> AsyncIterator[None]:
        """Clients go at every point of a request, or go on too long."""
        world = self._world
        host = f"{world.api_id}.execute-api.localhost:{world.served.port}"

        async def come_and_go() -> None:
            while True:
                path = secrets.choice(["function", "http", "lambda", "iam"])
                raw = f"POST /prod/{path}?nonce=00 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n{'x' * 100}"
                await hang_up(world.served.port, raw.encode(), after_bytes=random.randrange(len(raw) + 1))
                await asyncio.sleep(0.02)

        clients = [asyncio.create_task(come_and_go()) for _ in range(2)]
        try:
            yield
        finally:
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)

    @asynccontextmanager
    async def deployed_again(self) -> AsyncIterator[None]:
        """Nothing changes by it, and no call notices."""

        async def deploy() -> None:
            for _ in range(5):
                await asyncio.to_thread(self._world.deploy)
                await asyncio.sleep(0.1)

        deploying = asyncio.create_task(deploy())
        try:
            yield
        finally:
            await deploying


def children_of(pid: int, *words: str) -> list[int]:
    """Processes below *pid*, at any depth, whose command line holds one of the words."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if any(word in command for word in words):
                    found.append(child)
                found += children_of(child, *words)
    return found

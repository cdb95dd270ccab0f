"""A soak: every mechanism called at a modest rate while faults come and go, each answer checked by what was allowed.

    python -m tests.soak.soak --seconds 600

Exits with 1 if a call was let in that must be refused, was refused though it must be let in, failed with no fault on,
or got another call's answer. All traffic stays on loopback.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from tests.postgresql_server import PostgresqlServer, find_binaries
from tests.redis_server import RedisServer, find_redis
from tests.security.serving import Served
from tests.soak.calls import ALLOWED, FAILED, REFUSED, Calls, Kind, Request
from tests.soak.faults import Faults
from tests.soak.wire import Answered, Backend, Client
from tests.soak.world import World

MOST_IN_FLIGHT = 64
SHOWN_VIOLATIONS = 20
REFUSALS = frozenset({400, 401, 403})


class Settings(Struct, frozen=True, kw_only=True):
    """How long and how hard."""

    seconds: float = 600.0
    rate: float = 50.0  # calls a second
    fault_seconds: float = 4.0  # that a fault is held
    pause_seconds: float = 2.0  # between two
    settle_seconds: float = 0.0  # until a change that was acknowledged must show, in whichever process: at once
    options: tuple[str, ...] = ()  # of `yett serve`
    has_redis: bool = False  # workers share authorizers' answers through a Redis of the soak's own
    has_postgresql: bool = False  # the store is a PostgreSQL of the soak's own


class Tally(Struct):
    """What came of one kind of call."""

    outcomes: Counter[str]
    milliseconds: list[float]
    violations: int = 0


class Soak:
    """One run against a server."""

    def __init__(
        self,
        served: Served,
        world: World,
        backend: Backend,
        settings: Settings,
        *,
        redis: RedisServer | None = None,
        postgresql: PostgresqlServer | None = None,
    ) -> None:
        self._served = served
        self._world = world
        self._settings = settings
        self._calls = Calls(world)
        has_workers = "--workers" in settings.options
        self._faults = Faults(world, backend, has_workers=has_workers, redis=redis, postgresql=postgresql)
        self._clients: dict[str, list[Client]] = defaultdict(list)  # by source address, those that are idle
        self.tallies = {kind.name: Tally(Counter(), []) for kind in self._calls.kinds}
        self.faults: Counter[str] = Counter()
        self.violations: list[str] = []
        self.skipped = 0

    async def run(self) -> None:
        """Call and disturb until the time is over, then let what is under way end."""
        for kind in self._calls.kinds:  # once each in quiet, which starts processes too
            await self._one(kind)
        disturbing = asyncio.create_task(self._disturb())
        under_way: set[asyncio.Task[None]] = set()
        end = time.monotonic() + self._settings.seconds
        due = time.monotonic()
        while time.monotonic() < end:
            due += 1.0 / self._settings.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if len(under_way) >= MOST_IN_FLIGHT:
                self.skipped += 1
                continue
            task = asyncio.create_task(self._one(self._calls.draw()))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        disturbing.cancel()
        await asyncio.gather(disturbing, return_exceptions=True)
        await asyncio.gather(*under_way)
        for kind in self._calls.kinds:  # and once in quiet again: everything has recovered
            await self._one(kind)
        for clients in self._clients.values():
            for client in clients:
                client.close()

    async def _disturb(self) -> None:
        names = list(self._faults.all)
        while True:
            random.shuffle(names)
            for name in names:
                async with self._faults.all[name]():
                    self.faults[name] += 1
                    await asyncio.sleep(self._settings.fault_seconds)
                await asyncio.sleep(self._settings.pause_seconds)

    async def _one(self, kind: Kind) -> None:
        request = kind.make()
        idle = self._clients[request.source_ip]
        client = idle.pop() if idle else Client(self._served.port, source_ip=request.source_ip)
        start = time.monotonic()
        answered = await client.call(request.method, request.target, request.headers, request.body)
        end = time.monotonic()
        idle.append(client)
        tally = self.tallies[kind.name]
        outcome = classify(answered)
        tally.outcomes[outcome] += 1
        tally.milliseconds.append((end - start) * 1000)
        if wrong := self._judge(kind, request, answered, outcome, start=start, end=end):
            tally.violations += 1
            self.violations.append(f"{kind.name}: {wrong} ({answered.status} {answered.body[:160]!r})")

    def _judge(
        self, kind: Kind, request: Request, answered: Answered, outcome: str, *, start: float, end: float
    ) -> str | None:
        """What is wrong with an answer, if something is."""
        may_be = kind.expect(start, end)
        if outcome is ALLOWED:
            if True not in may_be or kind.fails:
                return "let in, and must be refused"
            if request.nonce is not None and answered.body != request.nonce.encode():
                return "got the answer of another call"
            return None
        if outcome is REFUSED:
            return None if False in may_be else "refused, and must be let in"
        if kind.fails or self._world.disturbances.touched(kind.name, start, end):
            return None
        return "failed with no fault on"

    def table(self) -> str:
        """The summary."""
        lines = [f"{'kind of call':38}{'allowed':>9}{'refused':>9}{'failed':>8}{'wrong':>7}{'p50 ms':>9}{'p99 ms':>9}"]
        for name, tally in self.tallies.items():
            times = sorted(tally.milliseconds) or [0.0]
            counts = "".join(
                f"{tally.outcomes[outcome]:>{width}}" for outcome, width in ((ALLOWED, 9), (REFUSED, 9), (FAILED, 8))
            )
            middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
            lines.append(f"{name:38}{counts}{tally.violations:>7}{middle:>9.1f}{late:>9.1f}")
        lines += ["", "faults: " + ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))]
        lines.append(
            f"{sum(len(tally.milliseconds) for tally in self.tallies.values())} calls, {self.skipped} left out"
        )
        return "\n".join(lines)


def classify(answered: Answered) -> str:
    """What an answer amounts to."""
    if 200 <= answered.status < 300:
        return ALLOWED
    return REFUSED if answered.status in REFUSALS else FAILED


async def soak(settings: Settings, directory: Path) -> Soak:
    """Start a server and what it stands on, make the world on it, and run."""
    backend = Backend()
    await backend.start()
    redis = start_redis(directory) if settings.has_redis else None
    postgresql = start_postgresql(directory) if settings.has_postgresql else None
    environment = {}
    if redis is not None:
        environment["YETT_REDIS_URL"] = redis.url
    if postgresql is not None:
        environment["YETT_DATABASE_URL"] = f"{postgresql.url}/postgres"
    served = Served(directory / "home", *settings.options, **environment)
    await asyncio.to_thread(served.__enter__)
    try:
        world = await asyncio.to_thread(
            World, served, backend.port, directory / "mode", settle_seconds=settings.settle_seconds
        )
        before = resident_mebibytes(served.process.pid)
        run = Soak(served, world, backend, settings, redis=redis, postgresql=postgresql)
        await run.run()
        if served.process.poll() is not None:
            run.violations.append(f"the server ended with {served.process.returncode}")
        else:
            print(f"server: {before} MiB before, {resident_mebibytes(served.process.pid)} MiB after")
    finally:
        await asyncio.to_thread(served.__exit__, None, None, None)
        await backend.stop()
        for one in (redis, postgresql):
            if one is not None:
                one.stop()
    if b"Traceback" in served.output:
        run.violations.append("the server's log holds a traceback")
        (directory / "server.log").write_bytes(served.output)
    return run


def start_redis(directory: Path) -> RedisServer:
    """A Redis that keeps nothing.

    Raises:
        SystemExit: None is installed.
    """
    binary = find_redis()
    if binary is None:
        raise SystemExit("no redis-server or valkey-server is installed")
    return RedisServer(binary, str(directory)).start()


def start_postgresql(directory: Path) -> PostgresqlServer:
    """A PostgreSQL with an empty database.

    Raises:
        SystemExit: None is installed.
    """
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL is installed")
    directory.chmod(0o755)  # so that whoever the server runs as finds its own
    place = directory / "postgresql"
    place.mkdir()
    server = PostgresqlServer(binaries, place)
    server.start()
    return server


def resident_mebibytes(pid: int) -> int:
    """The memory in use by a process; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 // 2**20
    except OSError:
        return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run by the command line, print the summary, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=50.0, help="calls a second")
    parser.add_argument("--workers", type=int, default=0, help="of `yett serve`")
    parser.add_argument("--redis", action="store_true", help="with a Redis of its own, which is killed too")
    parser.add_argument("--postgresql", action="store_true", help="with a PostgreSQL of its own, which is stopped too")
    given = parser.parse_args(arguments)
    pace = min(1.0, given.seconds / 120)
    settings = Settings(
        seconds=given.seconds,
        rate=given.rate,
        fault_seconds=max(0.4, 4.0 * pace),
        pause_seconds=max(0.2, 2.0 * pace),
        options=("--workers", str(given.workers)) if given.workers else (),
        has_redis=given.redis,
        has_postgresql=given.postgresql,
    )
    directory = Path(tempfile.mkdtemp(prefix="yett-soak-"))
    run = asyncio.run(soak(settings, directory))
    print(run.table())
    for violation in run.violations[:SHOWN_VIOLATIONS]:
        print(f"VIOLATION {violation}")
    if run.violations:
        print(json.dumps({"violations": len(run.violations), "files": str(directory)}))
    return 1 if run.violations else 0


if __name__ == "__main__":
    sys.exit(main())

"""Functions at the function host, whose pool is a fake or a real one."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.functions.support import ARN, bench
from tests.fakes.functions import MemoryRunner

from yett.adapters.functions.remote import HELLO, INVOKE, HostedFunctions, RemoteFunctions
from yett.adapters.links import Link, LinkLost
from yett.adapters.unix_sockets import connectable, listen_at
from yett.ports.errors import Unavailable
from yett.ports.function_runner import FunctionNotFound, FunctionThrottled, FunctionUnavailable

TOKEN = b"t" * 32


class Host:
    """A function host within this process."""

    def __init__(self, path: Path, runner: Any) -> None:
        self.path, self.runner = path, runner
        self.links: list[Link] = []

    async def start(self) -> None:
        hosted = HostedFunctions(self.runner, TOKEN)

        def link() -> Link:
            self.links.append(hosted.link())
            return self.links[-1]

        self.server = await asyncio.get_running_loop().create_unix_server(link, sock=listen_at(self.path))

    async def die(self) -> None:
        self.server.close()
        for link in self.links:
            link.close()
            await link.lost
        self.links.clear()


@asynccontextmanager
async def hosted(
    tmp_path: Path, runner: Any, *, patience_seconds: float = 5
) -> AsyncIterator[tuple[Host, RemoteFunctions]]:
    host = Host(tmp_path / "functions.sock", runner)
    await host.start()
    remote = RemoteFunctions(host.path, TOKEN, patience_seconds=patience_seconds)
    try:
        yield host, remote
    finally:
        await remote.stop()
        await host.die()


async def test_an_invocation_is_run_by_the_host_and_its_answer_comes_whole(tmp_path: Path) -> None:
    async with (
        bench(tmp_path, "def handler(event, context): return [event, context.aws_request_id]") as subject,
        hosted(tmp_path, subject.pool) as (_, remote),
    ):
        answer = await remote.invoke(ARN, b'{"a": 1}', request_id="id", trace_header="Root=1")
        assert json.loads(answer.payload) == [{"a": 1}, "id"]
        assert answer.function_error is None
        assert b"REPORT RequestId: id" in answer.log_tail


@pytest.mark.parametrize("error", [FunctionNotFound, FunctionThrottled, FunctionUnavailable, Unavailable])
async def test_refusals_come_through_as_what_they_are(tmp_path: Path, error: type[Exception]) -> None:
    runner = MemoryRunner()
    runner.raises = error("why")
    async with hosted(tmp_path, runner) as (_, remote):
        expected = FunctionUnavailable if error is Unavailable else error
        with pytest.raises(expected, match="why"):
            await remote.invoke(ARN, b"{}", request_id="id")


async def test_what_comes_while_the_host_is_away_waits_for_it(tmp_path: Path) -> None:
    runner = MemoryRunner()
    runner.handlers[ARN] = lambda event: event
    async with hosted(tmp_path, runner) as (host, remote):
        await remote.invoke(ARN, b"1", request_id="1")
        await host.die()
        waiting = [asyncio.ensure_future(remote.invoke(ARN, b"2", request_id=str(number))) for number in range(3)]
        await asyncio.sleep(0)
        await host.start()
        assert [answer.payload for answer in await asyncio.gather(*waiting)] == [b"2"] * 3


async def test_what_ran_when_the_host_went_away_is_unavailable_and_not_run_again(tmp_path: Path) -> None:
    runner = MemoryRunner()
    runner.handlers[ARN] = lambda event: event
    runner.gate.clear()
    async with hosted(tmp_path, runner) as (host, remote):
        running = asyncio.ensure_future(remote.invoke(ARN, b"1", request_id="1"))
        await runner.started.wait()
        await host.die()
        with pytest.raises(FunctionUnavailable, match="went away"):
            await running
        runner.gate.set()
        await host.start()
        await remote.invoke(ARN, b"2", request_id="2")
        assert [event for _, event in runner.events] == [1, 2]


async def test_a_host_that_does_not_come_back_is_unavailable(tmp_path: Path) -> None:
    async with hosted(tmp_path, MemoryRunner(), patience_seconds=0.05) as (host, remote):
        await host.die()
        with pytest.raises(FunctionUnavailable, match="does not answer"):
            await remote.invoke(ARN, b"{}", request_id="id")


async def test_who_does_not_know_the_token_runs_nothing(tmp_path: Path) -> None:
    runner = MemoryRunner()
    async with hosted(tmp_path, runner) as (host, _):
        for topic, body in ((INVOKE, b""), (HELLO, b"x" * 32)):
            with connectable(host.path) as path:
                _, link = await asyncio.get_running_loop().create_unix_connection(Link, path)
            with pytest.raises((Unavailable, LinkLost)):
                await link.ask(topic, body)
            await link.lost
    assert runner.events == []


async def test_the_socket_is_its_users_alone_however_deep_the_home_lies(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-directory-of-the-home"] * 8)
    deep.mkdir(parents=True)
    runner = MemoryRunner()
    runner.handlers[ARN] = lambda event: event
    async with hosted(deep, runner) as (host, remote):
        assert stat.S_IMODE(host.path.stat().st_mode) == 0o600
        assert (await remote.invoke(ARN, b"1", request_id="1")).payload == b"1"

"""What carries a request is a task to all that it runs."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from yett.server.answering import Answering


async def carried(work: Callable[[], Awaitable[None]]) -> Answering:
    """The work, begun from the event loop as a connection begins it."""
    loop = asyncio.get_running_loop()

    async def steps() -> None:
        await work()

    answering = Answering(steps(), loop)
    begun = loop.create_future()
    loop.call_soon(lambda: (answering.begin(), begun.set_result(None)))
    await begun
    return answering


async def test_what_waits_for_nothing_is_done_at_once() -> None:
    done: list[object] = []

    async def work() -> None:
        done.append(asyncio.current_task())

    answering = await carried(work)
    assert done == [answering]
    assert asyncio.current_task() is not answering


async def test_it_goes_on_when_what_it_waits_for_is_done() -> None:
    loop = asyncio.get_running_loop()
    first, second = loop.create_future(), loop.create_future()
    seen: list[object] = []

    async def work() -> None:
        seen.append(await first)
        await asyncio.sleep(0)
        try:
            await second
        except ValueError as error:
            seen.append(str(error))
        seen.append(await asyncio.create_task(asyncio.sleep(0, "slept")))

    await carried(work)
    assert seen == []
    first.set_result(1)
    await asyncio.sleep(0.001)
    second.set_exception(ValueError("no"))
    while len(seen) < 3:
        await asyncio.sleep(0)
    assert seen == [1, "no", "slept"]


async def test_time_outs_work_as_in_any_task() -> None:
    ended = asyncio.get_running_loop().create_future()

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().create_future(), 0.001)
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
        async with asyncio.TaskGroup() as group:
            slept = group.create_task(asyncio.sleep(0, "slept"))
        ended.set_result(slept.result())

    await carried(work)
    assert await ended == "slept"


@pytest.mark.parametrize("rounds", [0, 1])
async def test_cancelling_reaches_it_where_it_waits(rounds: int) -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            for _ in range(rounds):
                await asyncio.sleep(0)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    answering = await carried(work)
    answering.cancel()
    assert answering.cancelling() == 1
    while not seen:
        await asyncio.sleep(0)
    assert seen == ["cancelled"]
    assert answering.uncancel() == 0


async def test_cancelling_reaches_the_task_that_it_waits_for() -> None:
    seen: list[str] = []

    async def inner() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            seen.append("inner")
            raise

    async def work() -> None:
        await asyncio.create_task(inner())

    answering = await carried(work)
    await asyncio.sleep(0)
    answering.cancel()
    while not seen:
        await asyncio.sleep(0)
    assert seen == ["inner"]

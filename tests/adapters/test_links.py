import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from yett.adapters.links import MAX_FRAME_BYTES, Handle, Link, LinkLost, attach, nothing
from yett.ports.errors import Unavailable


@asynccontextmanager
async def pair(handle: Handle = nothing, other: Handle = nothing) -> AsyncIterator[tuple[Link, Link]]:
    ends = socket.socketpair()
    one, two = await attach(ends[0], other), await attach(ends[1], handle)
    try:
        yield one, two
    finally:
        one.close()
        two.close()
        await asyncio.gather(one.lost, two.lost)


async def test_answers_come_in_whatever_order_they_are_ready() -> None:
    gate = asyncio.Event()

    async def handle(topic: int, body: bytes) -> bytes:
        if topic == 1:
            await gate.wait()
        return bytes([topic]) + body

    async with pair(handle) as (one, _):
        slow = asyncio.ensure_future(one.ask(1, b"slow"))
        assert await one.ask(2, b"fast") == b"\2fast"
        gate.set()
        assert await slow == b"\1slow"


async def test_both_sides_ask() -> None:
    async def upper(topic: int, body: bytes) -> bytes:
        return body.upper()

    async def lower(topic: int, body: bytes) -> bytes:
        return body.lower()

    async with pair(upper, lower) as (one, two):
        assert (await one.ask(1, b"aB"), await two.ask(1, b"aB")) == (b"AB", b"ab")


async def test_large_bodies_come_whole() -> None:
    async def echo(topic: int, body: bytes) -> bytes:
        return body

    async with pair(echo) as (one, _):
        bodies = [bytes([number]) * 3_000_000 for number in range(4)]
        assert await asyncio.gather(*(one.ask(1, body) for body in bodies)) == bodies


async def test_what_the_other_side_cannot_do_is_unavailable() -> None:
    async def refuse(topic: int, body: bytes) -> bytes:
        raise Unavailable("the database is away")

    async with pair(refuse) as (one, _):
        with pytest.raises(Unavailable, match="the database is away"):
            await one.ask(1, b"")


async def test_a_mistake_of_the_other_side_is_told_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(topic: int, body: bytes) -> bytes:
        raise KeyError("a secret")

    async with pair(fail) as (one, _):
        with pytest.raises(Unavailable, match="made a mistake"):
            await one.ask(1, b"")
    assert "was not handled" in caplog.text


async def test_whoever_waits_learns_that_the_other_process_went_away() -> None:
    async def forever(topic: int, body: bytes) -> bytes:
        await asyncio.get_running_loop().create_future()
        return b""

    async with pair(forever) as (one, two):
        waiting = asyncio.ensure_future(one.ask(1, b""))
        await asyncio.sleep(0)
        two.close()
        with pytest.raises(LinkLost):
            await waiting
        with pytest.raises(LinkLost):
            await one.ask(1, b"")
        for task in tuple(two._tasks):
            task.cancel()
        await two.settled()


async def test_what_is_told_is_not_answered() -> None:
    told: list[bytes] = []
    arrived = asyncio.Event()

    async def take(topic: int, body: bytes) -> bytes:
        told.append(body)
        arrived.set()
        return b""

    async with pair(take) as (one, two):
        one.tell(1, b"news")
        await arrived.wait()
        await two.settled()
    assert told == [b"news"]


async def test_a_frame_beyond_the_bound_closes_the_link() -> None:
    ends = socket.socketpair()
    link = await attach(ends[0])
    ends[1].sendall(struct.pack(">IBBQ", MAX_FRAME_BYTES + 1, 0, 0, 1))
    await link.lost
    ends[1].close()


async def test_what_is_too_large_for_a_frame_is_not_said_and_the_link_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yett.adapters.links.MAX_FRAME_BYTES", 100)

    async def grow(topic: int, body: bytes) -> bytes:
        return body * 2

    async with pair(grow) as (one, _):
        with pytest.raises(Unavailable, match="too much"):
            await one.ask(1, b"x" * 101)
        with pytest.raises(Unavailable, match="too large"):
            await one.ask(1, b"x" * 60)
        assert await one.ask(1, b"x") == b"xx"

"""Events against a runner that does as it is told, on a real store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.adapters.functions.support import ARN, Shelf

from yett.adapters.functions.events import EVENTS, ORPHANED_AFTER, KeptEvents
from yett.adapters.sql.database import Database
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.adapters.sql.sealing import Sealer
from yett.ports.function_runner import FunctionAnswer, FunctionNotFound, FunctionThrottled, FunctionUnavailable
from yett.rules.lambda_.event_retries import EventConfig

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAILED = FunctionAnswer(payload=b"{}", function_error="Unhandled")
DONE = FunctionAnswer(payload=b"null")


class World:
    """A clock that stands still until somebody waits, and a runner."""

    def __init__(self) -> None:
        self.time = NOW
        self.pauses: list[float] = []
        self.asked: list[tuple[str, bytes, str, str | None]] = []
        self.answers: list[FunctionAnswer | Exception] = []
        self.shelf = Shelf()
        self.shelf.put("")
        self.hangs = False

    def now(self) -> datetime:
        return self.time

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += timedelta(seconds=seconds)

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        self.asked.append((function_arn, payload, request_id, trace_header))
        if self.hangs:
            await asyncio.Event().wait()
        answer = self.answers.pop(0) if self.answers else DONE
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        raise AssertionError("events are kept here")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlFunctionStore]:
    database = Database.open(f"sqlite:///{tmp_path / 'yett.db'}", sealer=Sealer(b"k" * 32))
    yield SqlFunctionStore(database)
    await database.close()


Make = Callable[..., KeptEvents]


@pytest.fixture
async def make(world: World, store: SqlFunctionStore) -> AsyncIterator[Make]:
    made: list[KeptEvents] = []

    def one(owner: str = "here") -> KeptEvents:
        made.append(KeptEvents(world, store=store, functions=world.shelf, clock=world, owner=owner, pause=world.pause))
        return made[-1]

    yield one
    for each in made:
        await each.stop()


async def settle(events: KeptEvents) -> None:
    """Wait until no event is under way."""
    while events._tasks:
        await asyncio.wait(events._tasks)


async def submit(events: KeptEvents, request_id: str = "r1") -> None:
    await events.submit(ARN, b"[1]", request_id=request_id, trace_header="Root=1")


async def test_an_event_is_run_once_and_then_forgotten(make: Make, world: World, store: SqlFunctionStore) -> None:
    events = make()
    await submit(events)
    await settle(events)
    assert world.asked == [(ARN, b"[1]", "r1", "Root=1")]
    assert await store.list_events() == ()
    assert await events.invoke(ARN, b"{}", request_id="r2") == DONE


@pytest.mark.parametrize(
    ("config", "answers", "pauses"),
    [
        (None, [FAILED, FAILED, FAILED, FAILED], [0, 60, 120]),
        (EventConfig(updated_at=NOW, maximum_retries=0), [FAILED, FAILED], [0]),
        (EventConfig(updated_at=NOW, maximum_age_seconds=60), [FAILED, FAILED, FAILED], [0, 60]),
        (None, [FunctionThrottled(), FunctionUnavailable("disk"), FAILED, DONE], [0, 1, 2, 60]),
        (None, [FunctionNotFound("gone"), DONE], [0]),
        (None, [DONE], [0]),
    ],
)
async def test_an_event_is_tried_as_often_as_its_function_says(
    make: Make,
    world: World,
    store: SqlFunctionStore,
    config: EventConfig | None,
    answers: list[FunctionAnswer | Exception],
    pauses: list[float],
) -> None:
    world.shelf.change(world.shelf.functions[ARN], event_config=config)
    world.answers = answers
    events = make()
    await submit(events)
    await settle(events)
    assert world.pauses == pauses
    assert {each[2] for each in world.asked} == {"r1"}
    assert await store.list_events() == ()


async def test_what_was_taken_is_run_after_a_restart_and_counts_go_on(
    make: Make, world: World, store: SqlFunctionStore
) -> None:
    world.hangs = True
    first = make()
    await submit(first)
    await asyncio.sleep(0)
    [kept] = await store.list_events()
    assert kept.payload == b"[1]"
    await first.stop()
    world.hangs = False
    world.answers = [FAILED, FAILED, FAILED, DONE]
    second = make()
    await second.resume()
    await settle(second)
    assert len(world.asked) == 1 + 3
    assert await store.list_events() == ()


async def test_another_servers_events_are_left_to_it_until_it_is_long_gone(
    make: Make, world: World, store: SqlFunctionStore
) -> None:
    world.hangs = True
    there = make("there")
    await submit(there)
    await there.stop()
    world.hangs = False
    here = make()
    before = len(world.asked)
    await here.resume()
    await settle(here)
    assert len(world.asked) == before
    world.time += ORPHANED_AFTER + timedelta(seconds=1)
    await here.resume()
    await settle(here)
    assert len(world.asked) == before + 1
    assert await store.list_events() == ()


async def test_what_cannot_run_is_refused_or_given_up(make: Make, world: World, store: SqlFunctionStore) -> None:
    events = make()
    with pytest.raises(FunctionNotFound):
        await events.submit(f"{ARN}-unknown", b"{}", request_id="r")
    world.shelf.change(world.shelf.functions[ARN], reserved_concurrency=0)
    await submit(events)
    await settle(events)
    assert world.asked == []
    assert await store.list_events() == ()


async def test_there_is_a_bound_on_what_is_kept(make: Make, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert EVENTS == 1000
    monkeypatch.setattr("yett.adapters.functions.events.EVENTS", 2)
    world.hangs = True
    events = make()
    await submit(events, "r1")
    await submit(events, "r2")
    with pytest.raises(FunctionThrottled):
        await submit(events, "r3")

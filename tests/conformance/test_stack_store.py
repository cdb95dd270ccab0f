"""What the stack store promises, on every database."""

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec import structs

from yett.adapters.sql.database import Database
from yett.adapters.sql.stack_store import SqlStackStore
from yett.ports.errors import Conflict
from yett.ports.stack_store import ResourceRecord, StackRecord, Step

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = ResourceRecord(
    logical_id="Key",
    type="AWS::IAM::AccessKey",
    physical_id="AKIA",
    attributes={"SecretAccessKey": "very secret"},
    properties={"UserName": "ann"},
    digest="d",
)
STEP = Step(
    action="update",
    logical_id="Key",
    type=KEY.type,
    properties={"UserName": "bob"},
    token="T",
    before=KEY,
)


def stack(name: str = "pets", *, serial: int = 1) -> StackRecord:
    return StackRecord(
        name=name,
        account=ACCOUNT,
        region=REGION,
        stack_id=f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1",
        resources=(KEY,),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        serial=serial,
        journal=(STEP,),
        leavings=(KEY,),
        exports={"a": "1"},
        imports=("b",),
    )


@pytest.fixture
def store(database: Database) -> SqlStackStore:
    return SqlStackStore(database)


async def test_a_stack_comes_back_as_it_was_kept(store: SqlStackStore) -> None:
    await store.put(stack())
    assert await store.find(ACCOUNT, REGION, "pets") == stack()
    assert await store.find(ACCOUNT, "eu-west-1", "pets") is None


async def test_the_stacks_of_a_place_are_listed_by_name(store: SqlStackStore) -> None:
    for name in ("b", "a"):
        await store.put(stack(name))
    await store.put(structs.replace(stack("c"), region="eu-west-1"))
    assert [one.name for one in await store.all(ACCOUNT, REGION)] == ["a", "b"]


async def test_a_record_must_follow_the_one_that_is_kept(store: SqlStackStore) -> None:
    with pytest.raises(Conflict):
        await store.put(stack(serial=2))
    await store.put(stack())
    for serial in (1, 3):
        with pytest.raises(Conflict):
            await store.put(stack(serial=serial))
    await store.put(stack(serial=2))


async def test_of_many_writers_at_once_one_writes(store: SqlStackStore) -> None:
    answers = await asyncio.gather(*(store.put(stack()) for _ in range(8)), return_exceptions=True)
    assert answers.count(None) == 1
    assert all(isinstance(one, Conflict) for one in answers if one is not None)


async def test_a_removed_stack_begins_anew(store: SqlStackStore) -> None:
    await store.put(stack())
    assert await store.remove(ACCOUNT, REGION, "pets")
    assert not await store.remove(ACCOUNT, REGION, "pets")
    await store.put(stack())

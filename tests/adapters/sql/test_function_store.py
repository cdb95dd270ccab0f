import base64
import hashlib
from datetime import UTC, datetime

import pytest
from msgspec import structs
from sqlalchemy import select

from yett.adapters.sql.database import Database
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.adapters.sql.schema import DOCUMENTS
from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.function_store import FunctionRecord, FunctionStatement

ACCOUNT, REGION = "123456789012", "us-east-1"


def record(name: str, package: bytes, **members: object) -> FunctionRecord:
    made = FunctionRecord(
        account=ACCOUNT,
        region=REGION,
        name=name,
        runtime="python3.12",
        handler="app.handler",
        role_arn="arn:aws:iam::123456789012:role/f",
        timeout_seconds=3,
        memory_mb=128,
        code_sha256=base64.b64encode(hashlib.sha256(package).digest()).decode(),
        code_bytes=len(package),
        revision_id="1",
        updated_at=datetime(2026, 1, 1, 1, 2, 3, 456000, tzinfo=UTC),
        environment={"PASSWORD": "correct-horse"},
        tags={"a": "b"},
        statements=(FunctionStatement(sid="s", document="{}"),),
    )
    return structs.replace(made, **members)


@pytest.fixture
def store(database: Database) -> SqlFunctionStore:
    return SqlFunctionStore(database)


async def test_a_function_comes_back_as_it_was_put_and_its_variables_are_sealed(
    store: SqlFunctionStore, database: Database
) -> None:
    package = bytes(range(256)) * 10_000  # several pieces
    await store.add(record("f", package), package)
    assert await store.find(ACCOUNT, REGION, "f") == record("f", package)
    assert await store.find_code(ACCOUNT, REGION, record("f", package).code_sha256) == package
    assert await store.find("999999999999", REGION, "f") is None
    assert await store.find_code("999999999999", REGION, record("f", package).code_sha256) is None
    every = select(DOCUMENTS.c.body)
    bodies = b"".join(await database.read(lambda tx: [bytes(row[0]) for row in tx.connection.execute(every)]))
    assert b"app.handler" in bodies
    assert b"correct-horse" not in bodies
    with pytest.raises(AlreadyExists):
        await store.add(record("f", b"other"), b"other")
    assert await store.find_code(ACCOUNT, REGION, record("f", b"other").code_sha256) is None


async def test_a_package_goes_with_the_last_function_that_has_it(store: SqlFunctionStore) -> None:
    sha256 = record("f", b"code").code_sha256
    await store.add(record("f", b"code"), b"code")
    await store.add(record("g", b"code"), b"code")
    changed = record("f", b"more", revision_id="2")
    await store.replace(changed, expected_revision_id="1", package=b"more")
    assert await store.find_code(ACCOUNT, REGION, sha256) == b"code"
    assert await store.remove(ACCOUNT, REGION, "g")
    assert await store.find_code(ACCOUNT, REGION, sha256) is None
    assert await store.find_code(ACCOUNT, REGION, changed.code_sha256) == b"more"
    assert not await store.remove(ACCOUNT, REGION, "g")


async def test_a_change_of_what_has_changed_is_refused(store: SqlFunctionStore) -> None:
    await store.add(record("f", b"code"), b"code")
    await store.replace(record("f", b"code", revision_id="2"), expected_revision_id="1")
    with pytest.raises(Conflict):
        await store.replace(record("f", b"code", revision_id="3"), expected_revision_id="1")
    with pytest.raises(Conflict):
        await store.replace(record("absent", b"code"), expected_revision_id="1")


async def test_functions_are_listed_by_name_from_where_one_left_off(store: SqlFunctionStore) -> None:
    for name in ("c", "a", "B"):
        await store.add(record(name, b"code"), b"code")
    first = await store.list_functions(ACCOUNT, REGION, limit=2)
    assert [each.name for each in first] == ["B", "a"]
    assert [each.name for each in await store.list_functions(ACCOUNT, REGION, after="a", limit=2)] == ["c"]


async def test_every_change_moves_the_functions_scope(store: SqlFunctionStore, database: Database) -> None:
    seen: list[frozenset[str]] = []
    database.on_commit(seen.append)
    await store.add(record("f", b"code"), b"code")
    await store.replace(record("f", b"code", revision_id="2"), expected_revision_id="1")
    await store.remove(ACCOUNT, REGION, "f")
    assert seen == [frozenset({f"function:{record('f', b'code').arn}"})] * 3

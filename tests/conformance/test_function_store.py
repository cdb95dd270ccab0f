"""What the function store promises of versions, aliases, layers and events, on every database."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from tests.adapters.sql.test_function_store import ACCOUNT, REGION, record

from yett.adapters.sql.database import Database
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.function_store import AliasRecord, EventRecord, FunctionRecord, LayerRecord, LayerUse
from yett.rules.lambda_.event_retries import EventConfig

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATEST = record("f", b"code", event_configs={"$LATEST": EventConfig(updated_at=NOW, maximum_retries=1)})


def alias(name: str = "prod", version: str = "1", **members: object) -> AliasRecord:
    made = AliasRecord(account=ACCOUNT, region=REGION, function_name="f", name=name, version=version, revision_id="a1")
    return structs.replace(made, **members)


def layer(package: bytes, name: str = "l") -> LayerRecord:
    return LayerRecord(
        account=ACCOUNT,
        region=REGION,
        name=name,
        version=0,
        code_sha256=record("x", package).code_sha256,
        code_bytes=len(package),
        unzipped_bytes=3,
        created_at=NOW,
        runtimes=("python3.12",),
    )


@pytest.fixture
async def store(database: Database) -> SqlFunctionStore:
    opened = SqlFunctionStore(database)
    await opened.add(LATEST, b"code")
    return opened


async def publish(store: SqlFunctionStore, number: int) -> FunctionRecord:
    version = structs.replace(LATEST, version=str(number), revision_id=f"v{number}", statements=(), event_configs={})
    await store.publish(version, expected_revision_id="1")
    return version


async def test_versions_are_numbered_one_after_the_other_and_keep_what_they_are(store: SqlFunctionStore) -> None:
    made = [await publish(store, number) for number in range(1, 12)]
    with pytest.raises(Conflict):
        await publish(store, 11)
    with pytest.raises(Conflict):
        await publish(store, 13)
    with pytest.raises(Conflict):
        await store.publish(structs.replace(LATEST, version="12"), expected_revision_id="0")
    await store.replace(
        record("f", b"more", revision_id="2", last_version=11), expected_revision_id="1", package=b"more"
    )
    assert await store.list_versions(ACCOUNT, REGION, "f") == tuple(made)
    assert await store.list_versions(ACCOUNT, REGION, "f", after=8, limit=2) == tuple(made[8:10])
    assert await store.find(ACCOUNT, REGION, "f", version="11") == made[-1]
    assert await store.find_code(ACCOUNT, REGION, made[0].code_sha256) == b"code"
    latest = await store.find(ACCOUNT, REGION, "f")
    assert latest is not None
    assert latest.last_version == 11


async def test_publishing_leaves_latest_as_it_is_and_another_function_too(store: SqlFunctionStore) -> None:
    await store.add(record("f-2", b"code"), b"code")
    await publish(store, 1)
    assert await store.find(ACCOUNT, REGION, "f") == structs.replace(LATEST, last_version=1)
    assert await store.list_versions(ACCOUNT, REGION, "f-2") == ()
    assert await store.list_functions(ACCOUNT, REGION, limit=9) != ()


async def test_a_versions_policy_changes_apart_from_latests(store: SqlFunctionStore) -> None:
    version = await publish(store, 1)
    changed = structs.replace(version, statements=LATEST.statements, revision_id="v2")
    await store.replace(changed, expected_revision_id="v1")
    assert await store.find(ACCOUNT, REGION, "f", version="1") == changed
    with pytest.raises(Conflict):
        await store.replace(changed, expected_revision_id="v1")


async def test_code_goes_with_the_last_version_that_has_it(store: SqlFunctionStore) -> None:
    version = await publish(store, 1)
    await store.replace(
        record("f", b"more", revision_id="2", last_version=1), expected_revision_id="1", package=b"more"
    )
    assert await store.remove_version(ACCOUNT, REGION, "f", "1")
    assert not await store.remove_version(ACCOUNT, REGION, "f", "1")
    assert await store.find_code(ACCOUNT, REGION, version.code_sha256) is None
    assert await store.find(ACCOUNT, REGION, "f", version="1") is None


async def test_an_alias_names_a_version_that_is_there_and_keeps_it(store: SqlFunctionStore) -> None:
    with pytest.raises(Conflict):
        await store.add_alias(alias())
    await publish(store, 1)
    await publish(store, 2)
    await store.add_alias(alias())
    await store.add_alias(alias("latest", "$LATEST"))
    with pytest.raises(AlreadyExists):
        await store.add_alias(alias())
    with pytest.raises(Conflict):
        await store.remove_version(ACCOUNT, REGION, "f", "1")
    await store.replace_alias(alias(version="2", revision_id="a2"), expected_revision_id="a1")
    with pytest.raises(Conflict):
        await store.replace_alias(alias(version="2"), expected_revision_id="a1")
    with pytest.raises(Conflict):
        await store.replace_alias(alias(version="3"), expected_revision_id="a2")
    assert await store.remove_version(ACCOUNT, REGION, "f", "1")
    assert await store.find_alias(ACCOUNT, REGION, "f", "prod") == alias(version="2", revision_id="a2")
    assert [each.name for each in await store.list_aliases(ACCOUNT, REGION, "f")] == ["latest", "prod"]
    assert [each.name for each in await store.list_aliases(ACCOUNT, REGION, "f", after="latest")] == ["prod"]
    assert await store.remove_alias(ACCOUNT, REGION, "f", "prod")
    assert not await store.remove_alias(ACCOUNT, REGION, "f", "prod")


async def test_a_function_goes_with_its_versions_and_aliases(store: SqlFunctionStore) -> None:
    await publish(store, 1)
    await store.add_alias(alias())
    assert await store.remove(ACCOUNT, REGION, "f")
    assert await store.list_versions(ACCOUNT, REGION, "f") == ()
    assert await store.list_aliases(ACCOUNT, REGION, "f") == ()
    assert await store.find_code(ACCOUNT, REGION, LATEST.code_sha256) is None


async def test_every_change_of_a_version_or_alias_moves_the_functions_scope(
    store: SqlFunctionStore, database: Database
) -> None:
    seen: list[frozenset[str]] = []
    database.on_commit(seen.append)
    await publish(store, 1)
    await store.add_alias(alias())
    await store.replace_alias(alias(version="$LATEST", revision_id="a2"), expected_revision_id="a1")
    await store.remove_version(ACCOUNT, REGION, "f", "1")
    await store.remove_alias(ACCOUNT, REGION, "f", "prod")
    assert seen == [frozenset({f"function:{LATEST.arn}"})] * 5


async def test_a_layers_number_is_never_given_again_and_functions_keep_its_code(store: SqlFunctionStore) -> None:
    first = await store.publish_layer(layer(b"one"), b"one")
    second = await store.publish_layer(layer(b"two"), b"two")
    assert (first.version, second.version) == (1, 2)
    use = LayerUse(arn=first.arn, code_sha256=first.code_sha256, code_bytes=3, unzipped_bytes=3)
    await store.replace(structs.replace(LATEST, layers=(use,), revision_id="2"), expected_revision_id="1")
    for number in (1, 2):
        assert await store.remove_layer(ACCOUNT, REGION, "l", number)
        assert not await store.remove_layer(ACCOUNT, REGION, "l", number)
    assert await store.find_code(ACCOUNT, REGION, first.code_sha256) == b"one"
    assert await store.find_code(ACCOUNT, REGION, second.code_sha256) is None
    third = await store.publish_layer(layer(b"two"), b"two")
    await store.publish_layer(layer(b"two", "other"), b"two")
    assert third.version == 3
    assert await store.find_layer(ACCOUNT, REGION, "l", 3) == third
    assert await store.list_layer_versions(ACCOUNT, REGION, "l") == (third,)
    assert [each.name for each in await store.list_layer_versions(ACCOUNT, REGION, None)] == ["l", "other"]
    await store.replace(structs.replace(LATEST, revision_id="3"), expected_revision_id="2")
    assert await store.find_code(ACCOUNT, REGION, first.code_sha256) is None


async def test_events_are_kept_until_they_are_done_and_how_they_fare(store: SqlFunctionStore) -> None:
    event = EventRecord(
        request_id="r1", function_arn=LATEST.arn, payload=b"[1]", accepted_at=NOW, due_at=NOW, trace_header="Root=1"
    )
    await store.put_event(event)
    await store.put_event(structs.replace(event, request_id="r2"))
    later = structs.replace(event, failures=1, due_at=NOW + timedelta(seconds=60))
    await store.put_event(later)
    await store.remove_event("r2")
    await store.remove_event("r3")
    assert await store.list_events() == (later,)


async def test_what_was_set_for_an_aliass_events_goes_with_it(store: SqlFunctionStore) -> None:
    await publish(store, 1)
    await store.add_alias(alias())
    config = EventConfig(updated_at=NOW)
    latest = structs.replace(LATEST, last_version=1, event_configs={"prod": config, "1": config, "$LATEST": config})
    await store.replace(latest, expected_revision_id="1")
    await store.remove_alias(ACCOUNT, REGION, "f", "prod")
    await store.remove_version(ACCOUNT, REGION, "f", "1")
    assert await store.find(ACCOUNT, REGION, "f") == structs.replace(latest, event_configs={"$LATEST": config})

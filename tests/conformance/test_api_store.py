"""What the store of REST APIs promises, on every database."""

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec import structs

from yett.adapters.sql.api_store import SqlApiStore
from yett.adapters.sql.database import Database
from yett.ports.errors import AlreadyExists, Conflict
from yett.rules.apigateway.rest_api import Deployment, EndpointConfiguration, Resource, RestApi, Stage
from yett.rules.execute_api.deployment import DeployedApi, DeployedResource, EndpointType

A, R = "123456789012", "us-east-1"
PLACE = (A, R, "abc123")
ELSEWHERE = [("210987654321", R), (A, "eu-west-1")]
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def api(api_id: str = "abc123", *, account: str = A) -> RestApi:
    return RestApi(
        id=api_id,
        account=account,
        region=R,
        name="pets",
        created_date=NOW,
        api_key_source="HEADER",
        endpoint_configuration=EndpointConfiguration(types=("EDGE",), ip_address_type="ipv4"),
        disable_execute_api_endpoint=False,
        root_resource_id="root",
        resources={"root": Resource(id="root", path="/")},
    )


def frozen(number: int) -> Deployment:
    snapshot = DeployedApi(
        account=A,
        region=R,
        api_id="abc123",
        name="pets",
        deployment_id=f"d{number}",
        deployed_at=NOW,
        endpoint_type=EndpointType.EDGE,
        resources=(DeployedResource(id="root", path="/"),),
    )
    return Deployment(id=f"d{number}", created_date=NOW, snapshot=snapshot)


def stage(name: str = "prod", *, deployment: int = 1) -> Stage:
    return Stage(
        api_id="abc123",
        stage_name=name,
        deployment_id=f"d{deployment}",
        cache_cluster_enabled=False,
        cache_cluster_status="NOT_AVAILABLE",
        method_settings={},
        variables={"a": "1"},
        tracing_enabled=False,
        created_date=NOW,
        last_updated_date=NOW,
    )


async def deploy(store: SqlApiStore, number: int, *, to: str | None = None) -> Deployment | None:
    return await store.deploy(
        *PLACE,
        lambda _: frozen(number),
        stage_name=to,
        stage=lambda present, made: structs.replace(present or stage(to or ""), deployment_id=made.id),
    )


@pytest.fixture
def store(database: Database) -> SqlApiStore:
    return SqlApiStore(database)


async def test_an_api_is_found_where_it_is_and_nowhere_else(store: SqlApiStore) -> None:
    await store.add_api(api())
    assert await store.find_api(*PLACE) == api()
    for account, region in ELSEWHERE:
        assert await store.find_api(account, region, "abc123") is None
        assert not await store.remove_api(account, region, "abc123")
        assert await store.change_api(account, region, "abc123", lambda one: one) is None
        assert await store.apis(account, region, after="", limit=10) == ()
    assert await store.find_api(*PLACE) == api()


async def test_an_id_is_one_apis_in_all_accounts(store: SqlApiStore) -> None:
    await store.add_api(api())
    for account in (A, "210987654321"):
        with pytest.raises(AlreadyExists):
            await store.add_api(api(account=account))


async def test_apis_are_listed_by_id_from_where_a_page_ended(store: SqlApiStore) -> None:
    for api_id in ("c", "a", "b"):
        await store.add_api(api(api_id))
    assert [one.id for one in await store.apis(A, R, after="", limit=2)] == ["a", "b"]
    assert [one.id for one in await store.apis(A, R, after="b", limit=2)] == ["c"]


async def test_changes_at_the_same_time_are_made_one_after_the_other(store: SqlApiStore) -> None:
    await store.add_api(api())

    await asyncio.gather(
        *(
            store.change_api(*PLACE, lambda one, n=number: structs.replace(one, tags={**one.tags, str(n): ""}))
            for number in range(8)
        )
    )
    found = await store.find_api(*PLACE)
    assert found is not None
    assert set(found.tags) == {str(number) for number in range(8)}


async def test_a_change_that_raises_changes_nothing(store: SqlApiStore) -> None:
    await store.add_api(api())

    def fail(one: RestApi) -> RestApi:
        raise LookupError(one.id)

    with pytest.raises(LookupError):
        await store.change_api(*PLACE, fail)
    assert await store.find_api(*PLACE) == api()


async def test_a_deployment_and_its_stage_are_kept_at_once(store: SqlApiStore, database: Database) -> None:
    assert await deploy(store, 1) is None  # there is no API
    await store.add_api(api())
    assert await deploy(store, 1, to="prod") == frozen(1)
    assert await store.find_stage(*PLACE, "prod") == stage()
    first = await database.read(lambda tx: tx.revision("stage:abc123/prod"))
    assert await deploy(store, 2) == frozen(2)
    assert await database.read(lambda tx: tx.revision("stage:abc123/prod")) == first
    assert await deploy(store, 3, to="prod")
    assert await database.read(lambda tx: tx.revision("stage:abc123/prod")) > first
    assert {one.id for one in await store.deployments(*PLACE)} == {"d1", "d2", "d3"}
    served = await store.find_served("abc123", "prod")
    assert served is not None
    assert served[0] == frozen(3).snapshot
    assert (served[1].name, served[1].deployment_id, served[1].variables) == ("prod", "d3", {"a": "1"})


async def test_a_deployment_that_a_stage_serves_stays(store: SqlApiStore) -> None:
    await store.add_api(api())
    await deploy(store, 1, to="prod")
    with pytest.raises(Conflict):
        await store.remove_deployment(*PLACE, "d1")
    await deploy(store, 2, to="prod")
    assert await store.remove_deployment(*PLACE, "d1")
    assert not await store.remove_deployment(*PLACE, "d1")
    described = await store.change_deployment(*PLACE, "d2", lambda one: structs.replace(one, description="x"))
    assert described is not None
    assert await store.find_deployment(*PLACE, "d2") == described
    assert await store.change_deployment(*PLACE, "d1", lambda one: one) is None


async def test_a_stage_serves_only_what_is_there(store: SqlApiStore) -> None:
    assert not await store.add_stage(A, R, stage())
    await store.add_api(api())
    assert not await store.add_stage(A, R, stage())
    await deploy(store, 1)
    assert await store.add_stage(A, R, stage())
    with pytest.raises(AlreadyExists):
        await store.add_stage(A, R, stage())
    with pytest.raises(Conflict):
        await store.change_stage(*PLACE, "prod", lambda one: structs.replace(one, deployment_id="d9"))
    assert await store.find_stage(*PLACE, "prod") == stage()
    assert await store.change_stage(*PLACE, "test", lambda one: one) is None


async def test_what_goes_is_not_served_and_says_so(store: SqlApiStore, database: Database) -> None:
    await store.add_api(api())
    await deploy(store, 1, to="prod")
    await deploy(store, 2, to="test")
    assert [one.stage_name for one in await store.stages(*PLACE)] == ["prod", "test"]
    before = await database.read(lambda tx: (tx.revision("stage:abc123/prod"), tx.revision("stage:abc123/test")))
    assert await store.remove_stage(*PLACE, "test")
    assert not await store.remove_stage(*PLACE, "test")
    assert await store.find_served("abc123", "test") is None
    assert await store.remove_api(*PLACE)
    after = await database.read(lambda tx: (tx.revision("stage:abc123/prod"), tx.revision("stage:abc123/test")))
    assert after[0] > before[0]
    assert after[1] > before[1]
    assert await store.find_served("abc123", "prod") is None
    await store.add_api(api())
    assert await store.deployments(*PLACE) == ()
    assert await store.stages(*PLACE) == ()


async def test_the_role_for_logs_is_an_accounts_in_a_region(store: SqlApiStore) -> None:
    await store.put_log_role(A, R, "arn:aws:iam::123456789012:role/logs")
    assert await store.find_log_role(A, R) == "arn:aws:iam::123456789012:role/logs"
    for account, region in ELSEWHERE:
        assert await store.find_log_role(account, region) is None
    await store.put_log_role(A, R, None)
    assert await store.find_log_role(A, R) is None

"""Plans in memory."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from yett.adapters.plans import CompiledPlans
from yett.rules.execute_api.deployment import DeployedApi, DeployedStage, EndpointType
from yett.rules.organizations.tree import MemberAccount, Organization
from yett.values.errors import Unavailable


def served(deployment_id: str) -> tuple[DeployedApi, DeployedStage]:
    api = DeployedApi(
        account="123456789012",
        region="us-east-1",
        api_id="abc",
        name="pets",
        deployment_id=deployment_id,
        deployed_at=datetime(2026, 1, 1, tzinfo=UTC),
        endpoint_type=EndpointType.REGIONAL,
        resources=(),
    )
    return api, DeployedStage(name="prod", deployment_id=deployment_id)


class Store:
    """Answers what it is told, as slowly as it is told."""

    def __init__(self) -> None:
        self.deployment_id = "one"
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def find_served(self, api_id: str, stage: str) -> Any:
        self.asked += 1
        found = None if api_id == "none" else served(self.deployment_id)
        await self.gate.wait()
        return found


def make_organization(account: str) -> Organization:
    joined = datetime(2026, 1, 1, tzinfo=UTC)
    member = MemberAccount(id=account, name="n", email="e", parent_id="r-ab12", joined_at=joined, is_created=False)
    return Organization(
        id="o-exampleorg", management_account=account, root_id="r-ab12", feature_set="ALL", accounts=(member,)
    )


class Organizations:
    """The organization that it is told, or none."""

    def __init__(self, organization: Organization | None = None) -> None:
        self.organization = organization

    async def find(self, account: str) -> Organization | None:
        return self.organization


async def test_a_plan_knows_the_place_of_its_account_until_an_organization_moves() -> None:
    organizations = Organizations()
    plans = CompiledPlans(Store(), organizations)  # type: ignore[arg-type]
    plan = await plans.resolve("abc", "prod")
    assert plan is not None
    assert (plan.organization_id, plan.organization_path) == (None, None)
    organizations.organization = make_organization("123456789012")
    for scope in (f"membership:{plan.account}", "organization:o-exampleorg"):
        plans.forget(frozenset({scope}))
        assert plans.current("abc", "prod") is None
        plan = await plans.resolve("abc", "prod")
        assert plan is not None
        assert plan.organization_id == organizations.organization.id
        assert plan.organization_path == f"{organizations.organization.id}/{organizations.organization.root_id}/"


async def test_a_plan_is_compiled_once_until_its_stage_moves() -> None:
    store = Store()
    plans = CompiledPlans(store, Organizations())  # type: ignore[arg-type]
    assert plans.current("abc", "prod") is None
    plan = await plans.resolve("abc", "prod")
    assert plan is not None
    assert plans.current("abc", "prod") is plan
    assert await plans.resolve("abc", "prod") is plan
    plans.forget(frozenset({"stage:abc/dev", "iam:123456789012"}))
    assert plans.current("abc", "prod") is plan
    plans.forget(frozenset({"stage:abc/prod"}))
    assert plans.current("abc", "prod") is None
    assert store.asked == 1


async def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    store = Store()
    plans = CompiledPlans(store, Organizations())  # type: ignore[arg-type]
    store.gate.clear()
    waiting = asyncio.create_task(plans.resolve("abc", "prod"))
    await asyncio.sleep(0)
    store.deployment_id = "two"
    plans.forget(frozenset({"stage:abc/prod"}))
    joined = asyncio.create_task(plans.resolve("abc", "prod"))  # after the change, whose plan is not there yet
    await asyncio.sleep(0)
    store.gate.set()
    plan = await waiting
    assert plan is not None
    assert plan.deployment_id == "two"
    assert plans.current("abc", "prod") is plan
    assert await joined is plan


async def test_memory_is_bounded() -> None:
    plans = CompiledPlans(Store(), Organizations(), capacity=2)  # type: ignore[arg-type]
    for stage in ("a", "b", "c"):
        await plans.resolve("abc", stage)
    assert plans.current("abc", "a") is None
    assert plans.current("abc", "c") is not None
    assert await plans.resolve("none", "a") is None


async def test_however_many_wait_for_a_plan_it_is_compiled_once() -> None:
    """As after each deployment under load, whose plan nobody has yet."""
    store = Store()
    plans = CompiledPlans(store, Organizations())  # type: ignore[arg-type]
    store.gate.clear()
    waiting = [asyncio.ensure_future(plans.resolve("abc", "prod")) for _ in range(100)]
    absent = [asyncio.ensure_future(plans.resolve("none", "prod")) for _ in range(100)]
    await asyncio.sleep(0)
    waiting.pop().cancel()  # who hangs up leaves the others alone
    store.gate.set()
    found = await asyncio.gather(*waiting)
    assert found[0] is not None
    assert all(plan is found[0] for plan in found)
    assert await asyncio.gather(*absent) == [None] * 100
    assert store.asked == 2
    assert await plans.resolve("none", "prod") is None
    assert store.asked == 3  # what is not there may come


async def test_a_failure_of_the_store_is_everyones_who_waits_and_nobody_elses_afterwards() -> None:
    store = Store()
    plans = CompiledPlans(store, Organizations())  # type: ignore[arg-type]
    works, store.find_served = store.find_served, fails  # type: ignore[method-assign]
    both = [plans.resolve("abc", "prod"), plans.resolve("abc", "prod")]
    assert [str(each) for each in await asyncio.gather(*both, return_exceptions=True)] == ["gone", "gone"]
    store.find_served = works  # type: ignore[method-assign]
    assert await plans.resolve("abc", "prod") is not None


async def fails(api_id: str, stage: str) -> Any:
    raise Unavailable("gone")

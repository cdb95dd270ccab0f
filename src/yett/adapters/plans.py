"""The compiled snapshots of stages, in memory, each dropped when its stage moves."""

import asyncio
from collections import OrderedDict
from typing import Final

from msgspec import structs

from yett.adapters.sql.revisions import EVERYTHING
from yett.ports.api_store import ApiStore
from yett.ports.organization_store import OrganizationStore
from yett.rules.execute_api.plan import StagePlan, compile_plan
from yett.rules.organizations.tree import path

Key = tuple[str, str]  # API id, stage

HELD_PLANS: Final = 1024  # stages; the one that was compiled longest ago makes room
PREFIX: Final = "stage:"
ORGANIZATIONS: Final = ("organization:", "membership:")  # they move seldom: every plan is made anew


class CompiledPlans:
    """Plans by API and stage. The wiring gives ``forget`` to the database's ``on_commit``."""

    def __init__(self, store: ApiStore, organizations: OrganizationStore, *, capacity: int = HELD_PLANS) -> None:
        self._store = store
        self._organizations = organizations
        self._capacity = capacity
        self._plans: OrderedDict[Key, StagePlan] = OrderedDict()
        self._under_way: dict[Key, asyncio.Task[StagePlan | None]] = {}
        self._moved = 0  # commits seen that dropped something

    def current(self, api_id: str, stage: str) -> StagePlan | None:
        """The plan in memory."""
        return self._plans.get((api_id, stage))

    async def resolve(self, api_id: str, stage: str) -> StagePlan | None:
        """The plan, compiled if need be: once, for all who wait for it."""
        key = (api_id, stage)
        plan = self._plans.get(key)
        if plan is not None:
            return plan
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._compile(key))
            task.add_done_callback(lambda done: self._finish(key, done))
        return await asyncio.shield(task)  # whoever hangs up leaves the others alone

    def _finish(self, key: Key, task: asyncio.Task[StagePlan | None]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, so that nobody's having waited for it is no warning

    async def _compile(self, key: Key) -> StagePlan | None:
        """A plan that was read before a change but compiled after it is read again."""
        while True:
            moved = self._moved
            served = await self._store.find_served(*key)
            if served is None:
                return None
            plan = await self._placed(compile_plan(*served))
            if moved != self._moved:
                continue
            self._plans[key] = plan
            if len(self._plans) > self._capacity:
                self._plans.popitem(last=False)
            return plan

    async def _placed(self, plan: StagePlan) -> StagePlan:
        """The plan, with the place of its account in an organization."""
        organization = await self._organizations.find(plan.account)
        if organization is None:
            return plan
        where = path(organization, plan.account)
        return structs.replace(plan, organization_id=organization.id, organization_path=where)

    def forget(self, scopes: frozenset[str]) -> None:
        """Drop the plans of stages that moved, or all where an organization did."""
        if EVERYTHING in scopes or any(scope.startswith(ORGANIZATIONS) for scope in scopes):
            self._moved += 1
            self._plans.clear()
        for scope in scopes:
            if scope.startswith(PREFIX):
                self._moved += 1
                api_id, _, stage = scope.removeprefix(PREFIX).partition("/")
                self._plans.pop((api_id, stage), None)

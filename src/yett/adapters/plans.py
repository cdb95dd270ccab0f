"""The compiled snapshots of stages, in memory, each dropped when its stage moves."""

from collections import OrderedDict
from typing import Final

from msgspec import structs

from yett.adapters.sql.revisions import EVERYTHING
from yett.ports.api_store import ApiStore
from yett.ports.organization_store import OrganizationStore
from yett.rules.execute_api.plan import StagePlan, compile_plan
from yett.rules.organizations.tree import path

HELD_PLANS: Final = 1024  # stages; the one that was compiled longest ago makes room
PREFIX: Final = "stage:"
ORGANIZATIONS: Final = ("organization:", "membership:")  # they move seldom: every plan is made anew


class CompiledPlans:
    """Plans by API and stage. The wiring gives ``forget`` to the database's ``on_commit``."""

    def __init__(self, store: ApiStore, organizations: OrganizationStore, *, capacity: int = HELD_PLANS) -> None:
        self._store = store
        self._organizations = organizations
        self._capacity = capacity
        self._plans: OrderedDict[tuple[str, str], StagePlan] = OrderedDict()
        self._moved = 0  # commits seen that dropped something

    def current(self, api_id: str, stage: str) -> StagePlan | None:
        """The plan in memory."""
        return self._plans.get((api_id, stage))

    async def resolve(self, api_id: str, stage: str) -> StagePlan | None:
        """The plan, compiled if need be. One that was read before a change but compiled after it is read again."""
        while True:
            plan = self._plans.get((api_id, stage))
            if plan is not None:
                return plan
            moved = self._moved
            served = await self._store.find_served(api_id, stage)
            if served is None:
                return None
            plan = await self._placed(compile_plan(*served))
            if moved != self._moved:
                continue
            self._plans[(api_id, stage)] = plan
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

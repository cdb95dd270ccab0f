"""The compiled snapshots of stages, in memory, each dropped when its stage moves."""

from collections import OrderedDict
from typing import Final

from yett.adapters.sql.revisions import EVERYTHING
from yett.ports.api_store import ApiStore
from yett.rules.execute_api.plan import StagePlan, compile_plan

HELD_PLANS: Final = 1024  # stages; the one that was compiled longest ago makes room
PREFIX: Final = "stage:"


class CompiledPlans:
    """Plans by API and stage. The wiring gives ``forget`` to the database's ``on_commit``."""

    def __init__(self, store: ApiStore, *, capacity: int = HELD_PLANS) -> None:
        self._store = store
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
            plan = compile_plan(*served)
            if moved != self._moved:
                continue
            self._plans[(api_id, stage)] = plan
            if len(self._plans) > self._capacity:
                self._plans.popitem(last=False)
            return plan

    def forget(self, scopes: frozenset[str]) -> None:
        """Drop the plans of stages that moved."""
        if EVERYTHING in scopes:
            self._moved += 1
            self._plans.clear()
        for scope in scopes:
            if scope.startswith(PREFIX):
                self._moved += 1
                api_id, _, stage = scope.removeprefix(PREFIX).partition("/")
                self._plans.pop((api_id, stage), None)

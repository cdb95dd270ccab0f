"""Plans in a dictionary."""

from yett.rules.execute_api.plan import StagePlan


class MemoryPlans:
    """``ports.plans.Plans``. What ``fails`` holds is raised by whoever has to resolve."""

    def __init__(self, *plans: StagePlan) -> None:
        self.by_stage = {(plan.api_id, plan.stage): plan for plan in plans}
        self.fails: Exception | None = None

    def current(self, api_id: str, stage: str) -> StagePlan | None:
        return None if self.fails else self.by_stage.get((api_id, stage))

    async def resolve(self, api_id: str, stage: str) -> StagePlan | None:
        if self.fails:
            raise self.fails
        return self.by_stage.get((api_id, stage))

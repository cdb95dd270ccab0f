"""What each stage serves, from memory."""

from typing import Protocol

from yett.rules.execute_api.plan import StagePlan


class Plans(Protocol):
    """Compiled snapshots of deployed stages. A deployment or stage update is seen by the next call; never a database
    read on a warm call.
    """

    def current(self, api_id: str, stage: str) -> StagePlan | None:
        """The stage's plan if it is in memory; None means: ask ``resolve``."""
        ...

    async def resolve(self, api_id: str, stage: str) -> StagePlan | None:
        """The stage's plan, compiled from the store if need be; None if there is no such API or stage."""
        ...

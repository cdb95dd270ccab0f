"""What a call may have missed by little, found when somebody asks: another verb, or a deployment that was not made."""

from typing import Any

from yett.ports.bundle import Ports
from yett.rules.execute_api.plan import NotDeployable, StagePlan
from yett.rules.execute_api.routing.rest import ANY_COVERS, Router


async def route_hints(api_id: str, stage: str, method: str, path: str, ports: Ports) -> list[str]:
    """Hints for a call of a method that its stage does not serve; none where the stage is not there or serves it.

    Raises:
        Unavailable: The store failed us.
    """
    try:
        plan = await ports.plans.resolve(api_id, stage)
    except NotDeployable:
        return []
    if plan is None or plan.router.find(method, path) is not None:
        return []
    hints = []
    if verbs := _verbs(plan.router, path):
        hints.append(f"this path has {', '.join(verbs)}")
    if path.startswith(f"/{stage}/"):
        hints.append(f"the path begins with the stage once more: what follows the stage is looked for, here {path}")
    if method in await _undeployed_verbs(plan, path, ports):
        hints.append(
            f"the API has {method} {path} by now, but its stage {stage} serves a deployment of before that: deploy the "
            "API once more"
        )
    return hints


def _verbs(router: Router[Any], path: str) -> list[str]:
    return sorted(verb for verb in ANY_COVERS if router.find(verb, path) is not None)


async def _undeployed_verbs(plan: StagePlan, path: str, ports: Ports) -> list[str]:
    """The verbs that the API has for the path, as it is now."""
    api = await ports.api_store.find_api(plan.account, plan.region, plan.api_id)
    if api is None:
        return []
    return _verbs(Router((each.path, each.resource_methods) for each in api.resources.values()), path)

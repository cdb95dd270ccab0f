"""A call of a method that does not exist falls to the signature front door: what it reads depends on what it presents.

Source: https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden, and captures (spec 01, section 1.2).
"""

from yett.execute_api.authenticators.iam import verify_signature
from yett.ports.bundle import Ports
from yett.rules.execute_api.errors import GatewayError, ResourceNotFound
from yett.rules.execute_api.plan import StagePlan
from yett.values.http import HttpRequest


async def refuse_unrouted(request: HttpRequest, plan: StagePlan, ports: Ports) -> GatewayError:
    """The refusal: 403 without a signature or with one that is not good, 404 with a good one."""
    try:
        await verify_signature(request, plan, ports)
    except GatewayError as error:
        error.reason = f"the API has no method {request.method} for this path; {error.reason}"
        return error
    return ResourceNotFound(f"the API has no method {request.method} for this path")

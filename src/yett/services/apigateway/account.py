"""The account's settings in API Gateway.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Account.html
"""

from typing import Final

from yett.rules.apigateway import patch
from yett.rules.apigateway.errors import BadRequest
from yett.rules.apigateway.integration import ROLE_ARN
from yett.services.apigateway.editing import Answer, Params, patch_operations
from yett.services.apigateway.passed_roles import GATEWAY, PASS_ROLE
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import authorize, context_of, wording_of

# AWS's defaults; yett holds nobody back by them.
# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
THROTTLE: Final = {"burstLimit": 5000, "rateLimit": 10000.0}


def describe_account(role_arn: str | None) -> dict[str, object]:
    """The members of ``Account``."""
    described: dict[str, object] = {"throttleSettings": THROTTLE, "features": ["UsagePlans"], "apiKeyVersion": "4"}
    if role_arn is not None:
        described["cloudwatchRoleArn"] = role_arn
    return described


async def get_account(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """The account's settings."""
    return describe_account(await call.ports.api_store.find_log_role(call.account, call.region))


async def update_account(call: Call, params: Params) -> Answer:
    """Set the role for CloudWatch logs. yett writes its logs itself and never acts in this role."""
    role_arn = await call.ports.api_store.find_log_role(call.account, call.region)
    document = patch.patch({"cloudwatchRoleArn": role_arn}, patch_operations(params), patch.ACCOUNT)
    new = document.get("cloudwatchRoleArn") or None
    if new is not None and new != role_arn:
        if not ROLE_ARN.fullmatch(new):
            raise BadRequest(
                "The role ARN does not have required permissions configured. Please grant trust permission for API "
                "Gateway and add the required role policy."
            )
        if call.caller is None:
            raise ServiceError("AccessDenied", f"{PASS_ROLE} needs a signature", status=403)
        context = context_of(call, {"iam:PassedToService": (GATEWAY,)})
        authorize(call.caller, PASS_ROLE, (new,), context, wording_of(call))
    await call.ports.api_store.put_log_role(call.account, call.region, new)
    return describe_account(new)

"""An API's resource policy says who may call it: whoever sets, changes or removes one needs permission for just that.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html
(`apigateway:UpdateRestApiPolicy`, beside the permission to change the API)
"""

from typing import Final

from yett.rules.apigateway.rest_api import RestApi
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import authorize, context_of, wording_of

UPDATE_POLICY: Final = "apigateway:UpdateRestApiPolicy"


def check_policy_change(call: Call, *, before: RestApi | None, after: RestApi) -> None:
    """That the caller may make the resource policy what it becomes.

    Raises:
        ServiceError: AccessDenied.
    """
    if after.policy == (None if before is None else before.policy):
        return
    if call.caller is None:
        raise ServiceError("AccessDenied", f"{UPDATE_POLICY} needs a signature", status=403)
    resource = f"arn:aws:apigateway:{call.region}::/restapis/{after.id}"
    authorize(call.caller, UPDATE_POLICY, (resource,), context_of(call), wording_of(call))

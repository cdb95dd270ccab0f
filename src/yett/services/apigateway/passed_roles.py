"""Roles that an API is given to act with: whoever gives one needs ``iam:PassRole`` on it, in whichever operation.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterator
from typing import Final

from yett.rules.apigateway.integration import ROLE_ARN
from yett.rules.apigateway.rest_api import RestApi
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import authorize, context_of, wording_of

PASS_ROLE: Final = "iam:PassRole"  # noqa: S105
GATEWAY: Final = "apigateway.amazonaws.com"


def check_passed_roles(call: Call, *, before: RestApi | None, after: RestApi) -> None:
    """That the caller may pass every role that *after* has and *before* had not.

    Raises:
        ServiceError: AccessDenied.
    """
    passed = sorted(set(roles_of(after)) - set(() if before is None else roles_of(before)))
    if not passed:
        return
    if call.caller is None:
        raise ServiceError("AccessDenied", f"{PASS_ROLE} needs a signature", status=403)
    context = context_of(call, {"iam:PassedToService": (GATEWAY,)})
    authorize(call.caller, PASS_ROLE, tuple(passed), context, wording_of(call))


def roles_of(api: RestApi) -> Iterator[str]:
    """The role ARNs among the credentials of an API; the caller's own credentials are no role."""
    for authorizer in api.authorizers.values():
        if authorizer.authorizer_credentials:
            yield authorizer.authorizer_credentials
    for resource in api.resources.values():
        for method in resource.resource_methods.values():
            integration = method.method_integration
            if integration is not None and integration.credentials and ROLE_ARN.fullmatch(integration.credentials):
                yield integration.credentials

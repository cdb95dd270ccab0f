"""Roles that an API is given to act with: whoever gives one needs ``iam:PassRole`` on it, in whichever operation.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from yett.rules.apigateway.integration import ROLE_ARN
from yett.rules.apigateway.rest_api import RestApi
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import authorize, context_of, wording_of

PASS_ROLE: Final = "iam:PassRole"  # noqa: S105
GATEWAY: Final = "apigateway.amazonaws.com"


class Passed(Struct, frozen=True):
    """A role, where it acts, and on what."""

    place: str  # "GET /pets/{id}", or an authorizer's name
    uri: str
    role_arn: str


def check_passed_roles(call: Call, *, before: RestApi | None, after: RestApi) -> None:
    """That the caller may pass every role that *after* has where *before* had not.

    A role that the API has elsewhere, or had for another backend, is passed anew.

    Raises:
        ServiceError: AccessDenied.
    """
    known = set(() if before is None else roles_of(before))
    passed = sorted({passed.role_arn for passed in set(roles_of(after)) - known})
    if not passed:
        return
    if call.caller is None:
        raise ServiceError("AccessDenied", f"{PASS_ROLE} needs a signature", status=403)
    context = context_of(call, {"iam:PassedToService": (GATEWAY,)})
    authorize(call.caller, PASS_ROLE, tuple(passed), context, wording_of(call))


def roles_of(api: RestApi) -> Iterator[Passed]:
    """The role ARNs among the credentials of an API; the caller's own credentials are no role."""
    for authorizer in api.authorizers.values():
        if authorizer.authorizer_credentials:
            yield Passed(authorizer.name, authorizer.authorizer_uri or "", authorizer.authorizer_credentials)
    for resource in api.resources.values():
        for method in resource.resource_methods.values():
            integration = method.method_integration
            if integration is not None and integration.credentials and ROLE_ARN.fullmatch(integration.credentials):
                place = f"{method.http_method} {resource.path}"
                yield Passed(place, integration.uri or "", integration.credentials)

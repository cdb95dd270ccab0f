"""A role's permissions for whoever a provider vouches for, who has no credentials of AWS: what tokens and assertions
have in common, once they were verified.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, structs

from yett.policy import CompiledPolicies, Outcome, Principal
from yett.ports.bundle import Ports
from yett.ports.iam_store import Role
from yett.rules.organizations.resource_control import resource_control
from yett.rules.sts.assume_role import choose_duration
from yett.rules.sts.errors import SessionRefused
from yett.rules.sts.federation import weigh_federation
from yett.rules.sts.session_policy import measure_packed
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import context_of
from yett.services.sts.assume_role import (
    Asked,
    arn_of,
    assumption_keys,
    compile_trust,
    describe,
    make_session,
    questions,
)
from yett.services.sts.errors import access_denied, session_refused, validation_error
from yett.services.sts.sessions import Answer, Params, read_session_policies
from yett.values.arn import Arn, NotAnArn
from yett.values.identifiers import is_account_id

DENIED: Final = "Not authorized to perform {action}"  # OBSERVED, in reports of clients (spec 07, section 3.2)

Keys = Mapping[str, str | tuple[str, ...]]


class Vouched(Struct, frozen=True, kw_only=True):
    """Whom a provider vouches for, and the session that is asked for."""

    action: str  # "sts:AssumeRoleWithSAML"
    provider: str  # as Principal elements and aws:FederatedProvider name it
    session_name: str
    tags: Mapping[str, str]
    transitive_tag_keys: tuple[str, ...]
    source_identity: str | None
    request_keys: Keys  # condition keys of this request
    session_keys: Keys  # of all that the session will make


def read_role_arn(text: str) -> Arn:
    """The ARN of a role.

    Raises:
        ServiceError: ValidationError, for anything else.
    """
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise validation_error("Request ARN is invalid") from error
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise validation_error("Request ARN is invalid")
    return arn


async def place_of_role(operation: str, params: Mapping[str, Any], ports: Ports) -> tuple[str, str] | None:  # noqa: ARG001
    """Account and Region of an unsigned call: those of the role that it names."""
    try:
        account = Arn.parse(params.get("RoleArn") or "").account
    except NotAnArn:
        return None
    return (account, ports.settings.region) if is_account_id(account) else None


async def open_session(
    call: Call, params: Params, vouched: Vouched, *, bound: Callable[[int], int] = lambda seconds: seconds
) -> Answer:
    """Give whoever is vouched for a session of the role that the call names. *bound* may shorten it, in seconds.

    Raises:
        ServiceError: AccessDenied, for a role that does not exist or does not trust the provider; ValidationError, for
            a session that is too long.
    """
    role_arn = read_role_arn(params["RoleArn"])
    role = await call.ports.iam_store.find(Role, role_arn.account, role_arn.resource.rpartition("/")[2])
    if role is None or arn_of(role) != params["RoleArn"]:
        raise denied(vouched.action)
    asked = Asked(
        session_name=vouched.session_name,
        tags=vouched.tags,
        transitive_tag_keys=vouched.transitive_tag_keys,
        session_tags=vouched.tags,
        session_transitive_keys=vouched.transitive_tag_keys,
        source_identity=vouched.source_identity,
        external_id=None,
    )
    guardrails = resource_control(await call.ports.organization_store.find(role.account), role.account)
    weigh(call, role, asked, vouched, guardrails)
    policy, arns = await read_session_policies(call, params, account=role.account)
    try:
        packed = measure_packed(policy, arns, asked.session_tags)
        seconds = choose_duration(
            params.get("DurationSeconds"), role_maximum_seconds=role.max_session_seconds, is_chained=False
        )
    except SessionRefused as error:
        raise session_refused(error) from error
    session = make_session(call, role, asked, policy=policy, policy_arns=arns, seconds=bound(seconds))
    session = structs.replace(session, federated_provider=vouched.provider, federation_keys=vouched.session_keys)
    return describe(call, session, packed=packed)


def weigh(call: Call, role: Role, asked: Asked, vouched: Vouched, guardrails: tuple[CompiledPolicies, ...]) -> None:
    """Let whoever is vouched for assume the role so, or refuse. The guardrails are those of the role's account.

    Raises:
        ServiceError: AccessDenied.
    """
    trust_policy = compile_trust(role)
    context = context_of(call, {**assumption_keys(role, asked), **vouched.request_keys})
    for request in questions(vouched.action, Principal.federated(vouched.provider), role, asked, context):
        decision = weigh_federation(request, trust_policy=trust_policy, guardrails=guardrails)
        if decision.outcome is not Outcome.ALLOW:
            raise denied(request.action)


def denied(action: str) -> ServiceError:
    """403: an unknown role and one that does not trust the provider are told alike."""
    return access_denied(DENIED.format(action=action))


def invalid_token(message: str) -> ServiceError:
    """400."""
    return ServiceError("InvalidIdentityToken", message, status=400)


def expired_token(message: str) -> ServiceError:
    """400."""
    return ServiceError("ExpiredTokenException", message, status=400)

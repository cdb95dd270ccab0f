"""AssumeRole: another principal's permissions, for a while.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from yett.policy import (
    AuthorizationRequest,
    CompiledPolicies,
    Kind,
    NamedPolicy,
    Outcome,
    Principal,
    RequestContext,
    compile_policies,
    parse_stored_policy,
)
from yett.policy.request import ContextValue
from yett.ports.callers import Caller
from yett.ports.iam_store import Role
from yett.rules.organizations.resource_control import resource_control
from yett.rules.sts.assume_role import choose_duration, inherit_tags, read_session_tags, weigh_assumption
from yett.rules.sts.errors import SessionRefused
from yett.rules.sts.session_policy import measure_packed
from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession
from yett.services.call import Call
from yett.services.iam.authorization import context_of
from yett.services.sts.errors import access_denied, not_authorized, session_refused, validation_error
from yett.services.sts.mfa import check_mfa
from yett.services.sts.sessions import (
    Answer,
    Params,
    caller_of,
    describe_credentials,
    read_session_policies,
)
from yett.values.arn import Arn, NotAnArn
from yett.values.identity import IamIdentity, PrincipalType


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of the session beside the role."""

    session_name: str
    tags: Mapping[str, str]  # as asked
    transitive_tag_keys: tuple[str, ...]  # as asked
    session_tags: Mapping[str, str]  # with those inherited
    session_transitive_keys: tuple[str, ...]
    source_identity: str | None
    external_id: str | None
    mfa_authenticated_at: datetime | None = None  # as it goes on from the calling session


async def assume_role(call: Call, params: Params) -> Answer:
    """Give the caller a session of a role that trusts it.

    Raises:
        ServiceError: AccessDenied, for a role that does not exist or does not trust the caller; ValidationError, for a
            session that is too long.
    """
    caller = caller_of(call)
    role_arn = read_role_arn(params["RoleArn"])
    if caller.identity.is_root:
        raise access_denied("Roles may not be assumed by root accounts.")
    shown_at = await check_mfa(call, caller, params)
    try:
        asked = read_asked(caller.identity, params)
    except SessionRefused as error:
        raise session_refused(error) from error
    role = await call.ports.iam_store.find(Role, role_arn.account, role_arn.resource.rpartition("/")[2])
    if role is None or arn_of(role) != params["RoleArn"]:
        raise not_authorized(call, "sts:AssumeRole", params["RoleArn"])
    guardrails = resource_control(await call.ports.organization_store.find(role.account), role.account)
    weigh(call, caller if shown_at is None else vouched(caller, shown_at), role, asked, guardrails)
    policy, arns = await read_session_policies(call, params, account=role.account)
    try:
        packed = measure_packed(policy, arns, asked.session_tags)
        seconds = choose_duration(
            params.get("DurationSeconds"),
            role_maximum_seconds=role.max_session_seconds,
            is_chained=caller.identity.principal_type is PrincipalType.ASSUMED_ROLE,
        )
    except SessionRefused as error:
        raise session_refused(error) from error
    session = make_session(call, role, asked, policy=policy, policy_arns=arns, seconds=seconds)
    return describe(call, session, packed=packed)


def vouched(caller: Caller, shown_at: datetime) -> Caller:
    """The caller as policies see it who has shown a device's code with this very call."""
    return structs.replace(caller, identity=structs.replace(caller.identity, mfa_authenticated_at=shown_at))


def read_role_arn(text: str) -> Arn:
    """The ARN of a role.

    Raises:
        ServiceError: ValidationError, for anything else.
    """
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise validation_error(f"{text} is invalid") from error
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise validation_error(f"{text} is invalid")
    return arn


def arn_of(role: Role) -> str:
    """The role's ARN, with its path."""
    return f"arn:aws:iam::{role.account}:role{role.path}{role.name}"


def read_asked(identity: IamIdentity, params: Params) -> Asked:
    """What is asked of the session; transitive tags and the source identity of the calling session go on.

    Raises:
        SessionRefused: The tags contradict each other, or those of the calling session.
    """
    transitive = tuple(params.get("TransitiveTagKeys", ()))
    tags = read_session_tags(params.get("Tags", []))
    lower = {key.lower() for key in identity.transitive_tag_keys}
    inherited = {key: value for key, value in identity.tags.items() if key.lower() in lower}
    session_tags, session_keys = inherit_tags(tags, transitive, inherited=inherited)
    return Asked(
        session_name=params["RoleSessionName"],
        tags=tags,
        transitive_tag_keys=transitive,
        session_tags=session_tags,
        session_transitive_keys=session_keys,
        source_identity=params.get("SourceIdentity", identity.source_identity),
        external_id=params.get("ExternalId"),
        mfa_authenticated_at=carried_mfa(identity),
    )


def weigh(call: Call, caller: Caller, role: Role, asked: Asked, guardrails: tuple[CompiledPolicies, ...]) -> None:
    """Let the caller assume the role so, or refuse. The guardrails are those of the role's account.

    Raises:
        ServiceError: AccessDenied.
    """
    held = caller.identity.source_identity
    if held is not None and asked.source_identity != held:  # once set, it stays
        raise not_authorized(call, "sts:SetSourceIdentity", arn_of(role))
    trust_policy = compile_trust(role)
    policies = structs.replace(caller.policies, rcp=guardrails)
    context = context_of(structs.replace(call, caller=caller), assumption_keys(role, asked))
    for request in questions("sts:AssumeRole", Principal.iam(caller.identity), role, asked, context):
        decision = weigh_assumption(request, trust_policy=trust_policy, caller=policies)
        if decision.outcome is not Outcome.ALLOW:
            raise not_authorized(call, request.action, arn_of(role), decision)


def compile_trust(role: Role) -> CompiledPolicies:
    """The role's trust policy, ready to be asked."""
    trust = NamedPolicy("trust", parse_stored_policy(role.trust_policy, kind=Kind.TRUST))
    return compile_policies([trust], actions=None)


def questions(
    action: str, principal: Principal, role: Role, asked: Asked, context: RequestContext
) -> list[AuthorizationRequest]:
    """What must be allowed for a session as it is asked for: the *action* that makes it, and what it carries."""
    actions = [action]
    actions += ["sts:TagSession"] if asked.session_tags else []
    actions += ["sts:SetSourceIdentity"] if asked.source_identity is not None else []
    return [
        AuthorizationRequest(
            action=each,
            resource=arn_of(role),
            principal=principal,
            resource_account=role.account,
            context=context,
        )
        for each in actions
    ]


def assumption_keys(role: Role, asked: Asked) -> Mapping[str, ContextValue]:
    """The condition keys of STS, beside those of every call.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-sts
    """
    keys: dict[str, ContextValue] = {"sts:RoleSessionName": asked.session_name}
    if asked.external_id is not None:
        keys["sts:ExternalId"] = asked.external_id
    if asked.source_identity is not None:
        keys["sts:SourceIdentity"] = asked.source_identity
    if asked.transitive_tag_keys:
        keys["sts:TransitiveTagKeys"] = asked.transitive_tag_keys
    if asked.tags:
        keys["aws:TagKeys"] = tuple(asked.tags)
    keys |= {f"aws:RequestTag/{key}": value for key, value in asked.tags.items()}
    for key, value in role.tags.items():
        keys[f"aws:ResourceTag/{key}"] = value
        keys[f"iam:ResourceTag/{key}"] = value
    return keys


def make_session(
    call: Call, role: Role, asked: Asked, *, policy: str | None, policy_arns: tuple[str, ...], seconds: int
) -> TemporarySession:
    """The session, authorized as it is."""
    issued_at = call.now.replace(microsecond=0)
    return TemporarySession(
        kind=SessionKind.ASSUMED_ROLE,
        account=role.account,
        principal_id=role.id,
        principal_name=role.name,
        session_name=asked.session_name,
        issued_at=issued_at,
        expires_at=issued_at + timedelta(seconds=seconds),
        session_policy=policy,
        policy_arns=policy_arns,
        tags=asked.session_tags,
        transitive_tag_keys=asked.session_transitive_keys,
        source_identity=asked.source_identity,
        mfa_authenticated_at=asked.mfa_authenticated_at,
    )


def carried_mfa(identity: IamIdentity) -> datetime | None:
    """When the user's session that assumes the role was vouched for by a device, if it was: the role's session is, too.

    OBSERVED: a code at AssumeRole opens the role and goes no further; one at GetSessionToken before it is seen in the
    role's session (aws-sdk-java-v2 issue 2554).
    UNCERTAIN: whether a role that is assumed from that session has it; here it has not.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """
    return identity.mfa_authenticated_at if identity.principal_type is PrincipalType.USER else None


def describe(call: Call, session: TemporarySession, *, packed: int) -> Answer:
    """The answer: credentials, and who they make of their holder. PackedPolicySize comes with policies or tags only."""
    answer: dict[str, object] = {
        "Credentials": describe_credentials(call.ports.session_tokens.issue(session)),
        "AssumedRoleUser": {"AssumedRoleId": f"{session.principal_id}:{session.session_name}", "Arn": session.arn},
    }
    if session.has_session_policy or session.tags:
        answer["PackedPolicySize"] = packed
    if session.source_identity is not None:
        answer["SourceIdentity"] = session.source_identity
    return answer

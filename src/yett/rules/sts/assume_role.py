"""Who may assume a role, and for how long.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from collections.abc import Mapping

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    CompiledPolicies,
    Decision,
    Outcome,
    PolicyType,
    decide,
)
from yett.rules.sts.errors import Fault, SessionRefused
from yett.rules.sts.limits import CHAINED_SESSION_SECONDS, RESERVED_TAG_PREFIX, ROLE_SESSION_SECONDS


def weigh_assumption(
    request: AuthorizationRequest, *, trust_policy: CompiledPolicies, caller: CallerPolicies
) -> Decision:
    """Decide one action (sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity) on a role.

    A trust policy must allow in any case; within an account that alone is enough if it names the caller, or the role
    that the caller is a session of. If it names the account, or the caller is of another one, the caller's own policies
    must allow too.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    trusted = trust_policy.evaluate(request)
    if trusted.outcome is not Outcome.ALLOW:
        return Decision(trusted.outcome, PolicyType.RESOURCE, trusted.statement)
    return decide(
        request,
        caller=caller,
        resource_policy=trust_policy,
        same_account=request.principal.account == request.resource_account,
    )


def choose_duration(asked_seconds: int | None, *, role_maximum_seconds: int, is_chained: bool) -> int:
    """How long the session lasts, in seconds.

    Raises:
        SessionRefused: Longer than the role, or a chain of roles, allows.

    # UNCERTAIN: which of the two is told when both are broken; the role's is told first.
    """
    seconds = ROLE_SESSION_SECONDS if asked_seconds is None else asked_seconds
    if seconds > role_maximum_seconds:
        raise SessionRefused(Fault.OVER_ROLE_MAXIMUM)
    if is_chained and seconds > CHAINED_SESSION_SECONDS:
        raise SessionRefused(Fault.OVER_CHAINING_MAXIMUM)
    return seconds


def read_session_tags(tags: list[Mapping[str, str]]) -> dict[str, str]:
    """Session tags as asked for.

    Raises:
        SessionRefused: Two keys differ by nothing but case, or one is AWS's own.
    """
    found = {tag["Key"]: tag["Value"] for tag in tags}
    if len({tag["Key"].lower() for tag in tags}) < len(tags):
        raise SessionRefused(Fault.DUPLICATE_TAG_KEY)
    if any(key.lower().startswith(RESERVED_TAG_PREFIX) for key in found):
        raise SessionRefused(Fault.RESERVED_TAG_KEY)
    return found


def inherit_tags(
    asked: Mapping[str, str],
    asked_transitive: tuple[str, ...],
    *,
    inherited: Mapping[str, str],
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The session's tags and its transitive keys: those asked for, and the transitive ones of the calling session.

    Raises:
        SessionRefused: A transitive key has no tag, or would override an inherited one.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    """
    asked_keys = {key.lower() for key in asked}
    inherited_keys = {key.lower() for key in inherited}
    if not inherited_keys.isdisjoint({*asked_keys, *(key.lower() for key in asked_transitive)}):
        raise SessionRefused(Fault.TRANSITIVE_KEY_CONFLICT)
    if not asked_keys.issuperset(key.lower() for key in asked_transitive):
        raise SessionRefused(Fault.TRANSITIVE_KEY_WITHOUT_TAG)
    return {**inherited, **asked}, (*inherited, *asked_transitive)

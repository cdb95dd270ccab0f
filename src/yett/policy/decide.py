"""Identity, resource, boundary, session, SCP and RCP to one Decision.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from yett.policy.compile import CompiledPolicies
from yett.policy.document import StatementRef
from yett.policy.evaluate import SILENT, Evaluation, Outcome
from yett.policy.request import AuthorizationRequest, Grant, PrincipalKind

A, N, D = Outcome.ALLOW, Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY

# (caller's policies, resource policy) -> outcome
SAME_ACCOUNT: Final[Mapping[tuple[Outcome, Outcome], Outcome]] = {
    (A, A): A, (A, N): A, (A, D): D,
    (N, A): A, (N, N): N, (N, D): D,
    (D, A): D, (D, N): D, (D, D): D,
}  # fmt: skip
CROSS_ACCOUNT: Final[Mapping[tuple[Outcome, Outcome], Outcome]] = {
    (A, A): A, (A, N): N, (A, D): D,
    (N, A): N, (N, N): N, (N, D): D,
    (D, A): D, (D, N): D, (D, D): D,
}  # fmt: skip


class PolicyType(StrEnum):
    """The kinds of policy that take part, in the order in which a denial is put down to them.

    # UNCERTAIN: the order the service uses.
    """

    __hash__ = str.__hash__  # as of Outcome

    SCP = "scp"
    RCP = "rcp"
    RESOURCE = "resource"
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"


# How a resource policy's Allow names a caller of its own account -> the silences that it makes up for.
# UNCERTAIN: the account's row for execute-api; Table A read literally would put IDENTITY there.
MAKES_UP_FOR: Final[Mapping[Grant, frozenset[PolicyType]]] = {
    Grant.DIRECT: frozenset({PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION}),
    Grant.ISSUER: frozenset({PolicyType.IDENTITY}),
    Grant.ACCOUNT: frozenset(),
}


class CallerPolicies(Struct, frozen=True, kw_only=True):
    """The policies that bear on a caller."""

    identity: CompiledPolicies  # its own, its groups', its role's; or a Lambda authorizer's
    boundary: CompiledPolicies | None
    session: CompiledPolicies | None
    scp: tuple[CompiledPolicies, ...]  # levels of the caller's organization: root, units, account
    rcp: tuple[CompiledPolicies, ...]  # levels of the resource's
    is_root: bool  # the account's root user: allowed what nothing denies


class Decision(Struct, frozen=True):
    """The outcome, with the kind of policy and the statement that made it."""

    outcome: Outcome
    decided_by: PolicyType | None = None
    statement: StatementRef | None = None


def combine(identity: Outcome, resource: Outcome, *, same_account: bool) -> Outcome:
    """Combine the outcomes of the caller's policies and of the API's resource policy.

    Holds where neither a boundary nor a session policy is attached; with one, which rows apply depends on the principal
    that the resource policy names (spec 03, section 6), and `decide` asks accordingly.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    return (SAME_ACCOUNT if same_account else CROSS_ACCOUNT)[identity, resource]


def decide(
    request: AuthorizationRequest,
    *,
    caller: CallerPolicies | None,
    resource_policy: CompiledPolicies | None,
    same_account: bool,
) -> Decision:
    """Weigh everything that bears on a request.

    Without a *caller* (nobody was authenticated) the resource policy alone decides, and must allow.
    """
    if caller is not None and caller.boundary is not None and resource_policy is not None:
        bounded = structs.replace(request.principal, has_boundary=True)
        request = structs.replace(request, principal=bounded)
    resource = SILENT if resource_policy is None else resource_policy.evaluate(request)
    if caller is None:
        return Decision(resource.outcome, _RESOURCE, resource.statement)
    identity = caller.identity.evaluate(request)
    if caller.is_root and identity.outcome is N:
        identity = Evaluation(A)
    further = _further_own(request, caller)
    guardrails = _guardrails(request, caller) if caller.scp or caller.rcp else ()
    if identity.outcome is A and resource is SILENT and same_account and not further and not guardrails:
        return Decision(A, _IDENTITY, identity.statement)  # as below; most calls are so
    own: Evaluations = ((_IDENTITY, identity), *further)
    for policy_type, evaluation in (*guardrails, (_RESOURCE, resource), *own):
        if evaluation.outcome is D:
            return Decision(D, policy_type, evaluation.statement)
    for policy_type, evaluation in guardrails:
        if evaluation.outcome is N:
            return Decision(N, policy_type)
    return _decide_silences(own, resource, same_account=same_account)


_SCP, _RCP, _RESOURCE = PolicyType.SCP, PolicyType.RCP, PolicyType.RESOURCE
_IDENTITY, _BOUNDARY, _SESSION = PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION
_FEDERATED_USER: Final = PrincipalKind.FEDERATED_USER
Evaluations = tuple[tuple[PolicyType, Evaluation], ...]


def _guardrails(request: AuthorizationRequest, caller: CallerPolicies) -> Evaluations:
    """What each level of the organizations' policies says."""
    said = [(_SCP, level.evaluate(request)) for level in caller.scp]
    said += [(_RCP, level.evaluate(request)) for level in caller.rcp]
    return tuple(said)


def _further_own(request: AuthorizationRequest, caller: CallerPolicies) -> Evaluations:
    """What those of the caller's own policies say that only narrow what the identity-based ones allow."""
    further: Evaluations = ()
    if caller.boundary is not None:
        further += ((_BOUNDARY, caller.boundary.evaluate(request)),)
    if caller.session is not None:
        further += ((_SESSION, caller.session.evaluate(request)),)
    elif request.principal.kind is _FEDERATED_USER:
        # Without a session policy such a session has only what resource policies grant it.
        # Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        further += ((_SESSION, SILENT),)
    return further


def _decide_silences(own: Evaluations, resource: Evaluation, *, same_account: bool) -> Decision:
    """Decide where nothing denies: may the resource policy stand in for what the caller's own policies leave out?"""
    silent = [policy_type for policy_type, evaluation in own if evaluation.outcome is N]
    granted = resource.outcome
    if same_account and silent and granted is A:
        made_up_for = frozenset() if resource.grant is None else MAKES_UP_FOR[resource.grant]
        remaining = [policy_type for policy_type in silent if policy_type not in made_up_for]
        if remaining:  # the Allow does not reach this far: it counts as not given
            granted, silent = N, remaining
    outcome = combine(N if silent else A, granted, same_account=same_account)
    if outcome is N:
        return Decision(N, silent[0] if silent else _RESOURCE)
    if same_account and granted is A and (silent or resource.grant is Grant.DIRECT):
        return Decision(A, _RESOURCE, resource.statement)
    return Decision(A, _IDENTITY, own[0][1].statement)

"""Which sides take part in a decision, by the method's authorization type.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from typing import Final

from yett.policy import (
    AuthorizationRequest,
    CompiledPolicies,
    Decision,
    Evaluation,
    Outcome,
    PolicyType,
    Principal,
    combine,
    decide,
)
from yett.rules.execute_api.call import Authenticated, Routed
from yett.rules.execute_api.deployment import AuthorizationType, EndpointType
from yett.rules.execute_api.plan import INVOKE
from yett.rules.execute_api.request_context import build_context
from yett.values.identity import IamIdentity

NOTHING_TO_WEIGH: Final = Evaluation(outcome=Outcome.IMPLICIT_DENY, statement=None)


def anonymous_request(routed: Routed) -> AuthorizationRequest:
    """The call as a resource policy sees it when no IAM principal is known."""
    return AuthorizationRequest(
        action=INVOKE,
        resource=routed.arn,
        principal=Principal.anonymous(),
        resource_account=routed.plan.account,
        context=build_context(routed.facts, routed.plan, identity=None),
    )


def iam_request(routed: Routed, identity: IamIdentity) -> AuthorizationRequest:
    """The call as policies see it that may know the IAM caller."""
    return AuthorizationRequest(
        action=INVOKE,
        resource=routed.arn,
        principal=Principal.iam(identity),
        resource_account=routed.plan.account,
        context=build_context(routed.facts, routed.plan, identity=identity),
    )


def screen_denies(routed: Routed) -> Decision | None:
    """The explicit deny that refuses a call before its Lambda authorizer is asked, if the resource policy has one."""
    policy = routed.plan.resource_policy
    if policy is None or routed.method.authorization_type is not AuthorizationType.CUSTOM:
        return None
    evaluation = policy.evaluate(anonymous_request(routed))
    return _decision(evaluation, PolicyType.RESOURCE) if evaluation.outcome is Outcome.EXPLICIT_DENY else None


def decide_call(authenticated: Authenticated) -> Decision:
    """Weigh the call by every policy that takes part.

    - ``NONE`` and ``COGNITO_USER_POOLS``: the resource policy alone, and where there is one it must allow. The guide's text on
      Cognito is stricter than its own table A here; the text wins.
    - ``CUSTOM``: the authorizer's policy and the resource policy, by table A.
    - ``AWS_IAM``: the caller's policies and the resource policy, by table A or, across accounts, table B.
    """
    routed = authenticated.routed
    match routed.method.authorization_type:
        case AuthorizationType.AWS_IAM:
            return _decide_iam(authenticated)
        case AuthorizationType.CUSTOM:
            return _decide_custom(authenticated)
        case AuthorizationType.NONE | AuthorizationType.COGNITO_USER_POOLS:
            return _decide_by_resource_policy(routed)


def _decide_by_resource_policy(routed: Routed) -> Decision:
    policy = routed.plan.resource_policy
    if policy is None:
        # A private API without a policy refuses every call; other APIs have nothing that could refuse.
        is_private = routed.plan.endpoint_type is EndpointType.PRIVATE
        outcome = Outcome.IMPLICIT_DENY if is_private else Outcome.ALLOW
        return Decision(outcome=outcome, decided_by=PolicyType.RESOURCE if is_private else None, statement=None)
    return _decision(policy.evaluate(anonymous_request(routed)), PolicyType.RESOURCE)


def _decide_custom(authenticated: Authenticated) -> Decision:
    routed = authenticated.routed
    request = anonymous_request(routed)
    authorizer = authenticated.authorizer_policy
    # An authorizer without a policy allows nothing.
    by_authorizer = authorizer.evaluate(request) if authorizer is not None else NOTHING_TO_WEIGH
    policy = routed.plan.resource_policy
    by_resource = policy.evaluate(request) if policy is not None else NOTHING_TO_WEIGH
    outcome = combine(by_authorizer.outcome, by_resource.outcome, same_account=True)
    if by_authorizer.outcome is outcome:
        return _decision(by_authorizer, PolicyType.IDENTITY)
    return _decision(by_resource, PolicyType.RESOURCE)


def _decide_iam(authenticated: Authenticated) -> Decision:
    routed = authenticated.routed
    identity = authenticated.identity
    if not isinstance(identity, IamIdentity) or authenticated.caller_policies is None:
        return Decision(outcome=Outcome.IMPLICIT_DENY, decided_by=PolicyType.IDENTITY, statement=None)
    return decide(
        iam_request(routed, identity),
        caller=authenticated.caller_policies,
        resource_policy=routed.plan.resource_policy,
        same_account=identity.account == routed.plan.account,
    )


def _decision(evaluation: Evaluation, decided_by: PolicyType) -> Decision:
    return Decision(outcome=evaluation.outcome, decided_by=decided_by, statement=evaluation.statement)

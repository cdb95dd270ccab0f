"""Which sides take part in a decision, by the method's authorization type.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from typing import Final, assert_never

from yett.policy import (
    AuthorizationRequest,
    Decision,
    Evaluation,
    Outcome,
    PolicyType,
    combine,
    decide,
)
from yett.rules.execute_api.call import ANYONE, Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType, EndpointType
from yett.rules.execute_api.plan import INVOKE
from yett.rules.execute_api.request_context import CallContext
from yett.values.identity import IamIdentity

# Members by themselves: reading one from its class costs more than a step of the line.
NONE: Final = AuthorizationType.NONE
AWS_IAM: Final = AuthorizationType.AWS_IAM
CUSTOM: Final = AuthorizationType.CUSTOM
COGNITO_USER_POOLS: Final = AuthorizationType.COGNITO_USER_POOLS
PRIVATE: Final = EndpointType.PRIVATE
RESOURCE: Final = PolicyType.RESOURCE
IDENTITY: Final = PolicyType.IDENTITY
SILENT: Final = Evaluation(Outcome.IMPLICIT_DENY)
OPEN: Final = Decision(Outcome.ALLOW)  # no policy restricts the method


def anonymous_request(question: Question) -> AuthorizationRequest:
    """The call as a resource policy sees it when no IAM principal is known."""
    return AuthorizationRequest(
        action=INVOKE,
        resource=question.arn,
        principal=ANYONE,
        resource_account=question.plan.account,
        context=CallContext(question.facts, question.plan, None),
    )


def iam_request(question: Question, caller: Standing) -> AuthorizationRequest:
    """The call as policies see it that may know the IAM caller."""
    return AuthorizationRequest(
        action=INVOKE,
        resource=question.arn,
        principal=caller.principal,
        resource_account=question.plan.account,
        context=CallContext(question.facts, question.plan, caller),
    )


def screen_denies(question: Question) -> Decision | None:
    """The explicit deny that refuses a call before its Lambda authorizer is asked, if the resource policy has one."""
    policy = question.plan.resource_policy
    if policy is None or question.method.authorization_type is not CUSTOM:
        return None
    evaluation = policy.evaluate(anonymous_request(question))
    return _decision(evaluation, RESOURCE) if evaluation.outcome is Outcome.EXPLICIT_DENY else None


def decide_call(question: Question, standing: Standing) -> Decision:
    """Weigh the call by every policy that takes part.

    - ``NONE`` and ``COGNITO_USER_POOLS``: the resource policy alone, and where there is one it must allow. The guide's
      text on Cognito is stricter than its own table A here; the text wins.
    - ``CUSTOM``: the authorizer's policy and the resource policy, by table A.
    - ``AWS_IAM``: the caller's policies and the resource policy, by table A or, across accounts, table B.

    A private API without a resource policy refuses every call.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html
    """
    policy, kind = question.plan.resource_policy, question.method.authorization_type
    if policy is None and question.plan.endpoint_type is PRIVATE:
        return Decision(Outcome.IMPLICIT_DENY, RESOURCE)
    if kind is NONE or kind is COGNITO_USER_POOLS:
        return OPEN if policy is None else _decision(policy.evaluate(anonymous_request(question)), RESOURCE)
    if kind is AWS_IAM:
        return _decide_iam(question, standing)
    if kind is CUSTOM:
        return _decide_custom(question, standing)
    assert_never(kind)


def _decide_custom(question: Question, standing: Standing) -> Decision:
    request = anonymous_request(question)
    authorizer = standing.authorizer_policy
    # An authorizer without a policy allows nothing.
    by_authorizer = authorizer.evaluate(request) if authorizer is not None else SILENT
    policy = question.plan.resource_policy
    by_resource = policy.evaluate(request) if policy is not None else SILENT
    outcome = combine(by_authorizer.outcome, by_resource.outcome, same_account=True)
    if by_authorizer.outcome is outcome:
        return _decision(by_authorizer, IDENTITY)
    return _decision(by_resource, RESOURCE)


def _decide_iam(question: Question, standing: Standing) -> Decision:
    identity = standing.identity
    if not isinstance(identity, IamIdentity) or standing.caller_policies is None:
        return Decision(outcome=Outcome.IMPLICIT_DENY, decided_by=IDENTITY, statement=None)
    return decide(
        iam_request(question, standing),
        caller=standing.invocation_policies or standing.caller_policies,
        resource_policy=question.plan.resource_policy,
        same_account=identity.account == question.plan.account,
    )


def _decision(evaluation: Evaluation, decided_by: PolicyType) -> Decision:
    return Decision(evaluation.outcome, decided_by, evaluation.statement)

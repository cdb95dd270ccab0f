import itertools
import json
from typing import Any

import pytest
from tests.rules.execute_api.support import (
    NOW,
    OTHER,
    POOL,
    compiled,
    make_plan,
    make_request,
    method,
    pool_authorizer,
    request_authorizer,
    resource,
    resource_policy,
    route,
    user,
)

from yett.policy import CallerPolicies, Kind, Outcome, PolicyType
from yett.rules.execute_api.authorization_flow import decide_call, iam_request, screen_denies
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType, EndpointType
from yett.values.identity import ANONYMOUS, AuthorizerIdentity, PoolIdentity

A, N, D = "allow", "implicit_deny", "explicit_deny"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
TABLE_A = {(A, A): A, (A, N): A, (A, D): D, (N, A): A, (N, N): N, (N, D): D, (D, A): D, (D, N): D, (D, D): D}
TABLE_B = TABLE_A | {(A, N): N, (N, A): N}
STATEMENTS = {
    A: {"Effect": "Allow"},
    N: {"Effect": "Allow", "Resource": "arn:aws:execute-api:*:*:none/*"},
    D: {"Effect": "Deny"},
}
AUTHORIZERS = {
    AuthorizationType.CUSTOM: (request_authorizer(),),
    AuthorizationType.COGNITO_USER_POOLS: (pool_authorizer(),),
}
PRINCIPAL = AuthorizerIdentity(authorizer_id="auth1", principal_id="p", context={})
POOL_USER = PoolIdentity(pool_arn=POOL, claims={}, scopes=(), subject="u1")


def question(kind: AuthorizationType, policy: dict[str, Any] | None = None, **more: Any) -> Question:
    authorizers = AUTHORIZERS.get(kind, ())
    named = method("GET", kind, authorizer_id=authorizers[0].id if authorizers else None)
    plan = make_plan(resource("/pets", named), authorizers=authorizers, policy=policy, **more)
    return route(plan, make_request("GET", "/pets", ("User-Agent", "curl/8")), "/pets").question


def caller(outcome: str) -> CallerPolicies:
    identity = compiled(Kind.IDENTITY, STATEMENTS[outcome])
    return CallerPolicies(identity=identity, boundary=None, session=None, scp=(), rcp=(), is_root=False)


def iam_standing(outcome: str, account: str) -> Standing:
    return Standing(identity=user(account=account), caller_policies=caller(outcome))


def lambda_standing(outcome: str) -> Standing:
    return Standing(identity=PRINCIPAL, authorizer_policy=compiled(Kind.AUTHORIZER, STATEMENTS[outcome]))


@pytest.mark.parametrize(("own", "resources"), list(itertools.product([A, N, D], repeat=2)))
def test_a_lambda_authorizers_policy_and_the_resource_policy_combine_by_table_a(own: str, resources: str) -> None:
    asked = question(AuthorizationType.CUSTOM, resource_policy(STATEMENTS[resources]))
    decision = decide_call(asked, lambda_standing(own))
    assert decision.outcome.value == TABLE_A[own, resources]
    expected_by = PolicyType.IDENTITY if TABLE_A[own, resources] == own else PolicyType.RESOURCE
    assert decision.decided_by is expected_by


@pytest.mark.parametrize(("own", "resources"), list(itertools.product([A, N, D], repeat=2)))
def test_a_callers_policies_combine_by_table_a_at_home(own: str, resources: str) -> None:
    asked = question(AuthorizationType.AWS_IAM, resource_policy(STATEMENTS[resources]))
    assert decide_call(asked, iam_standing(own, asked.plan.account)).outcome.value == TABLE_A[own, resources]


@pytest.mark.parametrize(("own", "resources"), list(itertools.product([A, N, D], repeat=2)))
def test_a_callers_policies_combine_by_table_b_from_another_account(own: str, resources: str) -> None:
    asked = question(AuthorizationType.AWS_IAM, resource_policy(STATEMENTS[resources]))
    assert decide_call(asked, iam_standing(own, OTHER)).outcome.value == TABLE_B[own, resources]


@pytest.mark.parametrize("own", [A, N, D])
def test_without_a_resource_policy_the_callers_side_decides_at_home_and_no_one_elsewhere(own: str) -> None:
    asked = question(AuthorizationType.AWS_IAM)
    assert decide_call(asked, iam_standing(own, asked.plan.account)).outcome.value == TABLE_A[own, N]
    assert decide_call(asked, iam_standing(own, OTHER)).outcome.value == TABLE_B[own, N]
    assert decide_call(question(AuthorizationType.CUSTOM), lambda_standing(own)).outcome.value == TABLE_A[own, N]


@pytest.mark.parametrize("kind", [AuthorizationType.NONE, AuthorizationType.COGNITO_USER_POOLS])
@pytest.mark.parametrize("resources", [A, N, D])
def test_a_resource_policy_must_allow_open_methods_and_pool_users(kind: AuthorizationType, resources: str) -> None:
    """Cognito's paragraph is stricter than table A, whose second row lets a silent policy pass (spec 01, 2.1 d)."""
    identity = ANONYMOUS if kind is AuthorizationType.NONE else POOL_USER
    decision = decide_call(question(kind, resource_policy(STATEMENTS[resources])), Standing(identity=identity))
    assert decision.outcome.value == resources
    assert decision.decided_by is PolicyType.RESOURCE


@pytest.mark.parametrize("kind", [AuthorizationType.NONE, AuthorizationType.COGNITO_USER_POOLS])
def test_without_a_resource_policy_they_are_allowed(kind: AuthorizationType) -> None:
    assert decide_call(question(kind), Standing(identity=ANONYMOUS)).outcome is Outcome.ALLOW


@pytest.mark.parametrize("kind", list(AuthorizationType))
def test_a_private_api_without_a_policy_refuses_every_call(kind: AuthorizationType) -> None:
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html"""
    standing = Standing(
        identity=user(), caller_policies=caller(A), authorizer_policy=compiled(Kind.AUTHORIZER, STATEMENTS[A])
    )
    decision = decide_call(question(kind, endpoint_type=EndpointType.PRIVATE), standing)
    assert (decision.outcome, decision.decided_by) == (Outcome.IMPLICIT_DENY, PolicyType.RESOURCE)
    allowed = question(kind, resource_policy({}), endpoint_type=EndpointType.PRIVATE)
    assert decide_call(allowed, standing).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    "kind", [AuthorizationType.NONE, AuthorizationType.COGNITO_USER_POOLS, AuthorizationType.CUSTOM]
)
def test_an_aws_principal_in_the_policy_is_nobody_where_no_iam_caller_is_known(kind: AuthorizationType) -> None:
    """08 no. 14."""
    policy = resource_policy({"Principal": {"AWS": "arn:aws:iam::123456789012:user/bob"}})
    assert decide_call(question(kind, policy), Standing(identity=ANONYMOUS)).outcome is Outcome.IMPLICIT_DENY


def test_keys_of_the_principal_exist_for_iam_callers_only() -> None:
    condition = {"Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}}
    policy = resource_policy({"Effect": "Deny", **condition}, {})
    assert decide_call(question(AuthorizationType.NONE, policy), Standing(identity=ANONYMOUS)).outcome is Outcome.ALLOW
    asked = question(AuthorizationType.AWS_IAM, policy)
    assert decide_call(asked, iam_standing(A, asked.plan.account)).outcome is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize(
    "standing",
    [Standing(identity=ANONYMOUS), Standing(identity=user()), Standing(identity=POOL_USER, caller_policies=caller(A))],
)
def test_an_iam_method_without_a_caller_and_policies_is_refused(standing: Standing) -> None:
    assert (
        decide_call(question(AuthorizationType.AWS_IAM, resource_policy({})), standing).outcome is Outcome.IMPLICIT_DENY
    )


def test_an_authorizer_without_a_policy_allows_nothing() -> None:
    assert (
        decide_call(question(AuthorizationType.CUSTOM), Standing(identity=PRINCIPAL)).outcome is Outcome.IMPLICIT_DENY
    )


@pytest.mark.parametrize("kind", list(AuthorizationType))
@pytest.mark.parametrize("resources", [A, N, D, None])
def test_only_explicit_denies_spare_an_authorizer_its_call(kind: AuthorizationType, resources: str | None) -> None:
    policy = None if resources is None else resource_policy(STATEMENTS[resources])
    decision = screen_denies(question(kind, policy))
    if kind is AuthorizationType.CUSTOM and resources == D:
        assert decision is not None
        assert (decision.outcome, decision.decided_by) == (Outcome.EXPLICIT_DENY, PolicyType.RESOURCE)
    else:
        assert decision is None


def test_policies_see_the_facts_of_the_call() -> None:
    context = iam_request(question(AuthorizationType.AWS_IAM), Standing(identity=user())).context
    seen = {key: context[key] for key in context}
    assert json.loads(json.dumps(seen)) == {
        "aws:sourceip": ["203.0.113.7"],
        "aws:securetransport": ["false"],
        "aws:currenttime": ["2026-03-04T05:06:07Z"],
        "aws:epochtime": [str(int(NOW.timestamp()))],
        "aws:requestedregion": ["us-east-1"],
        "aws:resourceaccount": ["123456789012"],
        "aws:viaawsservice": ["false"],
        "aws:principalisawsservice": ["false"],
        "aws:useragent": ["curl/8"],
        "aws:principalarn": ["arn:aws:iam::123456789012:user/bob"],
        "aws:principalaccount": ["123456789012"],
        "aws:principaltype": ["User"],
        "aws:principalorgid": ["o-exampleorg"],
        "aws:userid": ["AIDAEXAMPLEEXAMPLEEX"],
        "aws:username": ["bob"],
    }

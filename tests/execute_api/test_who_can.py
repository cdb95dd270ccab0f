from typing import Any

from tests.execute_api.support import make_caller
from tests.rules.execute_api.support import (
    NOW,
    OTHER,
    make_plan,
    method,
    pool_authorizer,
    resource,
    resource_policy,
    token_authorizer,
)

from yett.execute_api.access_matrix import question_of
from yett.execute_api.principals import Named
from yett.execute_api.who_can import who_can
from yett.rules.execute_api.deployment import AuthorizationType

KINDS = AuthorizationType
OFFICE = {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}


def told(
    kind: AuthorizationType, *principals: Named, policy: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    plan = make_plan(
        resource("/pets", method("GET", kind, **more)),
        authorizers=(token_authorizer(), pool_authorizer()),
        policy=None if policy is None else resource_policy(*policy),
    )
    question = question_of(plan, "GET", "/pets", source_ip="192.0.2.1", now=NOW)
    assert question is not None
    return who_can(question, principals)


def named(name: str, *statements: dict[str, Any]) -> Named:
    return Named(name=name, caller=make_caller(*statements, name=name))


def test_principals_come_with_the_conditions_that_would_let_them_in() -> None:
    answer = told(KINDS.AWS_IAM, named("bob", {}), named("ann", OFFICE), named("eve"))
    assert [(each["principal"], each["outcome"]) for each in answer["callers"]] == [
        ("bob", "allow"),
        ("ann", "implicit_deny"),
    ]
    (condition,) = answer["callers"][1]["conditions"]
    assert (condition["holds"], condition["text"]) == (False, "aws:SourceIp IpAddress 10.0.0.0/8")


def test_foreign_accounts_are_named_where_the_resource_policy_lets_them_in() -> None:
    policy = [{"Principal": {"AWS": OTHER}}, {"Principal": {"AWS": OTHER}, "Resource": "arn:aws:execute-api:*:*:x/*"}]
    assert told(KINDS.AWS_IAM, policy=policy)["accounts"] == [OTHER]
    assert told(KINDS.AWS_IAM, policy=[{"Principal": {"AWS": OTHER}, "Effect": "Deny"}])["accounts"] == []


def test_tokens_are_described_by_pool_scope_and_authorizer() -> None:
    answer = told(KINDS.COGNITO_USER_POOLS, authorizer_id="auth2", authorization_scopes=("pets/read",))
    assert answer["token"] == "an access token of user pool us-east-1_abcdefghi with scope pets/read"
    assert told(KINDS.COGNITO_USER_POOLS, authorizer_id="auth2")["token"].startswith("an ID token")
    assert told(KINDS.CUSTOM, authorizer_id="auth1")["token"] == "whoever authorizer tokens lets in"


def test_anyone_is_let_in_or_kept_out_by_the_resource_policy() -> None:
    assert told(KINDS.NONE)["callers"][0]["outcome"] == "allow"
    (anyone,) = told(KINDS.NONE, policy=[OFFICE])["callers"]
    assert anyone["outcome"] == "implicit_deny"
    assert told(KINDS.NONE, policy=[{"Effect": "Deny"}])["callers"] == []

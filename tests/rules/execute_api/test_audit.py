from typing import Any

import pytest
from tests.rules.execute_api.support import (
    ACCOUNT,
    POOL,
    compiled,
    make_plan,
    make_request,
    method,
    pool_authorizer,
    resource,
    resource_policy,
    route,
    token_authorizer,
)

from yett.policy import Kind, NamedPolicy, parse_policy
from yett.rules.execute_api.audit import Code, audit_answer, audit_code, audit_route, audit_sign_up, audit_statements
from yett.rules.execute_api.authorizer_code import Answers, CodeHint
from yett.rules.execute_api.deployment import AuthorizationType

BASE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc123/prod"
OFFICE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
ABROAD = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}


def audited(*statements: dict[str, Any], kind: AuthorizationType = AuthorizationType.NONE) -> Code | None:
    plan = make_plan(
        resource("/pets", method("GET", kind)), policy=resource_policy(*statements) if statements else None
    )
    finding = audit_route(route(plan, make_request("GET", "/pets"), "/pets").question)
    return None if finding is None else finding.code


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ([], Code.OPEN_TO_ANYONE),
        ([{}], Code.OPEN_TO_ANYONE),
        ([{}, {"Effect": "Deny", "Resource": f"{BASE}/GET/other"}], Code.OPEN_TO_ANYONE),
        ([{"Condition": OFFICE}, {}], Code.OPEN_TO_ANYONE),
        ([{"Condition": OFFICE}], Code.ONE_ADDRESS_CONDITION),
        ([{}, {"Effect": "Deny", "Condition": ABROAD}], Code.ONE_ADDRESS_CONDITION),
        ([{"Condition": OFFICE | {"StringEquals": {"aws:UserAgent": "x"}}}], None),
        ([{}, {"Effect": "Deny"}], None),
        ([{"Principal": {"AWS": ACCOUNT}}], None),
        ([{"Resource": f"{BASE}/GET/other"}], None),
    ],
)
def test_routes_that_anyone_or_an_address_can_call_are_found(
    statements: list[dict[str, Any]], code: Code | None
) -> None:
    assert audited(*statements) is code


def test_a_route_that_wants_a_signature_is_not_open() -> None:
    assert audited(kind=AuthorizationType.AWS_IAM) is None


def answered(*statements: dict[str, Any], routes: int = 2, ttl: int = 300) -> str | None:
    authorizer = token_authorizer(result_ttl_seconds=ttl)
    custom = method("GET", AuthorizationType.CUSTOM, authorizer_id="auth1")
    plan = make_plan(*(resource(f"/{n}", custom) for n in range(routes)), authorizers=(authorizer,))
    known = plan.methods[0].authorizer
    assert known is not None
    finding = audit_answer(compiled(Kind.AUTHORIZER, *statements), known, plan)
    return None if finding is None else f"{finding.code.value} {finding.where}: {finding.message}"


def test_an_answer_that_names_one_method_and_is_cached_is_told_before_it_surprises() -> None:
    one = {"Resource": f"{BASE}/GET/0"}
    assert answered(one) == (
        "AUTHORIZER_NAMES_ONE_METHOD authorizer tokens: this Allow covers prod/GET/0 only, and is cached for 300 s: "
        "the next method gets 403"
    )
    assert answered(one, ttl=0) is None
    assert answered(one, routes=1) is None
    assert answered({"Resource": f"{BASE}/GET/*"}) is None
    assert answered({"Resource": [f"{BASE}/GET/0", f"{BASE}/GET/1"]}) is None


@pytest.mark.parametrize("value", ["*", f"{BASE}/*", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc123/*"])
def test_an_answer_that_allows_everything_is_told(value: str) -> None:
    assert str(answered({"Resource": value})).startswith("AUTHORIZER_ALLOWS_EVERYTHING")
    assert answered({"Resource": value}, {"Effect": "Deny", "Resource": f"{BASE}/GET/1"}) is None


def test_statements_that_can_never_match_are_told_once() -> None:
    text = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{BASE}/get/pets"},
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"},
        ],
    }
    policy = NamedPolicy("p", parse_policy(text, kind=Kind.IDENTITY))
    findings = list(audit_statements([("user/bob", policy, Kind.IDENTITY)] * 2))
    assert [(each.code, each.where) for each in findings] == [
        (Code.UNSATISFIABLE_STATEMENT, "user/bob: p/Statement/0/Resource")
    ]


@pytest.mark.parametrize(
    ("answers", "routes", "ttl", "code", "said"),
    [
        (Answers.EVERYTHING, 1, 0, Code.AUTHORIZER_ALLOWS_EVERYTHING, "allows everything"),
        (Answers.ONE_METHOD, 2, 300, Code.AUTHORIZER_NAMES_ONE_METHOD, "is cached for 300 s: the next method gets 403"),
        (Answers.ONE_METHOD, 1, 300, None, ""),
        (Answers.ONE_METHOD, 2, 0, None, ""),
    ],
)
def test_what_an_authorizers_code_will_answer_is_found_before_it_does(
    answers: Answers, routes: int, ttl: int, code: Code | None, said: str
) -> None:
    custom = method("GET", AuthorizationType.CUSTOM, authorizer_id="auth1")
    plan = make_plan(
        *(resource(f"/{number}", custom) for number in range(routes)),
        authorizers=(token_authorizer(result_ttl_seconds=ttl),),
    )
    authorizer = plan.methods[0].authorizer
    assert authorizer is not None
    finding = audit_code(CodeHint(answers, 7), "app.py", authorizer, plan)
    assert (None if finding is None else finding.code) is code
    if finding is not None:
        assert finding.where == "authorizer tokens"
        assert "its code (app.py, line 7) " in finding.message
        assert said in finding.message


def test_a_method_that_a_token_of_an_open_pool_opens_is_found() -> None:
    kind = AuthorizationType.COGNITO_USER_POOLS
    plan = make_plan(
        resource("/mine", method("GET", kind, authorizer_id="auth2")),
        resource("/scoped", method("GET", kind, authorizer_id="auth2", authorization_scopes=("pets/read",))),
        resource("/open", method("GET")),
        authorizers=(pool_authorizer(),),
    )
    (finding,) = audit_sign_up(plan, frozenset({POOL}))
    assert (finding.code, finding.where) == (Code.OPEN_TO_WHO_SIGNS_UP, "GET /mine")
    assert "who signs up with user pool us-east-1_abcdefghi" in finding.message
    assert list(audit_sign_up(plan, frozenset())) == []

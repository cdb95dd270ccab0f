from typing import Any

import pytest
from tests.rules.execute_api.support import (
    OTHER,
    POOL,
    case_name,
    make_plan,
    make_request,
    method,
    read_cases,
    resource,
    route,
    user,
)

from yett.policy import Decision, Outcome, PolicyType, Wording
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.denial import refuse, refuse_anonymous
from yett.values.identity import ANONYMOUS, AuthorizerIdentity, Identity, PoolIdentity

CALLERS: dict[str, Identity] = {
    "iam": user(account=OTHER),
    "anonymous": ANONYMOUS,
    "pool": PoolIdentity(pool_arn=POOL, claims={}, scopes=(), subject="u1"),
    "authorizer": AuthorizerIdentity(authorizer_id="a", principal_id="p", context={}),
}
QUESTION = route(make_plan(resource("/pets/{id}", method())), make_request("GET", "/pets/7"), "/pets/7").question


@pytest.mark.parametrize("case", read_cases("denials"), ids=case_name)
def test_a_denial_reads_as_aws_writes_it(case: dict[str, Any]) -> None:
    decision = Decision(Outcome(case["outcome"]), PolicyType(case["by"]))
    standing = Standing(identity=CALLERS[case["who"]])
    denied = refuse(QUESTION, standing, decision, wording=Wording(case["wording"]))
    assert denied.message == case["message"]
    assert denied.decision is decision


def test_before_an_authorizer_is_asked_the_caller_is_anonymous() -> None:
    decision = Decision(Outcome.EXPLICIT_DENY, PolicyType.RESOURCE)
    denied = refuse_anonymous(QUESTION, decision, wording=Wording.LEGACY)
    assert str(denied.message).startswith("User: anonymous is not authorized")


def test_the_account_is_masked_and_the_path_kept_as_sent() -> None:
    """A slash at the path's end stays in the ARN (spec 01, 2.5, OBSERVED)."""
    routed = route(make_plan(resource("/test", method())), make_request("GET", "/test//"), "/test//")
    denied = refuse_anonymous(
        routed.question, Decision(Outcome.IMPLICIT_DENY, PolicyType.RESOURCE), wording=Wording.LEGACY
    )
    assert str(denied.message).endswith("arn:aws:execute-api:us-east-1:********9012:abc123/prod/GET/test//")
    assert "123456789012" not in str(denied.message)

from typing import Any

from tests.execute_api.support import make_caller
from tests.rules.execute_api.support import (
    NOW,
    make_plan,
    method,
    pool_authorizer,
    resource,
    resource_policy,
    token_authorizer,
)

from yett.execute_api.access_matrix import Matrix, cells_beside, make_matrix, question_of, rows_of, standing_of
from yett.execute_api.principals import Named
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import StagePlan
from yett.values.http import VpcOrigin

KINDS = AuthorizationType
VAULT = {"Resource": "arn:aws:execute-api:*:*:abc123/prod/GET/stock/vault"}


def plan(**more: Any) -> StagePlan:
    return make_plan(
        resource("/stock/{id}", method("GET", KINDS.AWS_IAM)),
        resource("/any", method("ANY"), method("GET", KINDS.CUSTOM, authorizer_id="auth1")),
        resource("/mine", method("POST", KINDS.COGNITO_USER_POOLS, authorizer_id="auth2")),
        authorizers=(token_authorizer(), pool_authorizer()),
        **more,
    )


def named(name: str, *statements: dict[str, Any]) -> Named:
    return Named(name=f"user/{name}", caller=make_caller(*statements, name=name))


def cells(matrix: Matrix) -> dict[tuple[str, str, str], str]:
    return {
        (f"{row.method} {row.path}", column.principal, column.source_ip): verdict.outcome
        for row, verdicts in zip(matrix.rows, matrix.verdicts, strict=True)
        for column, verdict in zip(matrix.columns, verdicts, strict=True)
    }


def test_every_verb_and_every_path_that_a_policy_names_has_a_row() -> None:
    matrix = make_matrix(plan(), [named("bob", {}, VAULT | {"Effect": "Deny"})], addresses=["10.0.0.1"], now=NOW)
    found = cells(matrix)
    assert found["GET /stock/1", "user/bob", "10.0.0.1"] == "allow"
    assert found["GET /stock/vault", "user/bob", "10.0.0.1"] == "explicit_deny"
    assert found["GET /stock/1", "anonymous", "10.0.0.1"] == "unauthenticated"
    assert found["DELETE /any", "anonymous", "10.0.0.1"] == "allow"
    assert found["GET /any", "anonymous", "10.0.0.1"] == "needs_token"
    assert found["POST /mine", "user/bob", "10.0.0.1"] == "needs_token"
    assert len(list(rows_of(plan()))) == 9  # seven verbs of /any and the two others


def test_addresses_are_decided_apart() -> None:
    office = {"Effect": "Deny", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    guarded = plan(policy=resource_policy({}, office))
    found = cells(make_matrix(guarded, [], addresses=["10.0.0.1", "192.0.2.1"], now=NOW))
    assert found["POST /any", "anonymous", "10.0.0.1"] == "allow"
    for path in ("POST /any", "GET /any", "POST /mine"):
        assert found[path, "anonymous", "192.0.2.1"] == "explicit_deny"


def test_a_call_through_a_vpc_endpoint_is_compared_with_others_through_it() -> None:
    origin = VpcOrigin(vpc="vpc-1a2b3c4d", endpoint=None)
    question = question_of(plan(), "GET", "/stock/7", source_ip="10.0.0.1", now=NOW, vpc_origin=origin)
    assert question is not None
    assert question.facts.vpc_origin == origin
    beside = cells_beside(question, standing_of(named("bob")), [named("bob"), named("eve")])
    origins = {(each.question.facts.source_ip, each.question.facts.vpc_origin) for each in beside}
    assert len(origins) == 2  # of another address: a call from outside
    assert ("10.0.0.1", origin) in origins


def test_the_cells_beside_a_call_leave_out_its_own() -> None:
    stage = plan()
    question = question_of(stage, "GET", "/stock/7", source_ip="10.0.0.1", now=NOW)
    assert question is not None
    bob, eve = named("bob"), named("eve")
    names = {cell.name for cell in cells_beside(question, standing_of(bob), [bob, eve])}
    assert "GET /stock/1 for user/eve" in names
    assert "GET /stock/1 for user/bob" not in names
    assert "POST /any for address 10.0.0.1" in names
    assert question_of(stage, "GET", "/nowhere", source_ip="10.0.0.1", now=NOW) is None

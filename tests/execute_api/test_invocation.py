from typing import Any

import pytest
from msgspec import structs
from tests.execute_api.support import INTERNAL, Gateway, make_caller, make_function, said
from tests.rules.execute_api.support import FUNCTION, aws_proxy, compiled, method, resource

from yett.policy import Kind
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import CALLER_CREDENTIALS
from yett.values.errors import Unavailable

ROLE = "arn:aws:iam::123456789012:role/invoke"
INVOKE = {"Action": ["execute-api:Invoke", "lambda:InvokeFunction"]}
GATEWAY = frozenset({"apigateway.amazonaws.com"})


def gateway(
    credentials: str | None = None, *, kind: AuthorizationType = AuthorizationType.NONE, **more: Any
) -> Gateway:
    integration = aws_proxy(credentials=credentials)
    return Gateway(resource("/pets/{id}", method("GET", kind, integration=integration)), **more)


async def test_the_function_s_policy_lets_the_gateway_in_for_the_method_it_names() -> None:
    door = gateway()
    source = "arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/pets/*"
    door.functions.by_arn[FUNCTION] = make_function(ArnLike={"AWS:SourceArn": source})
    answer = await door.call("GET", "/pets/7")
    assert (answer.status, answer.body) == (200, b"from the function")


@pytest.mark.parametrize(
    "function",
    [
        make_function(invoked_by=None),
        make_function(invoked_by={"Service": "s3.amazonaws.com"}),
        make_function(ArnLike={"AWS:SourceArn": "arn:aws:execute-api:us-east-1:123456789012:other/*/GET/pets/*"}),
        make_function(ArnLike={"AWS:SourceArn": "arn:aws:execute-api:us-east-1:123456789012:abc123/*/POST/pets/*"}),
        make_function(StringEquals={"AWS:SourceAccount": "999999999999"}),
    ],
)
async def test_without_its_permission_the_function_is_not_invoked(function: Any) -> None:
    door = gateway()
    door.functions.by_arn[FUNCTION] = function
    assert said(await door.call("GET", "/pets/7")) == INTERNAL
    assert door.runner.events == []
    assert "invalid permissions on Lambda function" in str(door.explain()["steps"])


async def test_a_permission_that_is_taken_away_is_missed_by_the_next_call() -> None:
    door = gateway()
    assert (await door.call("GET", "/pets/7")).status == 200
    door.functions.by_arn[FUNCTION] = structs.replace(make_function(invoked_by=None), revision_id="rev2")
    assert said(await door.call("GET", "/pets/7")) == INTERNAL


async def test_a_function_that_is_not_there_is_the_api_s_fault() -> None:
    door = gateway()
    door.functions.by_arn.clear()
    assert said(await door.call("GET", "/pets/7")) == INTERNAL


async def test_a_store_that_fails_invokes_nothing() -> None:
    door = gateway()
    door.functions.fails = Unavailable("down")
    assert said(await door.call("GET", "/pets/7")) == INTERNAL
    assert door.runner.events == []


@pytest.mark.parametrize(("statement", "status"), [(INVOKE, 200), ({}, 500)])
async def test_in_the_caller_s_name_the_caller_must_be_let(statement: dict[str, Any], status: int) -> None:
    bob = make_caller(statement)
    door = gateway(CALLER_CREDENTIALS, kind=AuthorizationType.AWS_IAM, callers=(bob,))
    door.functions.by_arn[FUNCTION] = make_function(invoked_by=None)
    assert (await door.answer(door.signed(bob, "GET", "/pets/7"))).status == status
    assert len(door.runner.events) == (1 if status == 200 else 0)


async def test_in_the_name_of_a_caller_that_nobody_knows_nothing_is_invoked() -> None:
    door = gateway(CALLER_CREDENTIALS)
    assert said(await door.call("GET", "/pets/7")) == INTERNAL
    assert door.runner.events == []


@pytest.mark.parametrize(
    ("statement", "trusted", "status"),
    [
        (INVOKE, GATEWAY, 200),
        ({}, GATEWAY, 500),
        (INVOKE, frozenset({"lambda.amazonaws.com"}), 500),
        (None, GATEWAY, 500),
    ],
)
async def test_in_a_role_s_name_the_role_must_trust_the_gateway_and_be_let(
    statement: dict[str, Any] | None, trusted: frozenset[str], status: int
) -> None:
    door = gateway(ROLE)
    door.functions.by_arn[FUNCTION] = make_function(invoked_by=None)
    if statement is not None:
        role = make_caller(name="role")
        policies = structs.replace(role.policies, identity=compiled(Kind.IDENTITY, statement))
        door.callers.service_roles[ROLE] = (structs.replace(role, policies=policies), trusted)
    assert (await door.call("GET", "/pets/7")).status == status

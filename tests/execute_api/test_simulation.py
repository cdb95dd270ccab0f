"""A simulation says of a call what the line says when the call is made."""

import json
from typing import Any

import pytest
from msgspec import structs
from tests.execute_api.support import Gateway, allow, make_caller
from tests.rules.execute_api.support import (
    AUTHORIZER_FUNCTION,
    method,
    pool_authorizer,
    resource,
    resource_policy,
    token_authorizer,
)

from yett.execute_api.simulation import Simulated, simulate
from yett.ports.callers import Caller
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.routing.domain import locate
from yett.values.http import HttpRequest

KINDS = AuthorizationType
OFFICE = {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}


def gateway(kind: AuthorizationType, **more: Any) -> Gateway:
    authorizer_id = {KINDS.CUSTOM: "auth1", KINDS.COGNITO_USER_POOLS: "auth2"}.get(kind)
    guarded = method("GET", kind, authorizer_id=authorizer_id)
    return Gateway(resource("/pets/{id}", guarded), authorizers=(token_authorizer(), pool_authorizer()), **more)


async def simulated(
    door: Gateway, request: HttpRequest, caller: Caller | None = None, *, invoke_authorizer: bool = False
) -> Simulated:
    target = locate(request.host, request.path)
    assert target is not None
    plan = door.plans.current(target.api_id, target.stage)
    assert plan is not None
    return await simulate(request, target, plan, ports=door.ports, caller=caller, invoke_authorizer=invoke_authorizer)


def decided(trace: Any) -> dict[str, Any]:
    """What a real call and a simulation have in common."""
    return {name: trace[name] for name in ("outcome", "errorType", "caller", "decidedBy", "policies", "method", "path")}


CALLERS = [
    make_caller({}),
    make_caller({"Resource": "arn:aws:execute-api:*:*:abc123/prod/GET/pets/8"}),
    make_caller({}, {"Effect": "Deny"}),
    make_caller(),
]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "policy", [None, resource_policy({}), resource_policy(OFFICE), resource_policy({"Effect": "Deny"})]
)
@pytest.mark.parametrize("path", ["/pets/7", "/pets/8", "/nowhere"])
async def test_a_signed_call_ends_as_simulated(caller: Caller, policy: Any, path: str) -> None:
    door = gateway(KINDS.AWS_IAM, callers=(caller,), policy=policy)
    trace = (await simulated(door, door.request("GET", path), caller)).trace
    answer = await door.answer(door.signed(caller, "GET", path))
    assert decided(trace) == decided(door.explain())
    assert trace["status"] == (None if trace["outcome"] == "allow" else answer.status)
    assert door.upstream.requests == [] or trace["outcome"] == "allow"


@pytest.mark.parametrize("policy", [None, resource_policy({}), resource_policy(OFFICE)])
@pytest.mark.parametrize("kind", [KINDS.NONE, KINDS.COGNITO_USER_POOLS, KINDS.AWS_IAM])
async def test_an_unsigned_call_ends_as_simulated(kind: AuthorizationType, policy: Any) -> None:
    door = gateway(kind, policy=policy)
    for headers in ((), (("Authorization", door.token()),), (("Authorization", "forged"),)):
        if kind is KINDS.AWS_IAM and headers:
            continue
        trace = (await simulated(door, door.request("GET", "/pets/7", *headers))).trace
        await door.call("GET", "/pets/7", *headers)
        assert decided(trace) == decided(door.explain())


async def test_nothing_is_asked_called_or_kept() -> None:
    door = gateway(KINDS.CUSTOM)
    request = door.request("GET", "/pets/7", ("Authorization", "sesame"))
    found = await simulated(door, request)
    assert (found.trace["outcome"], found.trace["status"]) == ("unknown", None)
    assert "was not asked" in str(found.unknown)
    assert "sesame" not in json.dumps(found.trace)
    assert door.runner.events == []
    assert door.decisions.recent(10) == ()


async def test_an_authorizer_is_asked_on_demand_and_its_answer_not_kept() -> None:
    door = gateway(KINDS.CUSTOM)
    request = door.request("GET", "/pets/7", ("Authorization", "sesame"))
    assert (await simulated(door, request, invoke_authorizer=True)).trace["outcome"] == "allow"
    assert (await simulated(door, request)).unknown is not None


async def test_an_answer_that_is_kept_is_taken_until_it_expires() -> None:
    door = gateway(KINDS.CUSTOM)
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: allow(effect="Deny")
    header = ("Authorization", "sesame")
    await door.call("GET", "/pets/7", header)
    trace = (await simulated(door, door.request("GET", "/pets/7", header))).trace
    assert trace["outcome"] == "explicit_deny"
    assert "cached answer" in trace["steps"][2]["detail"]
    later = door.request("GET", "/pets/7", header)
    later = structs.replace(later, received_at=later.received_at.replace(year=later.received_at.year + 1))
    assert (await simulated(door, later)).trace["outcome"] == "unknown"


async def test_a_resource_policys_deny_is_told_though_the_authorizer_is_not_asked() -> None:
    door = gateway(KINDS.CUSTOM, policy=resource_policy({"Effect": "Deny"}))
    trace = (await simulated(door, door.request("GET", "/pets/7", ("Authorization", "x")))).trace
    assert trace["outcome"] == "explicit_deny"

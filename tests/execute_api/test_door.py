import gc
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs
from tests.execute_api.support import INTERNAL, Gateway, allow, make_caller, said
from tests.rules.execute_api.support import (
    AUTHORIZER_FUNCTION,
    http,
    make_plan,
    make_request,
    method,
    pool_authorizer,
    request_authorizer,
    resource,
    resource_policy,
    token_authorizer,
)

from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import NotDeployable
from yett.values.errors import Unavailable
from yett.values.http import HttpRequest
from yett.values.secret import Secret

FORBIDDEN = (403, "ForbiddenException", "Forbidden")


def gateway() -> Gateway:
    return Gateway(resource("/pets", method()))


async def test_every_answer_carries_both_request_ids() -> None:
    door = gateway()
    for answer in (await door.call("GET", "/pets"), await door.call("GET", "/none"), await door.call(stage="none")):
        assert answer.headers.get("x-amzn-requestid") is not None
        assert len(answer.headers.get("x-amz-apigw-id") or "") == 16
    assert answer.headers.get("x-amzn-requestid") == door.last_id


async def test_what_names_no_stage_of_an_api_is_forbidden() -> None:
    """08 nos. 3 and 44."""
    door = gateway()
    assert said(await door.call("GET", "/pets", stage="none")) == FORBIDDEN
    assert said(await door.call("GET", "/pets", host="other.execute-api.localhost")) == FORBIDDEN
    assert said(await door.call("GET", "/pets", stage="")) == FORBIDDEN
    assert said(await door.call("GET", "/pets", host="localhost")) == FORBIDDEN
    assert door.explain()["outcome"] == "error"


async def test_a_disabled_endpoint_is_forbidden() -> None:
    door = Gateway(resource("/pets", method()), disable_execute_api_endpoint=True)
    assert said(await door.call("GET", "/pets")) == FORBIDDEN


async def test_the_path_form_serves_the_same_stage() -> None:
    door = gateway()
    path = "/restapis/abc123/prod/_user_request_/pets"
    answer = await door.answer(make_request("GET", path, stage="", host="localhost"))
    assert answer.status == 200


async def test_a_store_that_fails_is_a_500_and_lets_nobody_in() -> None:
    door = gateway()
    door.plans.fails = Unavailable("the database is at db.internal:5432")
    with capture_logs() as logs:
        answer = await door.call("GET", "/pets")
    assert said(answer) == INTERNAL
    assert b"db.internal" not in answer.body
    assert logs[0]["request_id"] == door.last_id
    assert door.explain()["outcome"] == "error"


async def test_a_stage_that_cannot_be_served_is_a_500_with_its_reason_in_the_trace() -> None:
    door = gateway()
    door.plans.fails = NotDeployable("GET /: API keys are not offered")
    with capture_logs():
        assert said(await door.call("GET", "/pets")) == INTERNAL
    assert "API keys are not offered" in str(door.explain()["steps"])


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError])
async def test_a_bug_is_a_500_that_tells_nothing(kind: type[Exception]) -> None:
    door = gateway()
    door.upstream.raises = kind("the secret detail")
    with capture_logs() as logs:
        answer = await door.call("GET", "/pets")
    assert said(answer) == INTERNAL
    assert b"secret" not in answer.body
    assert logs[0]["log_level"] == "error"
    assert "secret" not in str(door.explain())


async def test_an_override_means_one_method_to_router_policy_and_backend() -> None:
    policy = resource_policy({}, {"Effect": "Deny", "Resource": "arn:aws:execute-api:*:*:*/*/DELETE/*"})
    door = Gateway(resource("/pets", method("POST"), method("DELETE"), method("PUT")), policy=policy)
    assert (await door.call("POST", "/pets", ("X-HTTP-Method-Override", "PUT"))).status == 200
    assert door.upstream.requests[0].method == "PUT"
    assert door.explain()["method"] == "PUT"
    assert (await door.call("POST", "/pets", ("X-HTTP-Method-Override", "DELETE"))).status == 403
    assert (await door.call("DELETE", "/pets", ("X-HTTP-Method-Override", "POST"))).status == 200
    for nonsense in ("ANY", "put", "GET/x", "PUT /"):
        assert said(await door.call("POST", "/pets", ("X-HTTP-Method-Override", nonsense)))[0] == 403
    assert [sent.method for sent in door.upstream.requests] == ["PUT", "POST"]


async def test_a_new_deployment_serves_the_next_call() -> None:
    door = gateway()
    assert (await door.call("GET", "/pets")).status == 200
    plan = make_plan(resource("/dogs", method(integration=http("http://dogs.test/"))))
    door.plans.by_stage[(plan.api_id, plan.stage)] = plan
    assert (await door.call("GET", "/pets")).status == 403
    assert (await door.call("GET", "/dogs")).status == 200


async def test_a_resource_policy_s_deny_spares_the_authorizer() -> None:
    guarded = method("GET", AuthorizationType.CUSTOM, authorizer_id="auth1")
    door = Gateway(
        resource("/", guarded), authorizers=(request_authorizer(),), policy=resource_policy({"Effect": "Deny"}, {})
    )
    status, kind, message = said(await door.call("GET", "/", ("Authorization", "x")))
    assert (status, kind) == (403, "AccessDeniedException")
    assert message.startswith("User: anonymous")
    assert door.runner.events == []
    assert [step["step"] for step in door.explain()["steps"]] == ["route", "screen", "respond"]


async def test_an_arn_too_long_to_be_asked_about_is_a_414_where_somebody_asks() -> None:
    door = Gateway(resource("/{p+}", method("GET", AuthorizationType.AWS_IAM)), resource("/open/{p+}", method()))
    assert said(await door.call("GET", "/" + "x" * 1600))[0] == 414
    assert (await door.call("GET", "/open/" + "x" * 1600)).status == 200


async def test_a_request_without_a_stage_segment_of_its_own_is_no_surprise() -> None:
    door = gateway()
    request = structs.replace(door.request("GET", "/pets"), path="/prod", target="/prod")
    assert said(await door.answer(request))[1] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("kind", list(AuthorizationType))
async def test_a_warm_call_waits_for_nothing_but_its_backend(kind: AuthorizationType) -> None:
    bob = make_caller({})
    authorizer_id = {AuthorizationType.CUSTOM: "auth1", AuthorizationType.COGNITO_USER_POOLS: "auth2"}.get(kind)
    guarded = method("GET", kind, authorizer_id=authorizer_id)
    door = Gateway(resource("/", guarded), authorizers=(request_authorizer(), pool_authorizer()), callers=(bob,))
    token = door.token()

    def request() -> HttpRequest:
        signed = kind is AuthorizationType.AWS_IAM
        return door.signed(bob) if signed else door.request("GET", "/", ("Authorization", token))

    assert (await door.answer(request())).status == 200
    with pytest.raises(StopIteration) as done:  # it runs through, since the fake backend answers at once
        door.answer(request()).send(None)
    assert done.value.value.status == 200


BOB = make_caller({})
EVE = make_caller({}, name="eve")


def everything() -> Gateway:
    """A stage with a route for each kind of caller."""

    def authorize(event: dict[str, Any]) -> object:
        return allow(effect="Deny" if event["authorizationToken"] == "denied" else "Allow")

    users = method(kind=AuthorizationType.COGNITO_USER_POOLS, authorizer_id="auth2")
    door = Gateway(
        resource("/open", method(integration=http("http://127.0.0.1:8000/"))),
        resource("/iam", method(kind=AuthorizationType.AWS_IAM)),
        resource("/token", method(kind=AuthorizationType.CUSTOM, authorizer_id="auth1")),
        resource("/users", users),
        callers=(BOB, make_caller(name="ann")),
        authorizers=(token_authorizer(), pool_authorizer()),
    )
    door.runner.handlers[AUTHORIZER_FUNCTION] = authorize
    return door


def bearing(token: str) -> tuple[str, str]:
    return ("Authorization", token)


CALLS: dict[str, Callable[[Gateway], HttpRequest]] = {
    "200 open": lambda door: door.request("GET", "/open"),
    "200 signed": lambda door: door.signed(BOB, "GET", "/iam"),
    "200 token": lambda door: door.request("GET", "/token", bearing("good")),
    "200 user": lambda door: door.request("GET", "/users", bearing(door.token())),
    "403 no route": lambda door: door.request("GET", "/nowhere"),
    "403 no API": lambda door: door.request("GET", "/open", host="other.execute-api.localhost"),
    "403 unsigned": lambda door: door.request("GET", "/iam"),
    "403 unknown key": lambda door: door.signed(EVE, "GET", "/iam"),
    "403 no policy": lambda door: door.signed(make_caller(name="ann"), "GET", "/iam"),
    "403 forged": lambda door: door.signed(structs.replace(BOB, secret_access_key=Secret("another")), "GET", "/iam"),
    "403 denied": lambda door: door.request("GET", "/token", bearing("denied")),
    "401 no token": lambda door: door.request("GET", "/token"),
    "401 no user": lambda door: door.request("GET", "/users", bearing("a.b.c")),
    "401 expired": lambda door: door.request("GET", "/users", bearing(door.token(life_seconds=-60))),
}


@pytest.mark.parametrize("call", CALLS)
async def test_no_call_leaves_anything_for_the_garbage_collector(call: str) -> None:
    """A refusal that holds the frame which holds it costs its caller nothing, and everyone else a collection."""
    door = everything()
    make, status = CALLS[call], int(call[:3])
    assert (await door.answer(make(door))).status == status
    requests = [make(door) for _ in range(5)]
    gc.collect()
    gc.disable()
    try:
        for request in requests:
            await door.answer(request)
        assert gc.collect() == 0
    finally:
        gc.enable()

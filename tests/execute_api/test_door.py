import pytest
from msgspec import structs
from structlog.testing import capture_logs
from tests.execute_api.support import INTERNAL, Gateway, make_caller, said
from tests.rules.execute_api.support import (
    http,
    make_plan,
    make_request,
    method,
    pool_authorizer,
    request_authorizer,
    resource,
    resource_policy,
)

from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import NotDeployable
from yett.values.errors import Unavailable
from yett.values.http import HttpRequest

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

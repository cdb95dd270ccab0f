import asyncio
import json
from typing import Any

import pytest
from tests.execute_api.support import AUTHORIZER_BROKEN, UNAUTHORIZED, Gateway, allow, make_function, said
from tests.fakes.functions import Fails
from tests.rules.execute_api.support import (
    AUTHORIZER_FUNCTION,
    document,
    method,
    request_authorizer,
    resource,
    token_authorizer,
)

from yett.ports.function_runner import FunctionThrottled, FunctionUnavailable
from yett.rules.execute_api.deployment import AuthorizationType, DeployedAuthorizer
from yett.values.errors import Unavailable

CUSTOM = AuthorizationType.CUSTOM
TOKEN = ("Authorization", "Bearer abc")


def gateway(authorizer: DeployedAuthorizer | None = None, **more: Any) -> Gateway:
    authorizer = authorizer or token_authorizer()
    guarded = [resource(path, method("ANY", CUSTOM, authorizer_id=authorizer.id)) for path in ("/a", "/b")]
    return Gateway(*guarded, authorizers=(authorizer,), **more)


def asked(door: Gateway) -> list[dict[str, Any]]:
    return door.runner.calls_of(AUTHORIZER_FUNCTION)


async def test_the_function_is_asked_once_and_its_answer_serves_the_next_call() -> None:
    door = gateway()
    assert [(await door.call("GET", "/a", TOKEN)).status for _ in range(3)] == [200, 200, 200]
    assert [event["authorizationToken"] for event in asked(door)] == ["Bearer abc"]
    assert len(door.upstream.requests) == 3


async def test_the_policy_is_kept_and_never_the_verdict() -> None:
    """A policy for one method makes the next method of the stage a 403 (08 no. 19)."""
    door = gateway()
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda event: allow(event["methodArn"])
    assert (await door.call("GET", "/a", TOKEN)).status == 200
    assert (await door.call("GET", "/b", TOKEN)).status == 403
    assert (await door.call("GET", "/a", TOKEN)).status == 200
    assert len(asked(door)) == 1


async def test_conditions_of_a_kept_policy_are_weighed_for_each_call() -> None:
    door = gateway()
    near = {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: allow() | {"policyDocument": document(near)}
    assert (await door.call("GET", "/a", TOKEN)).status == 200
    assert (await door.call("GET", "/a", TOKEN, source_ip="198.51.100.1")).status == 403
    assert len(asked(door)) == 1


async def test_an_answer_is_kept_until_the_second_that_its_ttl_names() -> None:
    door = gateway(token_authorizer(result_ttl_seconds=10))
    await door.call("GET", "/a", TOKEN)
    door.clock.advance(9.999)
    await door.call("GET", "/a", TOKEN)
    assert len(asked(door)) == 1
    door.clock.advance(0.001)
    await door.call("GET", "/a", TOKEN)
    assert len(asked(door)) == 2


async def test_without_a_ttl_nothing_is_kept() -> None:
    door = gateway(token_authorizer(result_ttl_seconds=0))
    await door.call("GET", "/a", TOKEN)
    await door.call("GET", "/a", TOKEN)
    assert len(asked(door)) == 2


@pytest.mark.parametrize("headers", [(), (("Authorization", ""),), (TOKEN, TOKEN), (("x-api-key", "k"),)])
async def test_without_one_token_the_function_is_not_asked(headers: tuple[tuple[str, str], ...]) -> None:
    """08 nos. 16 and 20. A header that stands twice might be read differently by function and backend."""
    door = gateway()
    assert said(await door.call("GET", "/a", *headers)) == UNAUTHORIZED
    assert asked(door) == []
    assert door.explain()["outcome"] == "unauthenticated"


async def test_a_token_that_does_not_match_the_expression_is_refused_unasked() -> None:
    door = gateway(token_authorizer(identity_validation_expression="Bearer [a-z]+"))
    assert said(await door.call("GET", "/a", ("Authorization", "Bearer abc!"))) == UNAUTHORIZED
    assert said(await door.call("GET", "/a", ("Authorization", "x Bearer abc"))) == UNAUTHORIZED
    assert asked(door) == []
    assert (await door.call("GET", "/a", TOKEN)).status == 200


async def test_a_token_that_is_too_long_is_refused_unasked() -> None:
    door = gateway()
    assert said(await door.call("GET", "/a", ("Authorization", "x" * 10_241))) == UNAUTHORIZED
    assert asked(door) == []


async def test_the_exact_word_is_a_401_and_is_not_kept() -> None:
    door = gateway()

    def refuse(_: object) -> object:
        raise Fails("Unauthorized")

    good = door.runner.handlers[AUTHORIZER_FUNCTION]
    door.runner.handlers[AUTHORIZER_FUNCTION] = refuse
    assert said(await door.call("GET", "/a", TOKEN)) == UNAUTHORIZED
    door.runner.handlers[AUTHORIZER_FUNCTION] = good
    assert (await door.call("GET", "/a", TOKEN)).status == 200


@pytest.mark.parametrize("answer", [None, {}, {"principalId": "p"}, b"", b"oops", {"statusCode": 200}])
async def test_an_answer_that_is_no_policy_is_a_500_and_is_not_kept(answer: object) -> None:
    door = gateway()
    good = door.runner.handlers[AUTHORIZER_FUNCTION]
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: answer
    given = await door.call("GET", "/a", TOKEN)
    assert said(given) == AUTHORIZER_BROKEN
    assert given.body == b'{"message":null}'
    assert door.upstream.requests == []
    door.runner.handlers[AUTHORIZER_FUNCTION] = good
    assert (await door.call("GET", "/a", TOKEN)).status == 200


@pytest.mark.parametrize(
    "failure", [FunctionThrottled("busy"), FunctionUnavailable("gone"), Unavailable("down"), TimeoutError()]
)
async def test_a_function_that_cannot_be_asked_is_a_500_and_never_lets_anyone_in(failure: Exception) -> None:
    door = gateway()
    door.runner.raises = failure
    assert said(await door.call("GET", "/a", TOKEN)) == AUTHORIZER_BROKEN
    assert door.upstream.requests == []


async def test_other_messages_of_a_failing_function_are_a_500() -> None:
    door = gateway()

    def fail(_: object) -> object:
        raise Fails("Unauthorized: expired")

    door.runner.handlers[AUTHORIZER_FUNCTION] = fail
    assert said(await door.call("GET", "/a", TOKEN)) == AUTHORIZER_BROKEN
    assert "yett logs" in json.dumps(door.explain())


@pytest.mark.parametrize(
    "condition", [{"ArnLike": {"aws:SourceArn": "arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/a"}}, None]
)
async def test_the_function_s_own_policy_must_let_the_gateway_ask_it(condition: dict[str, Any] | None) -> None:
    """A permission for methods is none for authorizers (spec 04, 1.3)."""
    door = gateway()
    function = (
        make_function(AUTHORIZER_FUNCTION, **condition)
        if condition
        else make_function(AUTHORIZER_FUNCTION, invoked_by=None)
    )
    door.functions.by_arn[AUTHORIZER_FUNCTION] = function
    assert said(await door.call("GET", "/a", TOKEN)) == AUTHORIZER_BROKEN
    assert asked(door) == []


async def test_a_permission_for_this_authorizer_is_enough() -> None:
    door = gateway()
    source = "arn:aws:execute-api:us-east-1:123456789012:abc123/authorizers/auth1"
    door.functions.by_arn[AUTHORIZER_FUNCTION] = make_function(AUTHORIZER_FUNCTION, ArnLike={"AWS:SourceArn": source})
    assert (await door.call("GET", "/a", TOKEN)).status == 200


async def test_many_with_one_token_wait_for_one_call() -> None:
    door = gateway()
    door.runner.gate.clear()
    calls = [asyncio.create_task(door.call("GET", "/a", TOKEN)) for _ in range(50)]
    await door.runner.started.wait()
    await asyncio.sleep(0)
    door.runner.gate.set()
    assert {answer.status for answer in await asyncio.gather(*calls)} == {200}
    assert len(asked(door)) == 1


async def test_the_one_who_asked_may_hang_up_without_the_others() -> None:
    door = gateway()
    door.runner.gate.clear()
    first, *others = [asyncio.create_task(door.call("GET", "/a", TOKEN)) for _ in range(5)]
    await door.runner.started.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    door.runner.gate.set()
    assert {answer.status for answer in await asyncio.gather(*others)} == {200}
    assert (await door.call("GET", "/a", TOKEN)).status == 200
    assert len(asked(door)) == 1


async def test_a_failure_reaches_all_who_wait_and_the_next_asks_anew() -> None:
    door = gateway()
    door.runner.gate.clear()
    door.runner.raises = FunctionThrottled("busy")
    calls = [asyncio.create_task(door.call("GET", "/a", TOKEN)) for _ in range(3)]
    await door.runner.started.wait()
    door.runner.gate.set()
    assert [said(answer) for answer in await asyncio.gather(*calls)] == [AUTHORIZER_BROKEN] * 3
    door.runner.raises = None
    assert (await door.call("GET", "/a", TOKEN)).status == 200
    assert len(asked(door)) == 2


async def test_other_evidence_is_another_question() -> None:
    door = gateway(request_authorizer("method.request.header.A,method.request.querystring.q"))
    await door.call("GET", "/a", ("A", "1"), query="q=2")
    await door.call("GET", "/a", ("a", "1"), query="q=2")
    await door.call("GET", "/a", ("A", "1"), query="q=3")
    await door.call("GET", "/a", ("A", "1"), ("A", "9"), query="q=2")
    await door.call("GET", "/a", ("A", "9"), ("A", "1"), query="q=2")
    assert len(asked(door)) == 4
    assert said(await door.call("GET", "/a", ("A", "1"))) == UNAUTHORIZED


async def test_a_request_authorizer_that_does_not_cache_is_asked_even_without_evidence() -> None:
    door = gateway(request_authorizer(result_ttl_seconds=0))
    assert (await door.call("GET", "/a")).status == 200
    assert asked(door)[0]["type"] == "REQUEST"


async def test_what_the_authorizer_says_reaches_backend_and_trace() -> None:
    from tests.rules.execute_api.support import http

    authorizer = token_authorizer()
    mapped = {"integration.request.header.X-Tenant": "context.authorizer.tenant"}
    guarded = method("GET", CUSTOM, authorizer_id="auth1", integration=http(request_parameters=mapped))
    door = Gateway(resource("/", guarded), authorizers=(authorizer,))
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: allow(context={"tenant": 7})
    await door.call("GET", "/", TOKEN, ("X-Tenant", "forged"))
    door.clock.advance(5)
    await door.call("GET", "/", TOKEN)
    tenants = [[v for n, v in sent.headers if n.lower() == "x-tenant"] for sent in door.upstream.requests]
    assert tenants == [["7"], ["7"]]
    details = {step["step"]: step["detail"] for step in door.explain()["steps"]}
    assert (
        details["authenticate"]
        == "principal `p1` of authorizer tokens (auth1): the authorizer's cached answer, 5 s old"
    )

"""What a call leaves in access logs, whichever way it ended."""

import json
from functools import partial
from typing import Any

import pytest
from msgspec import structs
from tests.execute_api.support import FUNCTION, Gateway, make_caller
from tests.rules.execute_api.support import (
    ACCOUNT,
    API_ID,
    REGION,
    STAGE,
    aws_proxy,
    method,
    resource,
    token_authorizer,
)

from yett.ports.settings import Settings
from yett.rules.execute_api.deployment import AuthorizationType
from yett.values.http import HttpRequest

GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:shop"
FILE = f"{ACCOUNT}.{REGION}.shop.log"
VARIABLES = (
    "requestId", "extendedRequestId", "apiId", "stage", "httpMethod", "resourcePath", "path", "protocol", "status",
    "responseLength", "responseLatency", "integrationLatency", "integration.status", "integrationStatus",
    "identity.sourceIp", "identity.userAgent", "identity.userArn", "authorizer.principalId", "authorizer.latency",
    "authenticate.status", "authorize.status", "authorize.error", "error.message", "error.responseType", "noSuchThing",
)  # fmt: skip
FORMAT = "{" + ",".join(f'"{name}":"$context.{name}"' for name in VARIABLES) + "}"
SIGNED = method(kind=AuthorizationType.AWS_IAM)
GUARDED = method(kind=AuthorizationType.CUSTOM, authorizer_id="auth1")


def gateway(**more: Any) -> Gateway:
    return Gateway(
        resource("/open", method(integration=aws_proxy())),
        resource("/signed", SIGNED),
        resource("/guarded", GUARDED),
        authorizers=(token_authorizer(),),
        access_log_settings={"destinationArn": GROUP, "format": FORMAT},
        **more,
    )


def last(one: Gateway) -> dict[str, str]:
    found: dict[str, str] = json.loads(one.access_logs.rendered(FILE)[-1])
    return {name: value for name, value in found.items() if value != "-"}


async def test_an_allowed_call_has_its_variables() -> None:
    one = gateway()
    await one.call("GET", "/open", ("User-Agent", 'curl "8"'))
    line = last(one)
    assert int(line.pop("responseLatency")) >= 0
    assert int(line.pop("integrationLatency")) >= 0
    assert line.pop("extendedRequestId")
    assert line == {
        "requestId": one.last_id,
        "apiId": API_ID,
        "stage": STAGE,
        "httpMethod": "GET",
        "resourcePath": "/open",
        "path": f"/{STAGE}/open",
        "protocol": "HTTP/1.1",
        "status": "200",
        "responseLength": str(len("from the function")),
        "integration.status": "200",
        "integrationStatus": "200",
        "identity.sourceIp": "203.0.113.7",
        "identity.userAgent": 'curl "8"',
        "authenticate.status": "200",
        "authorize.status": "200",
    }


async def test_who_called_is_in_it() -> None:
    caller = make_caller({"Action": "execute-api:Invoke", "Resource": "*"})
    one = gateway(callers=(caller,))
    await one.answer(one.signed(caller, "GET", "/signed"))
    assert last(one)["identity.userArn"] == caller.identity.arn
    await one.call("GET", "/guarded", ("Authorization", "token"))
    assert (last(one)["authorizer.principalId"], last(one)["authorize.status"]) == ("p1", "200")


async def test_a_refused_call_says_why() -> None:
    denied = make_caller({"Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:other/*"})
    one = gateway(callers=(denied,))
    await one.answer(one.signed(denied, "GET", "/signed"))
    line = last(one)
    assert (line["status"], line["authenticate.status"], line["authorize.status"]) == ("403", "200", "403")
    assert line["error.responseType"] == "ACCESS_DENIED"
    assert line["error.message"] == line["authorize.error"]
    assert "is not authorized to perform: execute-api:Invoke" in line["error.message"]
    assert "integration.status" not in line


async def test_a_signature_that_does_not_match_is_not_echoed() -> None:
    caller = make_caller({"Action": "execute-api:Invoke", "Resource": "*"})
    one = gateway(callers=(caller,))
    request = one.signed(caller, "GET", "/signed", ("X-Private", "a-value-that-was-signed"))
    changed = request.headers.without("x-private").with_line("X-Private", "another-value")
    await one.answer(structs.replace(request, headers=changed))
    [written] = one.access_logs.rendered(FILE)
    assert "The request signature we calculated does not match" in written
    assert "another-value" not in written
    assert "Canonical String" not in written


async def test_what_meets_no_method_and_what_fails_leave_a_line() -> None:
    one = gateway()
    await one.call("GET", "/nowhere")
    assert (last(one)["status"], last(one)["error.responseType"]) == ("403", "MISSING_AUTHENTICATION_TOKEN")
    one.runner.handlers[FUNCTION] = lambda _: "no answer of a proxy function"
    await one.call("GET", "/open")
    assert (last(one)["status"], last(one)["error.message"]) == ("502", "Internal server error")


async def test_without_settings_nothing_is_written() -> None:
    one = Gateway(resource("/open", method()))
    await one.call("GET", "/open")
    assert one.access_logs.lines == []


async def test_the_servers_own_log_has_every_call(tmp_path: Any) -> None:
    everything = str(tmp_path / "calls.jsonl")
    caller = make_caller({"Action": "execute-api:Invoke", "Resource": "*"})
    one = Gateway(resource("/signed", SIGNED), callers=(caller,), settings=Settings(access_log=everything))
    await one.answer(one.signed(caller, "GET", "/signed"))
    await one.call("GET", "/signed")
    await one.call("GET", "/", host="unknown.execute-api.localhost")
    allowed, unsigned, unknown = map(json.loads, one.access_logs.rendered(everything))
    assert (allowed["outcome"], allowed["caller"], allowed["status"]) == ("allow", caller.identity.arn, 200)
    assert allowed["decidedBy"] is not None
    assert (unsigned["outcome"], unsigned["errorType"]) == ("unauthenticated", "MissingAuthenticationTokenException")
    assert (unknown["status"], unknown["resource"]) == (403, None)


async def test_a_body_is_not_held_until_the_line_is_written() -> None:
    one = gateway()
    await one.answer(one.request("GET", "/open", body=b"x" * 1000))
    [(_, line)] = one.access_logs.lines
    assert isinstance(line, partial)
    assert [each.body for each in line.args if isinstance(each, HttpRequest)] == [b""]


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("$context.status of $context.requestId", "200 of {} yettSignatureNotVerified=vouch-1"),
        ('{"id":"$context.requestId"}', '{"id":"{}","yettSignatureNotVerified":"vouch-1"}'),
    ],
)
async def test_a_line_of_a_caller_who_was_not_verified_says_so_whatever_its_format(form: str, line: str) -> None:
    bob = make_caller({})
    settings = {"destinationArn": GROUP, "format": form}
    one = Gateway(resource("/signed", SIGNED), callers=(bob,), access_log_settings=settings)
    assert (await one.answer(one.signed(bob, "GET", "/signed"))).status == 200
    (record,) = one.decisions.recent(1)
    assert record.standing is not None
    assert "vouch" not in one.access_logs.rendered(FILE)[-1]
    record.standing = structs.replace(record.standing, vouched_by="vouch-1")
    assert one.access_logs.rendered(FILE)[-1] == line.replace("{}", one.last_id)

from datetime import timedelta
from typing import Any

from msgspec import structs
from tests.execute_api.support import Gateway, make_caller, said
from tests.rules.execute_api.support import NOW, OTHER, method, resource, resource_policy

from yett.execute_api.authenticators.iam import EXAMINED_PER_SECOND, Examinations
from yett.rules.execute_api.deployment import AuthorizationType
from yett.values.http import Headers
from yett.values.secret import Secret

IAM = AuthorizationType.AWS_IAM
BOB = make_caller({})
NOBODY_S = (403, "UnrecognizedClientException", "The security token included in the request is invalid.")


def gateway(*callers: Any, **more: Any) -> Gateway:
    return Gateway(resource("/pets", method("ANY", IAM)), callers=callers or (BOB,), **more)


async def test_a_caller_whose_policies_allow_it_gets_through() -> None:
    door = gateway()
    assert (await door.answer(door.signed(BOB, "GET", "/pets"))).status == 200
    assert "authorization" not in {name.lower() for name, _ in door.upstream.requests[0].headers}
    details = {step["step"]: step["detail"] for step in door.explain()["steps"]}
    assert details["authenticate"] == f"{BOB.identity.arn}: a good signature by access key {BOB.identity.access_key_id}"
    assert details["authorize"].startswith("allow by user policy/Statement/0")


async def test_without_a_signature_there_is_no_one_to_let_in() -> None:
    door = gateway()
    missing = (403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert said(await door.call("GET", "/pets")) == missing
    assert door.explain()["outcome"] == "unauthenticated"


async def test_a_caller_without_policies_is_told_so() -> None:
    door = gateway(nobody := make_caller(name="eve"))
    status, kind, message = said(await door.answer(door.signed(nobody, "GET", "/pets")))
    assert (status, kind) == (403, "AccessDeniedException")
    assert message.endswith("because no identity-based policy allows the execute-api:Invoke action")
    assert door.explain()["outcome"] == "implicit_deny"


async def test_a_caller_from_elsewhere_needs_both_sides() -> None:
    stranger = make_caller({}, account=OTHER)
    closed, opened = gateway(stranger), gateway(stranger, policy=resource_policy({}))
    assert (await closed.answer(closed.signed(stranger, "GET", "/pets"))).status == 403
    assert (await opened.answer(opened.signed(stranger, "GET", "/pets"))).status == 200


async def test_unknown_keys_expired_tokens_and_wrong_secrets_are_told_apart() -> None:
    door = gateway()
    assert said(await door.answer(door.signed(make_caller({}, name="eve"), "GET", "/pets"))) == NOBODY_S
    wrong = structs.replace(BOB, secret_access_key=Secret("another"))
    status, kind, message = said(await door.answer(door.signed(wrong, "GET", "/pets")))
    assert (status, kind) == (403, "InvalidSignatureException")
    assert message.startswith("The request signature we calculated does not match")
    assert "The Canonical String for this request should have been" in message
    door.callers.expired.add(BOB.identity.access_key_id)
    expired = (403, "ExpiredTokenException", "The security token included in the request is expired")
    assert said(await door.answer(door.signed(BOB, "GET", "/pets"))) == expired


async def test_a_signature_is_good_for_five_minutes() -> None:
    door = gateway()
    request = door.signed(BOB, "GET", "/pets")
    late = structs.replace(request, received_at=door.clock.now().replace(minute=12))
    status, kind, message = said(await door.answer(late))
    assert (status, kind) == (403, "InvalidSignatureException")
    assert message.startswith("Signature expired: 20260304T050607Z is now earlier than")


async def test_nothing_of_a_signed_request_can_be_changed() -> None:
    door = gateway()
    request = door.signed(BOB, "GET", "/pets", query="a=1")
    changed = [
        structs.replace(request, method="DELETE"),
        structs.replace(request, query="a=2", target="/prod/pets?a=2"),
        structs.replace(request, body=b"x"),
        structs.replace(request, path="/prod/pets/", target="/prod/pets/?a=1"),
    ]
    assert [(await door.answer(each)).status for each in changed] == [403] * 4
    assert (await door.answer(request)).status == 200


async def test_a_method_override_is_weighed_as_the_method_it_names() -> None:
    get_only = make_caller({"Resource": "arn:aws:execute-api:*:*:*/*/GET/*"})
    door = gateway(get_only)
    override = ("X-HTTP-Method-Override", "DELETE")
    assert (await door.answer(door.signed(get_only, "GET", "/pets"))).status == 200
    status, kind, message = said(await door.answer(door.signed(get_only, "GET", "/pets", override)))
    assert (status, kind) == (403, "AccessDeniedException")
    assert "/prod/DELETE/pets" in message
    both = make_caller({})
    door = gateway(both)
    assert (await door.answer(door.signed(both, "GET", "/pets", override))).status == 200
    assert door.upstream.requests[0].method == "DELETE"
    assert door.explain()["method"] == "DELETE"


async def test_a_method_override_that_was_not_signed_is_refused() -> None:
    door = gateway()
    request = door.signed(BOB, "GET", "/pets")
    tampered = structs.replace(request, headers=Headers((*request.headers, ("X-HTTP-Method-Override", "DELETE"))))
    assert said(await door.answer(tampered))[:2] == (403, "InvalidSignatureException")
    assert door.upstream.requests == []


async def test_the_cause_of_a_wrong_signature_is_for_the_trace_alone_and_sought_so_often_a_second() -> None:
    door = gateway()
    door.clock.advance(365 * 86400)
    causes = []
    for _ in range(EXAMINED_PER_SECOND + 3):
        signed = door.signed(BOB, "GET", "/pets", ("X-Forwarded-For", "203.0.113.9"))
        lines = [(name, f"{value}, 10.0.0.1" if name == "X-Forwarded-For" else value) for name, value in signed.headers]
        answer = await door.answer(structs.replace(signed, headers=Headers.of(lines)))
        assert answer.status == 403
        assert b"a hop has added" not in answer.body
        causes.append(door.explain()["cause"])
    assert causes.count("header `x-forwarded-for`: a hop has added to it") in range(1, EXAMINED_PER_SECOND + 1)
    assert causes[-1] is None


def test_what_is_looked_into_is_bounded_by_the_second() -> None:
    budget = Examinations(2)
    assert [budget.take(NOW) for _ in range(3)] == [True, True, False]
    assert budget.take(NOW + timedelta(seconds=1))

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.execute_api.support import Gateway, allow, make_caller
from tests.rules.execute_api.support import (
    ACCOUNT,
    AUTHORIZER_FUNCTION,
    OTHER,
    method,
    pool_authorizer,
    resource,
    resource_policy,
    token_authorizer,
)

from yett.rules.execute_api.deployment import AuthorizationType, DeployedGatewayResponse

CONTRACT = {
    "requestId",
    "api",
    "stage",
    "method",
    "path",
    "sourceIp",
    "outcome",
    "status",
    "errorType",
    "steps",
    "decidedBy",
}
KINDS = AuthorizationType


def gateway(kind: AuthorizationType = KINDS.NONE, **more: Any) -> Gateway:
    authorizer_id = {KINDS.CUSTOM: "auth1", KINDS.COGNITO_USER_POOLS: "auth2"}.get(kind)
    guarded = method("GET", kind, authorizer_id=authorizer_id)
    return Gateway(resource("/pets/{id}", guarded), authorizers=(token_authorizer(), pool_authorizer()), **more)


async def test_an_allowed_call_is_told_step_by_step() -> None:
    door = gateway()
    await door.call("GET", "/pets/7", query="token=hidden")
    explained = door.explain()
    assert explained.keys() >= CONTRACT
    assert {name: explained[name] for name in CONTRACT - {"steps"}} == {
        "requestId": door.last_id,
        "api": "abc123",
        "stage": "prod",
        "method": "GET",
        "path": "/pets/7",
        "sourceIp": "203.0.113.7",
        "outcome": "allow",
        "status": 200,
        "errorType": None,
        "decidedBy": {"policy": None, "type": None, "statement": None, "sid": None},
    }
    assert [step["step"] for step in explained["steps"]] == [
        "route",
        "screen",
        "authenticate",
        "authorize",
        "integrate",
    ]
    assert {step["result"] for step in explained["steps"]} == {"passed"}
    for step in explained["steps"]:
        assert step.keys() == {"step", "result", "detail", "ms"}
        assert step["ms"] >= 0
    assert "hidden" not in json.dumps(explained)


@pytest.mark.parametrize(
    ("statement", "outcome", "decided_by"),
    [
        (
            {"Effect": "Deny", "Sid": "NotYou"},
            "explicit_deny",
            ("resource policy", "resource", "/Statement/0", "NotYou"),
        ),
        ({"Resource": "arn:aws:execute-api:*:*:none/*"}, "implicit_deny", (None, "resource", None, None)),
    ],
)
async def test_a_denied_call_names_the_statement_that_decided(
    statement: dict[str, Any], outcome: str, decided_by: tuple[str | None, ...]
) -> None:
    door = gateway(policy=resource_policy(statement))
    assert (await door.call("GET", "/pets/7")).status == 403
    explained = door.explain()
    assert (explained["outcome"], explained["status"], explained["errorType"]) == (
        outcome,
        403,
        "AccessDeniedException",
    )
    assert tuple(explained["decidedBy"][name] for name in ("policy", "type", "statement", "sid")) == decided_by
    assert explained["steps"][-2]["result"] == "refused"
    assert explained["steps"][-1]["result"] == "ACCESS_DENIED"


async def test_every_statement_that_was_weighed_is_told_with_what_failed() -> None:
    far = {"Sid": "Far", "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}
    door = gateway(policy=resource_policy(far, {"Sid": "Near"}))
    await door.call("GET", "/pets/7")
    told = {each["sid"]: each for each in door.explain()["policies"]}
    assert told["Near"]["matched"]
    assert told["Far"]["failed"] == {
        "element": "Condition",
        "operator": "IpAddress",
        "key": "aws:SourceIp",
        "expected": ["198.51.100.0/24"],
        "actual": ["203.0.113.7"],
    }


async def test_a_call_whose_client_hung_up_was_not_answered() -> None:
    door = gateway(KINDS.CUSTOM)
    door.runner.gate.clear()
    task = asyncio.create_task(door.call("GET", "/pets/7", ("Authorization", "x")))
    await door.runner.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    door.runner.gate.set()
    assert (door.explain()["outcome"], door.explain()["status"]) == ("error", 0)


async def test_callers_of_each_kind_are_named() -> None:
    bob = make_caller({})
    for kind, name in (
        (KINDS.NONE, "anonymous"),
        (KINDS.AWS_IAM, bob.identity.arn),
        (KINDS.CUSTOM, "principal `p1` of authorizer auth1"),
        (
            KINDS.COGNITO_USER_POOLS,
            f"user `u1` of arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_abcdefghi",
        ),
    ):
        door = gateway(kind, callers=(bob,))
        header = () if kind in (KINDS.NONE, KINDS.AWS_IAM) else (("Authorization", door.token()),)
        request = door.request("GET", "/pets/7", *header)
        await door.answer(door.signed(bob, "GET", "/pets/7") if kind is KINDS.AWS_IAM else request)
        assert (door.explain()["outcome"], door.explain()["caller"]) == ("allow", name)


ARN = "arn:aws:execute-api:*:*:abc123/prod/"
STATEMENTS = st.lists(
    st.builds(
        lambda effect, resource, condition: {"Effect": effect, "Resource": resource, **condition},
        st.sampled_from(["Allow", "Deny"]),
        st.sampled_from(
            ["*", f"{ARN}GET/pets/7", f"{ARN}GET/pets/*", f"{ARN}POST/*", f"{ARN}GET/pets/${{aws:username}}"]
        ),
        st.sampled_from(
            [
                {},
                {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
                {"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
                {"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}},
                {"Condition": {"Null": {"aws:PrincipalArn": "true"}}},
                {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-03-04T05:06:08Z"}}},
            ]
        ),
    ),
    max_size=3,
)


@given(
    own=STATEMENTS,
    resources=st.none() | STATEMENTS.filter(bool),
    kind=st.sampled_from([KINDS.NONE, KINDS.AWS_IAM, KINDS.CUSTOM]),
    account=st.sampled_from([ACCOUNT, OTHER]),
)
def test_what_is_told_never_disagrees_with_what_was_decided(
    own: list[dict[str, Any]], resources: list[dict[str, Any]] | None, kind: AuthorizationType, account: str
) -> None:
    """The traced outcome of every kind of policy, put together by the tables, is the outcome that the call had."""
    caller = make_caller(*own, account=account)
    explained, status = asyncio.run(answer_and_explain(caller, own, resources, kind))
    assert (status == 200) is (explained["outcome"] == "allow")
    by_type = {name: outcome_of(explained["policies"], name) for name in ("identity", "resource")}
    identity, by_resource = by_type["identity"], by_type["resource"]
    if "explicit_deny" in by_type.values():
        expected = "explicit_deny"
    elif kind is KINDS.NONE:
        expected = "allow" if resources is None else by_resource
    elif kind is KINDS.AWS_IAM and account == OTHER:
        expected = "allow" if identity == by_resource == "allow" else "implicit_deny"
    else:
        expected = "allow" if "allow" in by_type.values() else "implicit_deny"
    assert explained["outcome"] == expected


def outcome_of(policies: list[dict[str, Any]], name: str) -> str:
    effects = {each["effect"] for each in policies if each["type"] == name and each["matched"]}
    return "explicit_deny" if "Deny" in effects else "allow" if "Allow" in effects else "implicit_deny"


async def answer_and_explain(
    caller: Any, own: list[dict[str, Any]], resources: list[dict[str, Any]] | None, kind: AuthorizationType
) -> tuple[dict[str, Any], int]:
    policy = None if resources is None else resource_policy(*resources)
    door = gateway(kind, callers=(caller,), policy=policy)
    answer = allow() | {"policyDocument": make_policy(own)}
    door.runner.handlers[AUTHORIZER_FUNCTION] = lambda _: answer
    signed = kind is KINDS.AWS_IAM
    request = (
        door.signed(caller, "GET", "/pets/7") if signed else door.request("GET", "/pets/7", ("Authorization", "t"))
    )
    status = (await door.answer(request)).status
    return door.explain(), status


def make_policy(own: list[dict[str, Any]]) -> dict[str, Any]:
    silent = {"Effect": "Allow", "Resource": f"{ARN}PUT/nothing"}
    statements = [{"Action": "execute-api:Invoke", **each} for each in own or [silent]]
    return {"Version": "2012-10-17", "Statement": statements}


async def test_every_kind_of_policy_that_was_weighed_is_told() -> None:
    bob = make_caller({})
    other = make_caller({"Sid": "Other"}).policies.identity
    policies = structs.replace(bob.policies, boundary=other, session=other, scp=(other, other), rcp=(other,))
    bob = structs.replace(bob, policies=policies)
    door = gateway(KINDS.AWS_IAM, callers=(bob,), policy=resource_policy({}))
    assert (await door.answer(door.signed(bob, "GET", "/pets/7"))).status == 200
    assert [each["type"] for each in door.explain()["policies"]] == [
        "resource",
        "identity",
        "boundary",
        "session",
        "scp",
        "scp",
        "rcp",
    ]
    assert [each.get("level") for each in door.explain()["policies"]] == [None, None, None, None, 0, 1, 0]


async def test_a_boundary_counts_for_the_one_who_explains_as_for_the_one_who_decides() -> None:
    """``NotPrincipal`` with Deny always meets callers that have a permissions boundary (08 no. 38)."""
    bob = make_caller({})
    bob = structs.replace(bob, policies=structs.replace(bob.policies, boundary=bob.policies.identity))
    spared = {"Sid": "NotHim", "Effect": "Deny", "NotPrincipal": {"AWS": bob.identity.arn}}
    policy = resource_policy({})
    policy["Statement"].append({"Action": "execute-api:Invoke", "Resource": "*", **spared})
    door = gateway(KINDS.AWS_IAM, callers=(bob,), policy=policy)
    assert (await door.answer(door.signed(bob, "GET", "/pets/7"))).status == 403
    explained = door.explain()
    assert explained["outcome"] == "explicit_deny"
    assert {each["sid"]: each["matched"] for each in explained["policies"] if each["type"] == "resource"}["NotHim"]


async def test_the_row_of_the_outcome_table_is_told_in_words() -> None:
    bob = make_caller({})
    door = gateway(KINDS.AWS_IAM, callers=(bob,), policy=resource_policy({"Effect": "Deny", "Sid": "NotYou"}))
    await door.answer(door.signed(bob, "GET", "/pets/7"))
    assert door.explain()["outcomeRow"] == {
        "table": "A",
        "caller": "allow",
        "resource": "explicit_deny",
        "outcome": "explicit_deny",
        "text": "outcome table A (caller and API in one account): the caller's side allows, the resource policy "
        "denies; so explicit_deny",
    }
    refused = door.explain()["steps"][-2]
    assert (refused["step"], refused["detail"]) == (
        "authorize",
        "explicit_deny by resource policy/Statement/0 (NotYou)",
    )


async def test_where_evidence_was_looked_for_is_told_but_not_what_it_was() -> None:
    door = gateway(KINDS.CUSTOM)
    await door.call("GET", "/pets/7", ("Authorization", "hidden"))
    explained = door.explain()
    assert explained["evidence"] == {"kind": "token", "from": ["method.request.header.authorization"]}
    assert explained["authorizer"] | {"cacheSeconds": 0} == {
        "id": "auth1",
        "name": "tokens",
        "type": "TOKEN",
        "cacheSeconds": 0,
        "cached": False,
        "ageSeconds": None,
    }
    assert "hidden" not in json.dumps(explained)


async def test_of_an_accepted_token_issuer_use_and_times_are_told() -> None:
    door = gateway(KINDS.COGNITO_USER_POOLS)
    token = door.token()
    await door.call("GET", "/pets/7", ("Authorization", token))
    evidence = door.explain()["evidence"]
    assert evidence.keys() == {"kind", "from", "issuer", "tokenUse", "issuedAt", "expiresAt"}
    assert evidence["tokenUse"] == "id"
    assert token not in json.dumps(door.explain())


async def test_of_a_signature_key_scope_and_headers_are_told() -> None:
    bob = make_caller({})
    door = gateway(KINDS.AWS_IAM, callers=(bob,))
    await door.answer(door.signed(bob, "GET", "/pets/7"))
    assert door.explain()["evidence"]["accessKeyId"] == bob.identity.access_key_id
    signed = door.signed(bob, "GET", "/pets/7")
    await door.answer(structs.replace(signed, query="a=b"))
    evidence = door.explain()["evidence"]
    assert evidence["scope"].endswith("/us-east-1/execute-api/aws4_request")
    assert "host" in evidence["signedHeaders"]


async def test_an_identity_source_that_is_missing_is_named() -> None:
    door = gateway(KINDS.CUSTOM)
    await door.call("GET", "/pets/7")
    refused = door.explain()["steps"][-2]
    assert refused["detail"] == "identity source `method.request.header.authorization` is missing or empty"


async def test_a_customized_gateway_response_is_told() -> None:
    ours = DeployedGatewayResponse(response_type="DEFAULT_4XX", status_code="418")
    door = gateway(KINDS.AWS_IAM, gateway_responses=(ours,))
    assert (await door.call("GET", "/pets/7")).status == 418
    assert door.explain()["steps"][-1] | {"ms": 0} == {
        "step": "respond",
        "result": "MISSING_AUTHENTICATION_TOKEN",
        "detail": "418 MissingAuthenticationTokenException, as the API's own gateway response DEFAULT_4XX says",
        "ms": 0,
    }


@pytest.mark.parametrize(
    ("kind", "scopes", "wants"),
    [
        (KINDS.NONE, (), None),
        (KINDS.AWS_IAM, (), "a Signature Version 4 for service execute-api in us-east-1"),
        (KINDS.CUSTOM, (), "whoever authorizer tokens lets in"),
        (KINDS.COGNITO_USER_POOLS, (), "an ID token of user pool us-east-1_abcdefghi"),
        (
            KINDS.COGNITO_USER_POOLS,
            ("pets/read", "pets/all"),
            "an access token of user pool us-east-1_abcdefghi with scope pets/read or pets/all",
        ),
    ],
)
async def test_what_the_method_wants_is_told(
    kind: AuthorizationType, scopes: tuple[str, ...], wants: str | None
) -> None:
    authorizer_id = {KINDS.CUSTOM: "auth1", KINDS.COGNITO_USER_POOLS: "auth2"}.get(kind)
    guarded = method("GET", kind, authorizer_id=authorizer_id, authorization_scopes=scopes)
    door = Gateway(resource("/pets", guarded), authorizers=(token_authorizer(), pool_authorizer()))
    await door.call("GET", "/pets")
    assert door.explain()["wants"] == wants


async def test_of_root_it_is_said_that_no_statement_was_needed() -> None:
    root = make_caller()
    root = structs.replace(root, policies=structs.replace(root.policies, is_root=True), invocation_policies=None)
    door = gateway(KINDS.AWS_IAM, callers=(root,))
    assert (await door.answer(door.signed(root, "GET", "/pets/7"))).status == 200
    told = {step["step"]: step["detail"] for step in door.explain()["steps"]}
    assert told["authorize"] == "allow: the root user may do what nothing denies"
    assert door.explain()["outcomeRow"]["caller"] == "allow"

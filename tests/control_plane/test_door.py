import asyncio
import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.control_plane.support import (
    ACCOUNT,
    MemoryCallers,
    call,
    make_caller,
    make_ports,
    serving,
    statement,
    trail_of,
)

from yett.control_plane.door import answer_unsigned
from yett.services import perform as performing
from yett.services.call import Call

ADMIN = make_caller(statement("Allow", "*"), name="admin")
NOBODY = make_caller(name="nobody")
ROOT = make_caller(name="root", is_root=True)


async def refused(function: Any, **params: Any) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    with pytest.raises(ClientError) as error:
        await call(function, **params)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


async def test_whoever_signs_learns_who_they_are_whatever_their_policies_say() -> None:
    denied = make_caller(statement("Deny", "*"), name="denied")
    ports = make_ports(denied, ROOT)
    async with serving(ports) as api:
        found = await call(api.client("sts", denied).get_caller_identity)
        assert (found["Account"], found["Arn"]) == (ACCOUNT, denied.identity.arn)
        assert found["ResponseMetadata"]["RequestId"]
        assert (await call(api.client("sts", ROOT).get_caller_identity))["Arn"].endswith(":root")
    assert [outcome for _, _, outcome in trail_of(ports)] == ["allowed", "allowed"]


@pytest.mark.parametrize(
    ("service", "operation", "params", "status", "code"),
    [
        ("iam", "create_user", {"UserName": "bob"}, 403, "AccessDenied"),
        ("lambda", "list_functions", {}, 403, "AccessDeniedException"),
        ("apigateway", "get_rest_apis", {}, 403, "AccessDeniedException"),
        ("cognito-idp", "list_user_pools", {"MaxResults": 1}, 400, "AccessDeniedException"),
        ("dynamodb", "list_tables", {}, 400, "AccessDeniedException"),
    ],
)
async def test_a_caller_without_permission_is_refused_in_the_words_of_aws_and_recorded(
    service: str, operation: str, params: Mapping[str, Any], status: int, code: str
) -> None:
    ports = make_ports(NOBODY)
    async with serving(ports) as api:
        found = await refused(getattr(api.client(service, NOBODY), operation), **params)
    assert found[:2] == (status, code)
    text = found[2]
    assert text.startswith(f"User: {NOBODY.identity.arn} is not authorized to perform: ")
    assert " because no identity-based policy allows the " in text
    [(_, _, outcome)] = trail_of(ports)
    assert outcome == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("iam", "create_user", {"UserName": "bob"}),
        ("lambda", "list_functions", {}),
        ("apigateway", "get_rest_apis", {}),
        ("cognito-idp", "list_user_pools", {"MaxResults": 1}),
        ("dynamodb", "query", {"TableName": "t", "KeyConditionExpression": "a = b"}),
    ],
)
async def test_a_refusal_by_policies_carries_a_message_that_says_why_to_whoever_may_know(
    service: str, operation: str, params: Mapping[str, Any]
) -> None:
    async with serving(make_ports(NOBODY, ADMIN)) as api:
        with pytest.raises(ClientError) as error:
            await call(getattr(api.client(service, NOBODY), operation), **params)
        message = error.value.response["ResponseMetadata"]["HTTPHeaders"]["x-yett-authorization-message"]
        sts = api.client("sts", ADMIN)
        told = json.loads((await call(sts.decode_authorization_message, EncodedMessage=message))["DecodedMessage"])
        assert told["context"]["principal"]["arn"] == NOBODY.identity.arn
        assert told["context"]["action"].startswith(f"{service}:")
        changed = message[:-10] + message[-9:] + "A"
        with pytest.raises(ClientError, match="InvalidAuthorizationMessageException"):
            await call(sts.decode_authorization_message, EncodedMessage=changed)


async def test_a_refusal_of_another_kind_carries_none() -> None:
    async with serving(make_ports(ADMIN)) as api:
        for client in (api.client("iam", ADMIN, secret="wrong"), api.client("iam", NOBODY)):
            with pytest.raises(ClientError) as error:
                await call(client.list_users)
            assert "x-yett-authorization-message" not in error.value.response["ResponseMetadata"]["HTTPHeaders"]


@pytest.mark.parametrize(
    ("service", "operation", "unknown", "mismatch", "expired"),
    [
        (
            "sts",
            "get_caller_identity",
            (403, "InvalidClientTokenId"),
            (403, "SignatureDoesNotMatch"),
            (403, "ExpiredToken"),
        ),
        (
            "lambda",
            "list_functions",
            (403, "UnrecognizedClientException"),
            (403, "InvalidSignatureException"),
            (403, "ExpiredTokenException"),
        ),
        (
            "organizations",
            "list_roots",
            (400, "UnrecognizedClientException"),
            (400, "InvalidSignatureException"),
            (400, "ExpiredTokenException"),
        ),
        (
            "dynamodb",
            "list_tables",
            (400, "UnrecognizedClientException"),
            (400, "InvalidSignatureException"),
            (400, "ExpiredTokenException"),
        ),
    ],
)
async def test_credentials_that_are_not_good_are_refused_in_the_dialect_of_the_service(
    service: str, operation: str, unknown: tuple[int, str], mismatch: tuple[int, str], expired: tuple[int, str]
) -> None:
    late = make_caller(statement("Allow", "*"), name="late")
    ports = make_ports(ADMIN, late)
    assert isinstance(ports.callers, MemoryCallers)
    ports.callers.expired.add(late.identity.access_key_id)
    async with serving(ports) as api:
        stranger = make_caller(name="stranger")
        found = await refused(getattr(api.client(service, stranger), operation))
        assert found == (*unknown, "The security token included in the request is invalid.")
        found = await refused(getattr(api.client(service, ADMIN, secret="wrong"), operation))
        assert found[:2] == mismatch
        assert found[2].startswith("The request signature we calculated does not match the signature you provided.")
        found = await refused(getattr(api.client(service, late), operation))
        assert found == (*expired, "The security token included in the request is expired")
    assert trail_of(ports) == []


async def test_an_unsigned_request_for_a_signed_operation_is_refused() -> None:
    async with serving(make_ports(ADMIN)) as api:
        import boto3

        unsigned = Config(signature_version=UNSIGNED)
        iam = boto3.client("iam", endpoint_url=api.url, region_name="us-east-1", config=unsigned)
        assert await refused(iam.list_users) == (
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )
        pools = boto3.client("cognito-idp", endpoint_url=api.url, region_name="us-east-1", config=unsigned)
        assert (await refused(pools.list_user_pools, MaxResults=1))[1] == "MissingAuthenticationTokenException"


async def test_input_that_breaks_the_model_is_refused_under_the_code_of_the_service() -> None:
    ports = make_ports(ADMIN)
    async with serving(ports) as api:
        status, code, text = await refused(api.client("iam", ADMIN).create_user, UserName="a b")
        assert (status, code) == (400, "ValidationError")
        assert text == (
            "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\w+=,.@-]+"
        )
        found = await refused(
            api.client("apigateway", ADMIN).put_gateway_response, restApiId="abc", responseType="FAKE"
        )
        assert found[:2] == (400, "ValidationException")
        pools = api.client("cognito-idp", ADMIN)
        assert (await refused(pools.describe_user_pool, UserPoolId="x y"))[1] == "InvalidParameterException"


async def test_an_operation_that_is_not_offered_is_named_with_a_reason() -> None:
    async with serving(make_ports(ADMIN)) as api:
        status, code, text = await refused(api.client("iam", ADMIN).list_server_certificates)
        assert (status, code) == (400, "InvalidAction")
        assert "iam:ListServerCertificates is not available: " in text
        status, code, text = await refused(api.client("lambda", ADMIN).list_code_signing_configs)
        assert (status, code) == (400, "UnsupportedOperationException")
        assert "lambda:ListCodeSigningConfigs is not available: " in text


async def test_a_service_that_is_not_offered_is_named() -> None:
    async with serving(make_ports(ADMIN)) as api:
        _, code, text = await refused(api.client("kinesis", ADMIN).list_streams)
        assert code == "UnknownOperationException"
        assert "yett does not offer the service `kinesis`" in text


async def test_a_mistake_of_ours_is_a_500_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
        raise RuntimeError("the inner workings")

    table = performing.table_of("sts")
    broken = {**table.operations, "GetCallerIdentity": fail}
    monkeypatch.setattr(
        performing,
        "table_of",
        lambda _: performing.Table(operations=broken, not_offered=table.not_offered, permissions=table.permissions),
    )
    ports = make_ports(ADMIN)
    async with serving(ports) as api:
        status, code, text = await refused(api.client("sts", ADMIN).get_caller_identity)
    assert (status, code) == (500, "InternalFailure")
    assert "inner workings" not in text
    assert trail_of(ports)[0][2] == "InternalFailure"


async def test_a_port_for_the_world_serves_no_signed_operation() -> None:
    async with serving(make_ports(ROOT), answer_unsigned) as api:
        found = await refused(api.client("sts", ROOT).get_caller_identity)
        assert found[:2] == (403, "AccessDenied")


async def test_a_browser_may_call_a_user_pool_from_any_page() -> None:
    async with serving(make_ports()) as api:
        asked = urllib.request.Request(
            api.url,
            method="OPTIONS",
            headers={"Origin": "https://app.example", "Access-Control-Request-Headers": "content-type,x-amz-target"},
        )
        with await asyncio.to_thread(urllib.request.urlopen, asked) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "x-amz-target" in response.headers["Access-Control-Allow-Headers"]


async def test_an_answer_to_a_signed_operation_is_not_for_other_pages() -> None:
    async with serving(make_ports()) as api:
        with pytest.raises(HTTPError) as error:
            await asyncio.to_thread(urllib.request.urlopen, f"{api.url}/?Action=ListUsers&Version=2010-05-08")
        assert error.value.code == 403
        assert error.value.headers["Access-Control-Allow-Origin"] is None
        error.value.close()


@pytest.mark.parametrize("region", ["nowhere", "us-east-1:x"])
async def test_a_scope_of_no_region_is_refused(region: str) -> None:
    async with serving(make_ports(ADMIN)) as api:
        client = api.client("sts", ADMIN)
        client._request_signer._region_name = region
        found = await refused(client.get_caller_identity)
        assert found[:2] == (403, "SignatureDoesNotMatch")
        assert "valid region" in found[2]

import base64
import json
from typing import Any

import pytest
from tests.rules.execute_api.support import HOST, NOW, POOL, REQUEST_ID, aws_proxy, call, user

from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.integrations.lambda_event import is_binary, render_proxy_event
from yett.values.identity import AuthorizerIdentity, PoolIdentity

NOBODY = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)


def event_of(**more: Any) -> dict[str, Any]:
    authorized = call(aws_proxy(), **more)
    return json.loads(render_proxy_event(authorized, trace_header="Root=1-a", port=4566))


def test_the_event_of_a_plain_call_has_null_where_there_is_nothing() -> None:
    """08 no. 5: every member of identity is present, and there is no authorizer."""
    assert event_of(headers=(("tEsT-HEADeR", "1"),)) == {
        "resource": "/",
        "path": "/",
        "httpMethod": "GET",
        "headers": {
            "Host": f"{HOST}:4566",
            "tEsT-HEADeR": "1",
            "X-Amzn-Trace-Id": "Root=1-a",
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Port": "4566",
            "X-Forwarded-Proto": "http",
        },
        "multiValueHeaders": {
            "Host": [f"{HOST}:4566"],
            "tEsT-HEADeR": ["1"],
            "X-Amzn-Trace-Id": ["Root=1-a"],
            "X-Forwarded-For": ["203.0.113.7"],
            "X-Forwarded-Port": ["4566"],
            "X-Forwarded-Proto": ["http"],
        },
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "id of /",
            "resourcePath": "/",
            "httpMethod": "GET",
            "extendedRequestId": "Dx4tPEtaSXiGlaQ=",
            "requestTime": "04/Mar/2026:05:06:07 +0000",
            "path": "/prod/",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainPrefix": "abc123",
            "requestTimeEpoch": int(NOW.timestamp() * 1000),
            "requestId": REQUEST_ID,
            "identity": NOBODY | {"sourceIp": "203.0.113.7", "userAgent": None},
            "domainName": HOST,
            "deploymentId": "dep1",
            "apiId": "abc123",
        },
        "body": None,
        "isBase64Encoded": False,
    }


def test_the_event_of_a_full_call_has_last_values_and_all_values() -> None:
    event = event_of(
        template="/pets/{id}",
        path="/pets/42",
        verb="POST",
        headers=(("A", "1"), ("a", "2"), ("user-agent", "curl/8"), ("X-Amzn-Trace-Id", "forged")),
        query="p=v1;p=v%202&q=",
        body=b'{"a":"\xc3\xa9"}',
        variables={"k": "v"},
    )
    assert event["resource"], event["path"] == ("/pets/{id}", "/pets/42")
    assert (event["headers"]["A"], event["multiValueHeaders"]["A"]) == ("2", ["1", "2"])
    assert event["headers"]["User-Agent"] == event["requestContext"]["identity"]["userAgent"] == "curl/8"
    assert event["multiValueHeaders"]["X-Amzn-Trace-Id"] == ["Root=1-a"]
    assert event["queryStringParameters"] == {"p": "v 2", "q": ""}
    assert event["multiValueQueryStringParameters"] == {"p": ["v1", "v 2"], "q": [""]}
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "42"}, {"k": "v"})
    assert (event["body"], event["isBase64Encoded"]) == ('{"a":"é"}', False)
    assert event["requestContext"]["path"] == "/prod/pets/42"


def test_an_iam_caller_is_in_identity_and_its_signature_is_not() -> None:
    event = event_of(kind=AuthorizationType.AWS_IAM, identity=user(), headers=(("Authorization", "AWS4-HMAC x"),))
    assert event["requestContext"]["identity"] == NOBODY | {
        "accessKey": "AKIABOBXXXXXXXXXXXXX",
        "accountId": "123456789012",
        "caller": "AIDAEXAMPLEEXAMPLEEX",
        "principalOrgId": "o-exampleorg",
        "user": "AIDAEXAMPLEEXAMPLEEX",
        "userArn": "arn:aws:iam::123456789012:user/bob",
        "sourceIp": "203.0.113.7",
        "userAgent": None,
    }
    assert "authorizer" not in event["requestContext"]
    assert "AWS4" not in json.dumps(event)


def test_an_authorizers_context_comes_as_text_and_cannot_pass_for_its_principal() -> None:
    context = {"tenant": "t1", "level": "1", "principalId": "admin", "integrationLatency": "x"}
    identity = AuthorizerIdentity(authorizer_id="a", principal_id="p1", context=context, latency_ms=12)
    assert event_of(identity=identity)["requestContext"]["authorizer"] == {
        "principalId": "p1",
        "tenant": "t1",
        "level": "1",
        "integrationLatency": 12,
    }


def test_a_pool_user_s_claims_are_all_text() -> None:
    """Spec 05, A1 (OBSERVED [OBS-CLAIMS])."""
    claims = {
        "sub": "u1",
        "email_verified": True,
        "exp": 1574915051,
        "iat": 1574911451,
        "auth_time": 1574911451,
        "cognito:groups": ["anotherGroup", "admin"],
        "identities": [{"userId": "1", "primary": "true"}],
        "address": {"locality": "x"},
        "nothing": None,
        "custom:ratio": 1.5,
    }
    identity = PoolIdentity(pool_arn=POOL, claims=claims, scopes=("a", "b"), subject="u1")
    assert event_of(identity=identity)["requestContext"]["authorizer"] == {
        "claims": {
            "sub": "u1",
            "email_verified": "true",
            "exp": "Thu Nov 28 04:24:11 UTC 2019",
            "iat": "Thu Nov 28 03:24:11 UTC 2019",
            "auth_time": "1574911451",
            "cognito:groups": "anotherGroup,admin",
            "identities": '{"userId":"1","primary":"true"}',
            "address": '{"locality":"x"}',
            "custom:ratio": "1.5",
        },
        "scopes": ["a", "b"],
    }


def test_binary_bodies_come_as_base64() -> None:
    pixel = b"\x89PNG"
    event = event_of(body=pixel, headers=(("Content-Type", "image/png"),))
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(pixel).decode(), True)
    text = event_of(body=b"text", headers=(("Content-Type", "image/png; x=y"),), binary_media_types=("image/png",))
    assert (text["body"], text["isBase64Encoded"]) == (base64.b64encode(b"text").decode(), True)
    assert event_of(body=b"text")["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("content_type", "types", "expected"),
    [
        ("image/png", {"image/png"}, True),
        ("IMAGE/PNG; a=b", {"image/png"}, True),
        ("image/png", {"image/*"}, True),
        ("text/plain", {"image/*"}, False),
        (None, {"*/*"}, True),
        (None, {"image/*"}, False),
        ("text/plain", set(), False),
    ],
)
def test_media_types_are_binary_by_the_api_s_list(content_type: str | None, types: set[str], expected: bool) -> None:
    assert is_binary(content_type, frozenset(types)) is expected

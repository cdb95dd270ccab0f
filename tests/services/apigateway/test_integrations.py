"""Integrations: which are taken."""

from typing import Any

import pytest
from tests.services.apigateway.support import ACCOUNT, FUNCTION, INVOCATION, Gateway

PROXY = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": INVOCATION}
MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


async def place(gateway: Gateway) -> dict[str, Any]:
    api_id, root = await gateway.api_with_method()
    return {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}


async def test_a_proxy_shows_what_aws_shows(gateway: Gateway) -> None:
    at = await place(gateway)
    assert await gateway("PutIntegration", **at | PROXY) == {
        "type": "AWS_PROXY",
        "httpMethod": "POST",
        "uri": INVOCATION,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        "cacheNamespace": at["resourceId"],
        "cacheKeyParameters": [],
        "integrationResponses": {"200": {"statusCode": "200"}},
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # spec 08, no. 32
        (PROXY | {"uri": FUNCTION}, "AWS ARN for integration must contain path or action"),
        (PROXY | {"uri": "https://example.com"}, "Invalid ARN specified in the request"),
        (PROXY | {"integrationHttpMethod": None}, "Enumeration value for HttpMethod must be non-empty"),
        (PROXY | {"timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        (PROXY | {"timeoutInMillis": 29001}, "Timeout should be between 50 ms and 29000 ms"),
        (PROXY | {"type": "HTTP_PROXY", "uri": "ftp://x"}, "Invalid HTTP endpoint specified for URI"),
        (PROXY | {"credentials": "me"}, "Invalid ARN specified in the request"),
    ],
)
async def test_a_wrong_integration_is_refused(gateway: Gateway, change: dict[str, Any], message: str) -> None:
    members = {name: value for name, value in (await place(gateway) | change).items() if value is not None}
    assert await gateway.refusal("PutIntegration", **members) == ("BadRequestException", message)


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        (PROXY | {"type": "AWS"}, "integrations of type AWS"),
        (PROXY | {"type": "HTTP"}, "integrations of type HTTP"),
        (PROXY | {"connectionType": "VPC_LINK", "connectionId": "x"}, "VPC links"),
        (PROXY | {"tlsConfig": {"insecureSkipVerification": True}}, "TLS settings"),
        (MOCK | {"requestTemplates": {"application/json": "#if(true){}#end"}}, "mapping templates"),
        (MOCK | {"requestTemplates": {"application/json": '{"statusCode": $x}'}}, "mapping templates"),
        (MOCK | {"requestParameters": {"integration.request.header.X": "method.request.body.x"}}, "from a body"),
    ],
)
async def test_what_would_not_be_done_is_refused_by_name(
    gateway: Gateway, change: dict[str, Any], feature: str
) -> None:
    code, message = await gateway.refusal("PutIntegration", **await place(gateway) | change)
    assert code == "BadRequestException"
    assert feature in message


async def test_a_patch_is_held_to_the_same(gateway: Gateway) -> None:
    at = await place(gateway)
    operation = {"op": "add", "path": "/requestTemplates/text~1plain", "value": "$input.body"}
    assert (await gateway.refusal("UpdateIntegration", **at, patchOperations=[operation]))[0] == "BadRequestException"
    operation = {"op": "add", "path": "/responseTemplates/text~1plain", "value": "$input.body"}
    one = at | {"statusCode": "200"}
    assert (await gateway.refusal("UpdateIntegrationResponse", **one, patchOperations=[operation]))[
        0
    ] == "BadRequestException"


async def test_the_callers_own_credentials_are_taken(gateway: Gateway) -> None:
    made = await gateway("PutIntegration", **await place(gateway) | PROXY | {"credentials": "arn:aws:iam::*:user/*"})
    assert made["credentials"] == "arn:aws:iam::*:user/*"
    assert ACCOUNT not in made["credentials"]

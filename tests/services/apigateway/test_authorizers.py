"""Authorizers: recorded answers, and expressions that RE2 does not run."""

from typing import Any

import pytest
from tests.services.apigateway.support import ACCOUNT, INVOCATION, POOL, Gateway

TOKEN: dict[str, Any] = {
    "name": "tokens",
    "type": "TOKEN",
    "authorizerUri": INVOCATION,
    "identitySource": "method.request.header.Authorization",
}


async def test_a_new_authorizer_does_not_echo_the_default_ttl(gateway: Gateway) -> None:
    # spec 08, no. 19
    api = await gateway("CreateRestApi", name="pets")
    made = await gateway("CreateAuthorizer", restApiId=api["id"], **TOKEN)
    assert made == TOKEN | {"id": made["id"], "authType": "custom"}
    assert await gateway("GetAuthorizers", restApiId=api["id"]) == {"items": [made]}


async def test_an_unknown_api_is_told_as_recorded(gateway: Gateway) -> None:
    # spec 08, no. 31
    assert await gateway.refusal("CreateAuthorizer", restApiId="test-fake-rest-id", **TOKEN) == (
        "ConflictException",
        "Unable to complete operation due to concurrent modification. Please try again later.",
    )
    assert await gateway.refusal("GetAuthorizers", restApiId="test-fake-rest-id") == (
        "NotFoundException",
        f"Invalid API identifier specified {ACCOUNT}:test-fake-rest-id",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"identityValidationExpression": "(?=x)y"},
        {"identityValidationExpression": "("},
        {"type": "JWT"},
        {"authorizerResultTtlInSeconds": 3601},
        {"authorizerResultTtlInSeconds": -1},
        {"identitySource": "method.request.path.id"},
        {"identitySource": None},
        {"authorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:f"},
        {"authorizerCredentials": "arn:aws:iam::*:user/*"},
        {"type": "COGNITO_USER_POOLS", "providerARNs": []},
        {"type": "COGNITO_USER_POOLS", "providerARNs": ["arn:aws:iam::123456789012:user/x"]},
        {"type": "REQUEST", "identitySource": ""},
        {"type": "REQUEST", "identityValidationExpression": ".*"},
    ],
)
async def test_a_wrong_authorizer_is_refused(gateway: Gateway, change: dict[str, Any]) -> None:
    api = await gateway("CreateRestApi", name="pets")
    members = {name: value for name, value in (TOKEN | change).items() if value is not None}
    assert (await gateway.refusal("CreateAuthorizer", restApiId=api["id"], **members))[0] == "BadRequestException"
    assert await gateway("GetAuthorizers", restApiId=api["id"]) == {"items": []}


async def test_a_request_authorizer_without_caching_needs_no_source(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    members = {"name": "r", "type": "REQUEST", "authorizerUri": INVOCATION, "authorizerResultTtlInSeconds": 0}
    assert (await gateway("CreateAuthorizer", restApiId=api["id"], **members))["authorizerResultTtlInSeconds"] == 0


async def test_a_patch_must_leave_an_authorizer_that_its_methods_fit(gateway: Gateway) -> None:
    api_id, root = await gateway.api_with_method()
    made = await gateway("CreateAuthorizer", restApiId=api_id, **TOKEN)
    at = {"restApiId": api_id, "resourceId": root, "httpMethod": "POST"}
    await gateway("PutMethod", **at, authorizationType="CUSTOM", authorizerId=made["id"])
    one = {"restApiId": api_id, "authorizerId": made["id"]}
    operations = [
        {"op": "replace", "path": "/type", "value": "COGNITO_USER_POOLS"},
        {"op": "add", "path": "/providerARNs", "value": POOL},
    ]
    assert (await gateway.refusal("UpdateAuthorizer", **one, patchOperations=operations))[0] == "BadRequestException"
    assert (await gateway.refusal("DeleteAuthorizer", **one))[0] == "ConflictException"
    ttl = [{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "0"}]
    assert (await gateway("UpdateAuthorizer", **one, patchOperations=ttl))["authorizerResultTtlInSeconds"] == 0

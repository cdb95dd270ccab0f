"""Methods: recorded refusals, and what is not offered."""

from typing import Any

import pytest
from tests.services.apigateway.support import INVOCATION, POOL, Gateway

NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)
NO_VERB = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"


async def place(gateway: Gateway, verb: str = "GET") -> dict[str, Any]:
    api = await gateway("CreateRestApi", name="pets")
    return {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": verb}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"authorizationType": "CUSTOM"}, NO_AUTHORIZER),
        ({"authorizationType": "COGNITO_USER_POOLS"}, NO_AUTHORIZER),
        ({"authorizationType": "CUSTOM", "authorizerId": "abc123"}, NO_AUTHORIZER),
        ({"authorizationType": "NONE", "httpMethod": "FETCH"}, NO_VERB),
    ],
)
async def test_a_method_is_refused_in_the_recorded_words(
    gateway: Gateway, members: dict[str, Any], message: str
) -> None:
    # spec 08, no. 30
    assert await gateway.refusal("PutMethod", **await place(gateway) | members) == ("BadRequestException", message)


async def test_an_unknown_api_is_told_like_an_unknown_resource(gateway: Gateway) -> None:
    # spec 08, no. 30
    members = {"restApiId": "nothere", "resourceId": "x", "httpMethod": "GET", "authorizationType": "NONE"}
    assert await gateway.refusal("PutMethod", **members) == (
        "NotFoundException",
        "Invalid Resource identifier specified",
    )


@pytest.mark.parametrize(
    ("members", "feature"),
    [
        ({"authorizationType": "NONE", "apiKeyRequired": True}, "API keys"),
        ({"authorizationType": "NONE", "requestValidatorId": "abc"}, "request validators"),
        ({"authorizationType": "JWT", "authorizerId": "abc"}, "JWT authorizers"),
    ],
)
async def test_what_would_not_be_enforced_is_refused_by_name(
    gateway: Gateway, members: dict[str, Any], feature: str
) -> None:
    code, message = await gateway.refusal("PutMethod", **await place(gateway) | members)
    assert code == "BadRequestException"
    assert feature in message


async def test_a_patch_cannot_store_what_a_put_may_not(gateway: Gateway) -> None:
    api_id, root = await gateway.api_with_method()
    at = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    for path, value in (("/apiKeyRequired", "true"), ("/requestValidatorId", "x"), ("/authorizationType", "CUSTOM")):
        operation = {"op": "replace", "path": path, "value": value}
        assert (await gateway.refusal("UpdateMethod", **at, patchOperations=[operation]))[0] == "BadRequestException"
    assert (await gateway("GetMethod", **at))["authorizationType"] == "NONE"


async def test_a_lambda_authorizer_is_not_taken_for_a_cognito_method(gateway: Gateway) -> None:
    at = await place(gateway)
    authorizer = await gateway(
        "CreateAuthorizer",
        restApiId=at["restApiId"],
        name="a",
        type="TOKEN",
        authorizerUri=INVOCATION,
        identitySource="method.request.header.Authorization",
    )
    pool = await gateway(
        "CreateAuthorizer",
        restApiId=at["restApiId"],
        name="b",
        type="COGNITO_USER_POOLS",
        providerARNs=[POOL],
        identitySource="method.request.header.Authorization",
    )
    wrong = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer["id"]}
    assert (await gateway.refusal("PutMethod", **at | wrong))[1] == NO_AUTHORIZER
    right = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": pool["id"], "authorizationScopes": ["a/b"]}
    assert await gateway("PutMethod", **at | right) == {"httpMethod": "GET", "apiKeyRequired": False} | right


async def test_method_responses_are_kept(gateway: Gateway) -> None:
    api_id, root = await gateway.api_with_method()
    at = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET", "statusCode": "200"}
    parameters = {"method.response.header.X": True}
    await gateway("PutMethodResponse", **at, responseParameters=parameters)
    assert await gateway("GetMethodResponse", **at) == {"statusCode": "200", "responseParameters": parameters}
    await gateway("DeleteMethodResponse", **at)
    assert (await gateway.refusal("GetMethodResponse", **at))[0] == "NotFoundException"

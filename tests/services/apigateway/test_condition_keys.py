"""Policies on what a request asks for and on what it changes.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_id-based-policy-examples.html
"""

import json
from typing import Any

import pytest
from tests.services.apigateway.support import INVOCATION, Gateway, caller

ALLOW = {"Effect": "Allow", "Action": "apigateway:*", "Resource": "*"}
TOKEN = {"name": "t", "type": "TOKEN", "authorizerUri": INVOCATION, "identitySource": "method.request.header.X"}
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:access"
CLOSED = {"name": "new", "disableExecuteApiEndpoint": True}
TYPES, LOGGING = "/endpointConfiguration/types", "/accessLogSettings"
MOCK = {"responses": {}, "x-amazon-apigateway-integration": {"type": "MOCK"}}
OPEN_BODY = {
    "swagger": "2.0",
    "info": {"title": "pets"},
    "paths": {"/": {"get": {**MOCK, "security": [{"sigv4": []}]}, "post": MOCK}},
    "securityDefinitions": {
        "sigv4": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
    },
}


def under(condition: dict[str, Any], *, effect: str) -> Any:
    """Who may do everything, but under the condition nothing; or everything under the condition alone."""
    conditional = {"Effect": effect, "Action": "apigateway:*", "Resource": "*", "Condition": condition}
    statements = [ALLOW, conditional] if effect == "Deny" else [conditional]
    return caller({"Version": "2012-10-17", "Statement": statements})


def patch(path: str, value: str) -> dict[str, Any]:
    return {"patchOperations": [{"op": "replace", "path": path, "value": value}]}


async def world(gateway: Gateway) -> dict[str, Any]:
    """An API with a method, an authorizer and a stage; the parameters that name them."""
    api_id, root_id = await gateway.api_with_method(authorizationType="AWS_IAM")
    authorizer = await gateway("CreateAuthorizer", restApiId=api_id, **TOKEN)
    deployment = await gateway("CreateDeployment", restApiId=api_id, stageName="prod")
    return {
        "api": {"restApiId": api_id},
        "method": {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"},
        "post": {"restApiId": api_id, "resourceId": root_id, "httpMethod": "POST"},
        "authorizer": {"restApiId": api_id, "authorizerId": authorizer["id"]},
        "stage": {"restApiId": api_id, "stageName": "prod"},
        "deployment": {"restApiId": api_id, "deploymentId": deployment["id"]},
    }


# operation, what it names, what it asks for, key, value
ASKED = [
    ("CreateRestApi", None, {"name": "new"}, "Request/ApiName", "new"),
    ("CreateRestApi", None, {"name": "new"}, "Request/EndpointType", "EDGE"),
    (
        "CreateRestApi",
        None,
        {"name": "new", "disableExecuteApiEndpoint": True},
        "Request/DisableExecuteApiEndpoint",
        "true",
    ),
    ("CreateRestApi", None, {"name": "new"}, "Request/DisableExecuteApiEndpoint", "false"),
    ("UpdateRestApi", "api", patch("/name", "cats"), "Request/ApiName", "cats"),
    ("UpdateRestApi", "api", patch("/name", "cats"), "Resource/ApiName", "pets"),
    ("UpdateRestApi", "api", patch("/disableExecuteApiEndpoint", "True"), "Request/DisableExecuteApiEndpoint", "true"),
    (
        "UpdateRestApi",
        "api",
        patch("/endpointConfiguration/types/EDGE", "REGIONAL"),
        "Request/EndpointType",
        "REGIONAL",
    ),
    ("DeleteRestApi", "api", {}, "Resource/EndpointType", "EDGE"),
    ("PutMethod", "post", {"authorizationType": "NONE"}, "Request/RouteAuthorizationType", "NONE"),
    ("PutMethod", "post", {"authorizationType": "NONE"}, "Request/ApiKeyRequired", "false"),
    ("UpdateMethod", "method", patch("/authorizationType", "NONE"), "Request/RouteAuthorizationType", "NONE"),
    ("UpdateMethod", "method", patch("/authorizationType", "NONE"), "Resource/RouteAuthorizationType", "AWS_IAM"),
    ("DeleteMethod", "method", {}, "Resource/RouteAuthorizationType", "AWS_IAM"),
    ("CreateAuthorizer", "api", TOKEN | {"name": "u"}, "Request/AuthorizerType", "TOKEN"),
    ("CreateAuthorizer", "api", TOKEN | {"name": "u"}, "Request/AuthorizerUri", INVOCATION),
    ("UpdateAuthorizer", "authorizer", patch("/authorizerUri", INVOCATION), "Request/AuthorizerUri", INVOCATION),
    ("UpdateAuthorizer", "authorizer", patch("/name", "v"), "Resource/AuthorizerType", "TOKEN"),
    ("DeleteAuthorizer", "authorizer", {}, "Resource/AuthorizerUri", INVOCATION),
    ("CreateDeployment", "api", {"stageName": "beta"}, "Request/StageName", "beta"),
    (
        "UpdateStage",
        "stage",
        patch("/accessLogSettings/destinationArn", LOGS),
        "Request/AccessLoggingDestination",
        LOGS,
    ),
    ("ImportRestApi", None, {"body": json.dumps(OPEN_BODY).encode()}, "Request/ApiName", "pets"),
    (
        "ImportRestApi",
        None,
        {"body": json.dumps(OPEN_BODY).encode(), "parameters": {"endpointConfigurationTypes": "REGIONAL"}},
        "Request/EndpointType",
        "REGIONAL",
    ),
    ("PutRestApi", "api", {"body": json.dumps(OPEN_BODY).encode()}, "Resource/AuthorizerType", "TOKEN"),
]


@pytest.mark.parametrize(("operation", "named", "asked", "key", "value"), ASKED, ids=lambda each: str(each)[:40])
async def test_a_policy_on_a_key_counts_both_ways(
    gateway: Gateway, operation: str, named: str | None, asked: dict[str, Any], key: str, value: str
) -> None:
    params = asked | ((await world(gateway))[named] if named is not None else {})
    condition = {"StringEquals": {f"apigateway:{key}": value}}
    code, _ = await gateway.refusal(operation, by=under(condition, effect="Deny"), **params)
    assert code == "AccessDenied"
    await gateway(operation, by=under(condition, effect="Allow"), **params)


# What is kept is what counts, however a patch writes it.
WRITTEN_OTHERWISE = [
    (
        "api",
        {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "no"},
        "DisableExecuteApiEndpoint",
        "false",
    ),
    ("api", {"op": "replace", "path": "/disableExecuteApiEndpoint"}, "DisableExecuteApiEndpoint", "false"),
    ("api", {"op": "replace", "path": TYPES, "value": " REGIONAL "}, "EndpointType", "REGIONAL"),
    ("api", {"op": "add", "path": f"{TYPES}/REGIONAL"}, "EndpointType", "REGIONAL"),
    ("api", {"op": "add", "path": f"{TYPES}/REGIONAL", "value": "EDGE"}, "EndpointType", "REGIONAL"),
    ("method", {"op": "replace", "path": "/apiKeyRequired", "value": "off"}, "ApiKeyRequired", "false"),
    ("method", {"op": "replace", "path": "/authorizationType", "value": ""}, "RouteAuthorizationType", "NONE"),
    ("method", {"op": "replace", "path": "/authorizationType"}, "RouteAuthorizationType", "NONE"),
    ("api", {"op": "replace", "path": TYPES, "value": ""}, "EndpointType", "EDGE"),
    ("api", {"op": "remove", "path": f"{TYPES}/EDGE"}, "EndpointType", "EDGE"),
]


@pytest.mark.parametrize(("named", "change", "key", "value"), WRITTEN_OTHERWISE)
async def test_no_way_to_write_a_patch_steps_past_a_deny(
    gateway: Gateway, named: str, change: dict[str, str], key: str, value: str
) -> None:
    operation = {"api": "UpdateRestApi", "method": "UpdateMethod"}[named]
    params = (await world(gateway))[named] | {"patchOperations": [change]}
    denied = under({"StringEquals": {f"apigateway:Request/{key}": value}}, effect="Deny")
    assert (await gateway.refusal(operation, by=denied, **params))[0] == "AccessDenied"


async def test_a_method_of_no_authorization_type_is_one_of_none(gateway: Gateway) -> None:
    params = (await world(gateway))["post"] | {"authorizationType": ""}
    denied = under({"StringEquals": {"apigateway:Request/RouteAuthorizationType": "NONE"}}, effect="Deny")
    assert (await gateway.refusal("PutMethod", by=denied, **params))[0] == "AccessDenied"


async def test_of_several_changes_of_a_patch_the_last_counts(gateway: Gateway) -> None:
    params = (await world(gateway))["method"]
    changes = [{"op": "replace", "path": "/authorizationType", "value": value} for value in ("AWS_IAM", "")]
    denied = under({"StringEquals": {"apigateway:Request/RouteAuthorizationType": "NONE"}}, effect="Deny")
    assert (await gateway.refusal("UpdateMethod", by=denied, patchOperations=changes, **params))[0] == "AccessDenied"
    await gateway("UpdateMethod", by=denied, patchOperations=changes[::-1], **params)


NONE = {"ForAnyValue:StringEqualsIgnoreCase": {"apigateway:Request/RouteAuthorizationType": "NONE"}}


@pytest.mark.parametrize("mode", ["import", "merge", "overwrite"])
async def test_no_open_method_comes_in_with_an_import(gateway: Gateway, mode: str) -> None:
    named = (await world(gateway))["api"] | {"mode": mode} if mode != "import" else {}
    operation = "ImportRestApi" if mode == "import" else "PutRestApi"
    no_open_methods = under(NONE, effect="Deny")
    code, _ = await gateway.refusal(operation, by=no_open_methods, body=json.dumps(OPEN_BODY).encode(), **named)
    assert code == "AccessDenied"
    closed = OPEN_BODY | {"paths": {"/": {"get": OPEN_BODY["paths"]["/"]["get"]}}}  # type: ignore[index]
    await gateway(operation, by=no_open_methods, body=json.dumps(closed).encode(), **named)


async def test_what_is_no_document_is_refused_as_such(gateway: Gateway) -> None:
    code, _ = await gateway.refusal("ImportRestApi", by=under(NONE, effect="Deny"), body=b"{")
    assert code == "BadRequestException"

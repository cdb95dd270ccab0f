"""iam:PassRole, whichever operation a role comes in with."""

import json
from typing import Any

import pytest
from tests.services.apigateway.support import ACCOUNT, INVOCATION, Gateway, caller

ROLE = f"arn:aws:iam::{ACCOUNT}:role/invoker"
BODY = {
    "swagger": "2.0",
    "info": {"title": "pets"},
    "paths": {
        "/": {
            "get": {
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "httpMethod": "POST",
                    "uri": INVOCATION,
                    "credentials": ROLE,
                }
            }
        }
    },
}


def with_pass_role(*conditions: dict[str, Any]) -> Any:
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "apigateway:*", "Resource": "*"}]
    statements += [
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": one} for one in conditions
    ]
    return caller({"Version": "2012-10-17", "Statement": statements})


@pytest.mark.parametrize("way", ["put", "patch", "import", "put body", "authorizer"])
async def test_a_role_is_taken_from_those_alone_who_may_pass_it(gateway: Gateway, way: str) -> None:
    api_id, root = await gateway.api_with_method()
    at = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    credentials = [{"op": "replace", "path": "/credentials", "value": ROLE}]
    proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": INVOCATION}
    authorizer = {"name": "a", "type": "REQUEST", "authorizerUri": INVOCATION, "authorizerResultTtlInSeconds": 0}
    operation, params = {
        "put": ("PutIntegration", at | proxy | {"credentials": ROLE}),
        "patch": ("UpdateIntegration", at | {"patchOperations": credentials}),
        "import": ("ImportRestApi", {"body": json.dumps(BODY).encode()}),
        "put body": ("PutRestApi", {"restApiId": api_id, "body": json.dumps(BODY).encode()}),
        "authorizer": ("CreateAuthorizer", {"restApiId": api_id, "authorizerCredentials": ROLE} | authorizer),
    }[way]
    for refused in (
        with_pass_role(),
        with_pass_role({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
    ):
        code, message = await gateway.refusal(operation, by=refused, **params)
        assert code == "AccessDenied"
        assert f"iam:PassRole on resource: {ROLE}" in message
    passer = with_pass_role({"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}})
    await gateway(operation, by=passer, **params)


async def test_a_role_that_the_api_has_elsewhere_is_passed_anew(gateway: Gateway) -> None:
    """Whoever may change methods must not lend a role, which somebody else passed, to a function of their choice."""
    api_id, root = await gateway.api_with_method()
    at = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "credentials": ROLE}
    await gateway("PutIntegration", **at, **proxy, uri=INVOCATION)
    other = INVOCATION.replace("function:backend", "function:vault")
    stranger = with_pass_role()
    moved = [{"op": "replace", "path": "/uri", "value": other}]
    assert (await gateway.refusal("UpdateIntegration", by=stranger, **at, patchOperations=moved))[0] == "AccessDenied"
    await gateway("PutMethod", **at | {"httpMethod": "POST"}, authorizationType="NONE")
    refused = await gateway.refusal(
        "PutIntegration", by=stranger, **at | {"httpMethod": "POST"}, **proxy, uri=INVOCATION
    )
    assert refused[0] == "AccessDenied"
    timeout = [{"op": "replace", "path": "/timeoutInMillis", "value": "1000"}]
    await gateway("UpdateIntegration", by=stranger, **at, patchOperations=timeout)

"""apigateway:UpdateRestApiPolicy, whichever operation a resource policy comes in with, or goes."""

import json
from typing import Any

import pytest
from tests.services.apigateway.support import Gateway, caller

OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}],
}
BODY = {"swagger": "2.0", "info": {"title": "pets"}, "paths": {}, "x-amazon-apigateway-policy": OPEN}
VERBS = [f"apigateway:{verb}" for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")]


def who_may(*actions: str) -> Any:
    return caller(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": [*VERBS, *actions], "Resource": "*"}],
        }
    )


@pytest.mark.parametrize("way", ["create", "patch", "remove", "import", "put body"])
async def test_who_may_change_an_api_may_not_by_that_say_who_calls_it(gateway: Gateway, way: str) -> None:
    policy = json.dumps(OPEN)
    api_id = (await gateway("CreateRestApi", name="pets", **({"policy": policy} if way == "remove" else {})))["id"]
    replace = {"op": "replace", "path": "/policy", "value": "" if way == "remove" else policy}
    operation, params = {
        "create": ("CreateRestApi", {"name": "open", "policy": policy}),
        "patch": ("UpdateRestApi", {"restApiId": api_id, "patchOperations": [replace]}),
        "remove": ("UpdateRestApi", {"restApiId": api_id, "patchOperations": [replace]}),
        "import": ("ImportRestApi", {"body": json.dumps(BODY).encode()}),
        "put body": ("PutRestApi", {"restApiId": api_id, "body": json.dumps(BODY).encode()}),
    }[way]
    code, message = await gateway.refusal(operation, by=who_may(), **params)
    assert code == "AccessDenied"
    assert "apigateway:UpdateRestApiPolicy on resource: arn:aws:apigateway:us-east-1::/restapis/" in message
    await gateway(operation, by=who_may("apigateway:UpdateRestApiPolicy"), **params)


async def test_a_change_that_leaves_the_policy_alone_needs_no_more(gateway: Gateway) -> None:
    api_id = (await gateway("CreateRestApi", name="pets", policy=json.dumps(OPEN)))["id"]
    renamed = [{"op": "replace", "path": "/name", "value": "cats"}]
    assert (await gateway("UpdateRestApi", by=who_may(), restApiId=api_id, patchOperations=renamed))["name"] == "cats"

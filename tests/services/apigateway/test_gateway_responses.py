"""Gateway responses, as recorded (spec 08, no. 28 and 29)."""

from typing import Any

import pytest
from tests.services.apigateway.support import Gateway

DEFAULT = {
    "responseType": "ACCESS_DENIED",
    "statusCode": "403",
    "responseParameters": {},
    "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
    "defaultResponse": True,
}


async def test_there_are_21_sorted_by_name(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    items = (await gateway("GetGatewayResponses", restApiId=api["id"], limit=500))["items"]
    assert len(items) == 21
    assert items == sorted(items, key=lambda one: one["responseType"])
    assert items[0] == DEFAULT
    assert "statusCode" not in next(one for one in items if one["responseType"] == "DEFAULT_4XX")


async def test_an_unknown_type_is_named_with_all_that_there_are(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    code, message = await gateway.refusal("PutGatewayResponse", restApiId=api["id"], responseType="FAKE_RESPONSE_TYPE")
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: "
        "Member must satisfy enum value set: ["
    )
    assert all(name in message for name in ("REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "EXPIRED_TOKEN"))


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ({"op": "add", "path": "/statusCode", "value": "1"}, ("BadRequestException", "Invalid patch path /statusCode")),
        ({"op": "remove", "path": "/statusCode"}, ("BadRequestException", "Invalid patch path /statusCode")),
        ({"op": "replace", "value": "1"}, ("BadRequestException", "Invalid patch path null")),
        (
            {"op": "replace", "path": "/responseParameters/gatewayresponse.header.X", "value": "'1'"},
            ("NotFoundException", "Invalid parameter name specified"),
        ),
    ],
)
async def test_a_wrong_patch_is_refused_in_the_recorded_words(
    gateway: Gateway, operation: dict[str, Any], refusal: tuple[str, str]
) -> None:
    api = await gateway("CreateRestApi", name="pets")
    one = {"restApiId": api["id"], "responseType": "ACCESS_DENIED"}
    assert await gateway.refusal("UpdateGatewayResponse", **one, patchOperations=[operation]) == refusal


async def test_a_customized_response_is_kept_and_taken_back(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    one = {"restApiId": api["id"], "responseType": "ACCESS_DENIED"}
    missing = ("NotFoundException", "Gateway response type not defined on api")
    assert await gateway.refusal("DeleteGatewayResponse", **one) == missing
    members = {"statusCode": "404", "responseParameters": {"gatewayresponse.header.X": "'*'"}, "responseTemplates": {}}
    made = await gateway("PutGatewayResponse", **one | members)
    assert made == members | {"responseType": "ACCESS_DENIED", "defaultResponse": False}
    await gateway("DeleteGatewayResponse", **one)
    assert await gateway("GetGatewayResponse", **one) == DEFAULT

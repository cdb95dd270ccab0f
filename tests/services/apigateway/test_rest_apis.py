"""REST APIs as a whole."""

import json

import pytest
from tests.services.apigateway.support import ACCOUNT, NOW, REGION, Gateway, caller

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": ["execute-api:/prod/GET/pets"],
            "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}},
        },
    ],
}


async def test_a_new_api_shows_what_aws_shows(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    assert api == {
        "id": api["id"],
        "name": "pets",
        "createdDate": NOW,
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": False,
        "rootResourceId": api["rootResourceId"],
    }
    assert await gateway("GetRestApi", restApiId=api["id"]) == api
    assert await gateway("GetRestApis") == {"items": [api]}


async def test_the_short_forms_of_a_policy_are_written_out_and_shown_escaped(gateway: Gateway) -> None:
    # spec 08, no. 15, and spec 03, section 9
    api = await gateway("CreateRestApi", name="pets", policy=json.dumps(POLICY))
    shown = api["policy"]
    assert shown.startswith('{\\"Version\\":\\"2012-10-17\\"')
    assert f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['id']}\\/*" in shown
    read = json.loads(json.loads(f'"{shown}"'))
    prefix = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['id']}"
    assert [one["Resource"] for one in read["Statement"]] == [f"{prefix}/*", [f"{prefix}/prod/GET/pets"]]


async def test_a_policy_can_be_given_back_as_it_was_shown(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets", policy=json.dumps(POLICY))
    operation = {"op": "replace", "path": "/policy", "value": api["policy"]}
    assert (await gateway("UpdateRestApi", restApiId=api["id"], patchOperations=[operation]))["policy"] == api["policy"]


@pytest.mark.parametrize("policy", ["no json", "[]", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}'])
async def test_what_is_no_policy_is_refused_in_one_text(gateway: Gateway, policy: str) -> None:
    assert await gateway.refusal("CreateRestApi", name="pets", policy=policy) == (
        "BadRequestException",
        "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
    )


async def test_vpc_endpoints_are_refused_by_name(gateway: Gateway) -> None:
    endpoint = {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"]}
    code, message = await gateway.refusal("CreateRestApi", name="pets", endpointConfiguration=endpoint)
    assert code == "BadRequestException"
    assert "VPC endpoints" in message


async def test_an_api_is_found_by_its_account_alone(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets")
    other = caller(account="999999999999")
    assert await gateway.refusal("GetRestApi", by=other, restApiId=api["id"]) == (
        "NotFoundException",
        f"Invalid API identifier specified 999999999999:{api['id']}",
    )


async def test_settings_are_patched(gateway: Gateway) -> None:
    api = await gateway("CreateRestApi", name="pets", binaryMediaTypes=["image/png"])
    operations = [
        {"op": "replace", "path": "/name", "value": "dogs"},
        {"op": "add", "path": "/binaryMediaTypes/image~1jpeg"},
        {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
        {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
        {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"},
    ]
    changed = await gateway("UpdateRestApi", restApiId=api["id"], patchOperations=operations)
    assert changed["name"] == "dogs"
    assert changed["binaryMediaTypes"] == ["image/jpeg"]
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert changed["disableExecuteApiEndpoint"] is True


async def test_apis_come_in_pages(gateway: Gateway) -> None:
    made = {(await gateway("CreateRestApi", name=f"api{index}"))["id"] for index in range(3)}
    first = await gateway("GetRestApis", limit=2)
    second = await gateway("GetRestApis", limit=2, position=first["position"])
    assert {one["id"] for one in [*first["items"], *second["items"]]} == made
    assert "position" not in second


async def test_a_deleted_api_is_served_no_more(gateway: Gateway) -> None:
    api_id, _ = await gateway.api_with_method()
    await gateway("CreateDeployment", restApiId=api_id, stageName="prod")
    assert await gateway.plans.resolve(api_id, "prod") is not None
    await gateway("DeleteRestApi", restApiId=api_id)
    assert gateway.plans.current(api_id, "prod") is None
    assert await gateway.plans.resolve(api_id, "prod") is None


async def test_a_caller_without_the_verb_is_refused(gateway: Gateway) -> None:
    reader = caller(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"}}
    )
    await gateway("GetRestApis", by=reader)
    code, message = await gateway.refusal("CreateRestApi", by=reader, name="pets")
    assert code == "AccessDenied"
    assert "apigateway:POST on resource: arn:aws:apigateway:us-east-1::/restapis" in message

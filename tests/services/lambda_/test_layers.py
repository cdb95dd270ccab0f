from collections.abc import Mapping
from typing import Any

import pytest
from tests.services.lambda_.support import ACCOUNT, OTHER, Lambda, caller, package

from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l"
CODE = package("shared = 1")


async def publish(lambda_: Lambda, name: str = "l", **params: object) -> Mapping[str, Any]:
    return await lambda_("PublishLayerVersion", LayerName=name, **{"Content": {"ZipFile": CODE}} | params)


async def test_a_layer_is_published_shown_listed_and_deleted(lambda_: Lambda) -> None:
    first = await publish(lambda_, CompatibleRuntimes=["python3.12"], Description="d", LicenseInfo="MIT")
    assert first["LayerArn"] == ARN
    assert (first["LayerVersionArn"], first["Version"]) == (f"{ARN}:1", 1)
    assert first["Content"]["CodeSize"] == len(CODE)
    assert await lambda_("GetLayerVersion", LayerName=ARN, VersionNumber=1) == first
    assert await lambda_("GetLayerVersionByArn", Arn=f"{ARN}:1") == first
    await publish(lambda_, CompatibleRuntimes=["python3.11"])
    await publish(lambda_, "other")
    listed = await lambda_("ListLayerVersions", LayerName="l")
    assert [each["Version"] for each in listed["LayerVersions"]] == [2, 1]
    page = await lambda_("ListLayerVersions", LayerName="l", MaxItems=1)
    assert page["NextMarker"] == "2"
    rest = await lambda_("ListLayerVersions", LayerName="l", Marker="2")
    assert [each["Version"] for each in rest["LayerVersions"]] == [1]
    layers = (await lambda_("ListLayers"))["Layers"]
    assert [(each["LayerName"], each["LatestMatchingVersion"]["Version"]) for each in layers] == [
        ("l", 2),
        ("other", 1),
    ]
    older = (await lambda_("ListLayers", CompatibleRuntime="python3.12"))["Layers"]
    assert [(each["LayerName"], each["LatestMatchingVersion"]["Version"]) for each in older] == [("l", 1)]
    for _ in range(2):
        await lambda_("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    with pytest.raises(ServiceError) as refused:
        await lambda_("GetLayerVersion", LayerName="l", VersionNumber=1)
    assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


async def test_a_function_has_layers_in_its_order_and_keeps_deleted_ones(lambda_: Lambda) -> None:
    await publish(lambda_)
    await publish(lambda_, "m")
    arns = [f"{ARN[:-1]}m:1", f"{ARN}:1"]
    made = await lambda_.create(Layers=arns)
    assert made["Layers"] == [{"Arn": arn, "CodeSize": len(CODE)} for arn in arns]
    await lambda_("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    changed = await lambda_("UpdateFunctionConfiguration", FunctionName="f", Timeout=5)
    assert changed["Layers"] == made["Layers"]
    assert "Layers" not in await lambda_("UpdateFunctionConfiguration", FunctionName="f", Layers=[])


@pytest.mark.parametrize(
    ("arns", "code", "text"),
    [
        ([f"{ARN}{number}:1" for number in range(6)], "InvalidParameterValueException", "more than 5 layers"),
        ([f"{ARN}:1", f"{ARN}:2"], "InvalidParameterValueException", "Two different versions of the same layer"),
        ([f"{ARN}:7"], "InvalidParameterValueException", f"Layer version {ARN}:7 does not exist."),
        ([ARN.replace(ACCOUNT, OTHER) + ":1"], "AccessDeniedException", "does not offer layers of other accounts"),
        ([ARN.replace("us-east-1", "eu-west-1") + ":1"], "InvalidParameterValueException", "does not exist"),
    ],
)
async def test_layers_that_cannot_be_had_are_refused_by_name(
    lambda_: Lambda, arns: list[str], code: str, text: str
) -> None:
    await publish(lambda_)
    with pytest.raises(ServiceError) as refused:
        await lambda_.create(Layers=arns)
    assert refused.value.code == code
    assert text in refused.value.message


async def test_taking_a_layer_needs_permission_to_get_it(lambda_: Lambda) -> None:
    await publish(lambda_)
    allow = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "lambda:GetLayerVersion", "Resource": f"{ARN}:1"}
    await lambda_.create("without", Layers=[])
    with pytest.raises(ServiceError, match="lambda:GetLayerVersion"):
        await lambda_.create(by=caller({"Version": "2012-10-17", "Statement": [allow, deny]}), Layers=[f"{ARN}:1"])
    only = deny | {
        "Action": "lambda:CreateFunction",
        "Resource": "*",
        "Condition": {"ForAllValues:StringLike": {"lambda:Layer": [f"{ARN}:*"]}},
    }
    with pytest.raises(ServiceError, match="lambda:CreateFunction"):
        await lambda_.create(by=caller({"Version": "2012-10-17", "Statement": [allow, only]}), Layers=[f"{ARN}:1"])


async def test_other_accounts_layers_are_out_of_reach(lambda_: Lambda) -> None:
    await publish(lambda_)
    for operation, params in (
        ("GetLayerVersion", {"VersionNumber": 1}),
        ("DeleteLayerVersion", {"VersionNumber": 1}),
        ("PublishLayerVersion", {"Content": {"ZipFile": CODE}}),
    ):
        with pytest.raises(ServiceError) as refused:
            await lambda_(operation, by=caller(account=OTHER), LayerName=ARN, **params)
        assert refused.value.status == 403
    assert (await lambda_("ListLayers", by=caller(account=OTHER)))["Layers"] == []


OTHERWISE = [f"{ARN}:01", f"{ARN}:1".replace("arn:aws:", "arn:aws-cn:")]


@pytest.mark.parametrize("arn", OTHERWISE)
async def test_no_other_way_to_write_a_version_s_arn_steps_past_a_deny(lambda_: Lambda, arn: str) -> None:
    await publish(lambda_)
    allow = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "lambda:GetLayerVersion", "Resource": f"{ARN}:1"}
    alice = caller({"Version": "2012-10-17", "Statement": [allow, deny]})
    with pytest.raises(ServiceError):
        await lambda_("GetLayerVersionByArn", by=alice, Arn=arn)
    with pytest.raises(ServiceError, match="does not exist"):
        await lambda_.create(by=alice, Layers=[arn])

from typing import Any

import pytest
from tests.services.cognito_idp.test_auth import refused
from tests.services.cognito_idp.world import ACCOUNT, World

from yett.services.call import ServiceError


async def test_a_pool_is_described_listed_changed_and_deleted(world: World) -> None:
    pool_id = await world.pool(UserPoolTags={"team": "a"})
    described = (await world.do("DescribeUserPool", UserPoolId=pool_id))["UserPool"]
    assert described["Arn"] == f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/{pool_id}"
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert {attribute["Name"] for attribute in described["SchemaAttributes"]} >= {"sub", "email", "phone_number"}
    await world.do(
        "UpdateUserPool", UserPoolId=pool_id, Policies={"PasswordPolicy": {"MinimumLength": 12}},
        DeletionProtection="ACTIVE",
    )  # fmt: skip
    with pytest.raises(ServiceError, match="deletion protection is activated"):
        await world.do("DeleteUserPool", UserPoolId=pool_id)
    await world.do("UpdateUserPool", UserPoolId=pool_id)
    listed = (await world.do("ListUserPools", MaxResults=10))["UserPools"]
    assert [pool["Id"] for pool in listed] == [pool_id]
    client = await world.client(pool_id)
    await world.do("DeleteUserPool", UserPoolId=pool_id)
    gone = refused("ResourceNotFoundException", f"User pool {pool_id} does not exist.")
    with gone:
        await world.do("DescribeUserPool", UserPoolId=pool_id)
    with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
        await world.sign_in(client)
    assert (await world.http("GET", f"/{pool_id}/.well-known/jwks.json")).status == 404


async def test_pools_of_other_accounts_and_regions_do_not_exist(world: World) -> None:
    pool_id = await world.pool()
    gone = refused("ResourceNotFoundException", f"User pool {pool_id} does not exist.")
    for place in ({"account": "999999999999"}, {"region": "eu-west-1"}):
        for operation in ("DescribeUserPool", "DeleteUserPool", "ListUsers"):
            with gone:
                await world.do(operation, UserPoolId=pool_id, **place)
        assert (await world.do("ListUserPools", MaxResults=10, **place))["UserPools"] == []


ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.mark.parametrize(
    "options",
    [
        {"MfaConfiguration": "ON"},
        {"MfaConfiguration": "OPTIONAL"},
        {"LambdaConfig": {"PreSignUp": ARN}},
        {"LambdaConfig": {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": ARN}}},
        {"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}},
        {"Policies": {"PasswordPolicy": {"PasswordHistorySize": 3}}},
        {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}},
        {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True}},
        {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}},
    ],
    ids=str,
)
async def test_what_would_not_be_enforced_is_refused_by_name(world: World, options: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match=r"InvalidParameterException: .* is not supported by yett"):
        await world.pool(**options)
    pool_id = await world.pool()
    with pytest.raises(ServiceError, match="is not supported by yett"):
        await world.do("UpdateUserPool", UserPoolId=pool_id, **options)


async def test_tags_come_and_go(world: World) -> None:
    pool_id = await world.pool()
    arn = f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/{pool_id}"
    await world.do("TagResource", ResourceArn=arn, Tags={"a": "1", "b": "2"})
    await world.do("UntagResource", ResourceArn=arn, TagKeys=["a"])
    assert (await world.do("ListTagsForResource", ResourceArn=arn))["Tags"] == {"b": "2"}

from typing import Any

import pytest
from tests.services.cognito_idp.test_auth import refused
from tests.services.cognito_idp.world import World

from yett.services.call import ServiceError


async def test_an_invitation_brings_a_temporary_password_that_signs_in(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.do(
        "AdminCreateUser",
        UserPoolId=pool_id,
        Username="ann",
        UserAttributes=[{"Name": "email", "Value": "ann@example.com"}],
        DesiredDeliveryMediums=["EMAIL"],
    )
    message = world.messages()[-1]
    assert message.destination == "ann@example.com"
    first = str(message.code)
    assert (await world.sign_in(client, password=first))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    await world.do(
        "AdminCreateUser",
        UserPoolId=pool_id,
        Username="ann",
        MessageAction="RESEND",
        DesiredDeliveryMediums=["EMAIL"],
    )
    with refused("NotAuthorizedException", "Incorrect username or password."):
        await world.sign_in(client, password=first)
    with refused("UsernameExistsException", "User account already exists"):
        await world.do("AdminCreateUser", UserPoolId=pool_id, Username="ann")


async def names(world: World, pool_id: str, text: str, **more: Any) -> list[str]:
    answer = await world.do("ListUsers", UserPoolId=pool_id, Filter=text, **more)
    return [user["Username"] for user in answer["Users"]]


async def test_users_are_listed_by_filter_and_by_pages(world: World) -> None:
    pool_id = await world.pool()
    for name in ("ann", "anna", "bob"):
        await world.user(pool_id, name, email=f"{name}@example.com")
    await world.do("AdminDisableUser", UserPoolId=pool_id, Username="bob")
    assert await names(world, pool_id, 'email ^= "ann"') == ["ann", "anna"]
    assert await names(world, pool_id, 'username = "ann"') == ["ann"]
    assert await names(world, pool_id, 'status = "Disabled"') == ["bob"]
    assert await names(world, pool_id, "") == ["ann", "anna", "bob"]
    with refused("InvalidParameterException", "Error while parsing filter."):
        await names(world, pool_id, 'custom:x = "1"')
    first = await world.do("ListUsers", UserPoolId=pool_id, Limit=2, AttributesToGet=["email"])
    assert first["Users"][0]["Attributes"] == [{"Name": "email", "Value": "ann@example.com"}]
    second = await world.do("ListUsers", UserPoolId=pool_id, Limit=2, PaginationToken=first["PaginationToken"])
    assert [user["Username"] for user in second["Users"]] == ["bob"]
    assert "PaginationToken" not in second


async def test_a_deleted_user_is_gone_with_its_sign_ins_and_groups(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    await world.do("CreateGroup", UserPoolId=pool_id, GroupName="staff")
    await world.do("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="staff", Username="ann")
    result = (await world.sign_in(client))["AuthenticationResult"]
    await world.do("AdminDeleteUser", UserPoolId=pool_id, Username="ann")
    await world.user(pool_id)  # the same name, another user
    for operation, params in (
        ("GetUser", {"AccessToken": result["AccessToken"]}),
        (
            "InitiateAuth",
            {
                "ClientId": client["ClientId"],
                "AuthFlow": "REFRESH_TOKEN_AUTH",
                "AuthParameters": {"REFRESH_TOKEN": result["RefreshToken"]},
            },
        ),
    ):
        with pytest.raises(ServiceError, match="NotAuthorizedException"):
            await world.do(operation, **params)
    assert (await world.do("ListUsersInGroup", UserPoolId=pool_id, GroupName="staff"))["Users"] == []
    assert (await world.do("AdminListGroupsForUser", UserPoolId=pool_id, Username="ann"))["Groups"] == []


async def test_immutable_attributes_stay_and_a_new_address_is_unverified(world: World) -> None:
    pool_id = await world.pool(Schema=[{"Name": "tier", "AttributeDataType": "String", "Mutable": False}])
    await world.user(pool_id, **{"email": "ann@example.com", "email_verified": "true", "custom:tier": "gold"})

    async def update(name: str, value: str) -> None:
        given = [{"Name": name, "Value": value}]
        await world.do("AdminUpdateUserAttributes", UserPoolId=pool_id, Username="ann", UserAttributes=given)

    with pytest.raises(ServiceError, match="Attribute cannot be updated"):
        await update("custom:tier", "lead")
    with pytest.raises(ServiceError, match="Attribute does not exist in the schema"):
        await update("sub", "x")
    await update("email", "new@example.com")
    user = await world.do("AdminGetUser", UserPoolId=pool_id, Username="ann")
    assert {"Name": "email_verified", "Value": "false"} in user["UserAttributes"]

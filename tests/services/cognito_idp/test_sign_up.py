from typing import Any

import pytest
from tests.services.cognito_idp.test_auth import refused
from tests.services.cognito_idp.world import PASSWORD, World

from yett.services.call import ServiceError


async def sign_up(world: World, client: dict[str, Any], name: str, **attributes: str) -> Any:
    listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
    return await world.do(
        "SignUp", ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=listed
    )


async def confirm(world: World, client: dict[str, Any], name: str, code: str, **more: Any) -> None:
    await world.do("ConfirmSignUp", ClientId=client["ClientId"], Username=name, ConfirmationCode=code, **more)


def code_of(world: World) -> str:
    return str(world.messages()[-1].code)


async def test_a_user_signs_up_confirms_and_signs_in(world: World) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id)
    answer = await sign_up(world, client, "ann", email="ann@example.com")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    message = world.messages()[-1]
    assert (message.destination, message.username, message.kind) == ("ann@example.com", "ann", "SignUp")
    assert code_of(world) in message.body
    await confirm(world, client, "ann", code_of(world))
    user = await world.do("AdminGetUser", UserPoolId=pool_id, Username="ann")
    assert user["UserStatus"] == "CONFIRMED"
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    await world.sign_in(client)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        await confirm(world, client, "ann", code_of(world))


async def test_codes_are_guessed_five_times_at_most_and_expire(world: World) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id)
    await sign_up(world, client, "ann", email="ann@example.com")
    right = code_of(world)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
            await confirm(world, client, "ann", wrong)
    limit = refused("LimitExceededException", "Attempt limit exceeded, please try after some time.")
    with limit:
        await confirm(world, client, "ann", right)
    await world.do("ResendConfirmationCode", ClientId=client["ClientId"], Username="ann")
    with limit:  # another code buys no more guesses
        await confirm(world, client, "ann", code_of(world))
    world.move(hours=1)
    await world.do("ResendConfirmationCode", ClientId=client["ClientId"], Username="ann")
    world.move(hours=24)
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        await confirm(world, client, "ann", code_of(world))


async def test_a_client_that_hides_users_answers_alike_for_one_that_does_not_exist(world: World) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    hiding = await world.client(pool_id, PreventUserExistenceErrors="ENABLED")
    legacy = await world.client(pool_id)
    with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
        await confirm(world, hiding, "nobody", "123456")
    answer = await world.do("ForgotPassword", ClientId=hiding["ClientId"], Username="nobody")
    assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    for operation, more in (("ForgotPassword", {}), ("ConfirmSignUp", {"ConfirmationCode": "1"})):
        with refused("UserNotFoundException", "Username/client id combination not found."):
            await world.do(operation, ClientId=legacy["ClientId"], Username="nobody", **more)


async def test_names_are_taken_once_whatever_their_case_where_case_does_not_count(world: World) -> None:
    pool_id = await world.pool(UsernameConfiguration={"CaseSensitive": False})
    client = await world.client(pool_id)
    await sign_up(world, client, "Ann")
    with refused("UsernameExistsException", "User already exists"):
        await sign_up(world, client, "aNN")
    await world.do("AdminConfirmSignUp", UserPoolId=pool_id, Username="ANN")
    await world.sign_in(client, name="ann")


async def test_nobody_takes_another_users_sub_for_a_name(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    sub = (await sign_up(world, client, "ann"))["UserSub"]
    with refused("UsernameExistsException", "User already exists"):
        await sign_up(world, client, sub)


async def test_where_an_email_stands_in_for_the_name_the_name_is_the_sub(world: World) -> None:
    pool_id = await world.pool(UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id)
    with refused("InvalidParameterException", "Username should be an email."):
        await sign_up(world, client, "ann")
    answer = await sign_up(world, client, "ann@example.com")
    with refused("UsernameExistsException", "An account with the given email already exists."):
        await sign_up(world, client, "ann@example.com")
    await confirm(world, client, "ann@example.com", code_of(world))
    user = await world.do("AdminGetUser", UserPoolId=pool_id, Username="ann@example.com")
    assert user["Username"] == answer["UserSub"]
    await world.sign_in(client, name="ann@example.com")


async def test_an_alias_signs_in_once_verified_and_belongs_to_one_user(world: World) -> None:
    pool_id = await world.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id)
    await sign_up(world, client, "ann", email="us@example.com")
    await confirm(world, client, "ann", code_of(world))
    await world.sign_in(client, name="us@example.com")
    await sign_up(world, client, "bob", email="us@example.com")
    with refused("AliasExistsException", "An account with the email already exists."):
        await confirm(world, client, "bob", code_of(world))
    await world.do("ResendConfirmationCode", ClientId=client["ClientId"], Username="bob")
    await confirm(world, client, "bob", code_of(world), ForceAliasCreation=True)
    found = await world.do("AdminGetUser", UserPoolId=pool_id, Username="us@example.com")
    assert found["Username"] == "bob"
    ann = await world.do("AdminGetUser", UserPoolId=pool_id, Username="ann")
    assert {"Name": "email_verified", "Value": "false"} in ann["UserAttributes"]
    with refused(
        "InvalidParameterException",
        "Username cannot be of email format, since user pool is configured for email alias.",
    ):
        await sign_up(world, client, "carl@example.com")


async def test_sign_up_is_refused_where_only_administrators_make_users(world: World) -> None:
    pool_id = await world.pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    client = await world.client(pool_id)
    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        await sign_up(world, client, "ann")


async def test_a_user_cannot_vouch_for_its_own_address_or_write_what_the_client_may_not(world: World) -> None:
    pool_id = await world.pool(Schema=[{"Name": "role", "AttributeDataType": "String", "Mutable": True}])
    client = await world.client(pool_id, WriteAttributes=["email"])
    forbidden = refused("NotAuthorizedException", "A client attempted to write unauthorized attribute")
    with forbidden:
        await sign_up(world, client, "ann", email="ann@example.com", email_verified="true")
    with forbidden:
        await sign_up(world, client, "ann", **{"custom:role": "admin"})
    await world.user(pool_id)
    token = (await world.sign_in(client))["AuthenticationResult"]["AccessToken"]
    for name in ("custom:role", "email_verified"):
        with forbidden:
            await world.do("UpdateUserAttributes", AccessToken=token, UserAttributes=[{"Name": name, "Value": "true"}])
    with pytest.raises(ServiceError, match="Attribute does not exist in the schema"):
        await sign_up(world, client, "bob", **{"custom:none": "x"})

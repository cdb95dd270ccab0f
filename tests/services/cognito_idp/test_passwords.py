import pytest
from tests.services.cognito_idp.test_auth import WRONG, refused
from tests.services.cognito_idp.world import PASSWORD, World

from yett.services.call import ServiceError

NEW = "Other-Horse-8"


async def test_a_user_changes_its_password_with_the_old_one(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    token = (await world.sign_in(client))["AuthenticationResult"]["AccessToken"]
    with WRONG:
        await world.do("ChangePassword", AccessToken=token, PreviousPassword="nope", ProposedPassword=NEW)
    with pytest.raises(ServiceError, match="InvalidPasswordException"):
        await world.do("ChangePassword", AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="short")
    await world.do("ChangePassword", AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)
    await world.sign_in(client, password=NEW)
    with WRONG:
        await world.sign_in(client)


async def test_a_forgotten_password_is_set_by_a_code_that_is_good_once(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id, email="ann@example.com", email_verified="true")
    named = {"ClientId": client["ClientId"], "Username": "ann"}
    answer = await world.do("ForgotPassword", **named)
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    code = world.messages()[-1].code
    given = named | {"ConfirmationCode": str(code), "Password": NEW}
    await world.do("ConfirmForgotPassword", **given)
    await world.sign_in(client, password=NEW)
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        await world.do("ConfirmForgotPassword", **given)


async def test_a_sign_up_code_sets_no_password(world: World) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id)
    named = {"ClientId": client["ClientId"], "Username": "ann"}
    email = [{"Name": "email", "Value": "ann@example.com"}]
    await world.do("SignUp", **named, Password=PASSWORD, UserAttributes=email)
    code = str(world.messages()[-1].code)
    await world.do("AdminConfirmSignUp", UserPoolId=pool_id, Username="ann")
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        await world.do("ConfirmForgotPassword", **named, ConfirmationCode=code, Password=NEW)


async def test_who_may_not_recover_a_password_is_told(world: World) -> None:
    only_admins = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    closed = await world.pool(AccountRecoverySetting=only_admins)
    client = await world.client(closed)
    await world.user(closed, email="ann@example.com", email_verified="true")
    with refused("NotAuthorizedException", "Contact administrator to reset password."):
        await world.do("ForgotPassword", ClientId=client["ClientId"], Username="ann")
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id, email="ann@example.com")  # not verified
    with pytest.raises(ServiceError, match="there is no registered/verified email or phone_number"):
        await world.do("ForgotPassword", ClientId=client["ClientId"], Username="ann")
    await world.do("AdminSetUserPassword", UserPoolId=pool_id, Username="ann", Password=NEW, Permanent=False)
    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        await world.do("ForgotPassword", ClientId=client["ClientId"], Username="ann")

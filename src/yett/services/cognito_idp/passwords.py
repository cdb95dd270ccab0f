"""Passwords: set by administrators, changed by users, recovered by a code."""

from datetime import timedelta

from msgspec import structs

from yett.rules.cognito_idp.confirmation import recovery_destination, wrong_code
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter, not_authorized
from yett.rules.cognito_idp.password_policy import check_password
from yett.rules.cognito_idp.user_pool import ADMIN_ONLY
from yett.rules.cognito_idp.users import User, UserStatus, with_password
from yett.services.call import Call
from yett.services.cognito_idp.auth import count_failure, forget_failures
from yett.services.cognito_idp.codes import Purpose, redeem_code, send_code
from yett.services.cognito_idp.errors import Answer, Params
from yett.services.cognito_idp.lookup import get_pool, get_pool_of_client, get_user, required
from yett.services.cognito_idp.sign_up import find_user, simulated_destination
from yett.services.cognito_idp.tokens import get_bearer


async def admin_set_user_password(call: Call, params: Params) -> Answer:
    """Set a password: permanent, which confirms the user, or temporary, to be changed at the next sign-in.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    check_password(params["Password"], pool.password_policy)
    record = await call.ports.passwords.make(params["Password"], pool_id=pool.place.pool_id, username=user.username)
    status = UserStatus.CONFIRMED
    if not params.get("Permanent", False):
        status = UserStatus.FORCE_CHANGE_PASSWORD
        life = timedelta(days=pool.password_policy.temporary_password_validity_days)
        record = structs.replace(record, expires_at=call.now + life)
    await call.ports.user_pool_store.change_user(
        pool, user, lambda current: with_password(current, record, status, now=call.now)
    )
    return {}


async def change_password(call: Call, params: Params) -> Answer:
    """Change one's own password.

    Raises:
        UserPoolRefused: The token or the old password is wrong, or the new one does not conform.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ChangePassword.html
    """
    bearer = await get_bearer(call, params)
    pool, user = bearer.pool, bearer.user
    check_password(params["ProposedPassword"], pool.password_policy)
    if not await call.ports.passwords.is_right(user.password, required(params, "PreviousPassword")):
        await count_failure(call, pool, user)
        raise not_authorized("Incorrect username or password.")
    await forget_failures(call, pool, user)
    record = await call.ports.passwords.make(
        params["ProposedPassword"], pool_id=pool.place.pool_id, username=user.username
    )

    def change(current: User) -> User:
        if current.password != user.password:
            raise not_authorized("Incorrect username or password.")
        return with_password(current, record, current.status, now=call.now)

    await call.ports.user_pool_store.change_user(pool, user, change)
    return {}


async def forgot_password(call: Call, params: Params) -> Answer:
    """Send a code by which the user may set a new password.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgotPassword.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    user = await find_user(call, pool, client, params)
    if ADMIN_ONLY in pool.recovery:
        raise not_authorized("Contact administrator to reset password.")
    if user is None:
        return {"CodeDeliveryDetails": simulated_destination(params["Username"]).render()}
    if not user.is_enabled:
        raise not_authorized("User is disabled.")
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
        raise not_authorized("User password cannot be reset in the current state.")
    destination = recovery_destination(pool, user)
    if destination is None:
        raise invalid_parameter(
            "Cannot reset password for the user as there is no registered/verified email or phone_number"
        )
    await send_code(call, pool, user, destination, Purpose.FORGOT_PASSWORD)
    return {"CodeDeliveryDetails": destination.render()}


async def confirm_forgot_password(call: Call, params: Params) -> Answer:
    """Set a new password by the code that was sent.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmForgotPassword.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    user = await find_user(call, pool, client, params)
    check_password(params["Password"], pool.password_policy)
    if user is None:
        raise wrong_code()
    if user.status is UserStatus.UNCONFIRMED:
        raise UserPoolRefused(Fault.USER_NOT_CONFIRMED, "User is not confirmed.")
    await redeem_code(call, pool, user, params["ConfirmationCode"], Purpose.FORGOT_PASSWORD)
    record = await call.ports.passwords.make(params["Password"], pool_id=pool.place.pool_id, username=user.username)

    def change(current: User) -> User:
        if not current.is_enabled:
            raise not_authorized("User is disabled.")
        return with_password(current, record, UserStatus.CONFIRMED, now=call.now)

    await call.ports.user_pool_store.change_user(pool, user, change)
    return {}


async def admin_reset_user_password(call: Call, params: Params) -> Answer:
    """Let the user's password be good no more until a new one is set by a code.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminResetUserPassword.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    if user.status in (UserStatus.UNCONFIRMED, UserStatus.FORCE_CHANGE_PASSWORD):
        raise not_authorized("User password cannot be reset in the current state.")
    destination = recovery_destination(pool, user)
    if destination is None:
        raise invalid_parameter(
            "Cannot reset password for the user as there is no registered/verified email or phone_number"
        )
    await call.ports.user_pool_store.change_user(
        pool, user, lambda current: structs.replace(current, status=UserStatus.RESET_REQUIRED, modified_at=call.now)
    )
    await send_code(call, pool, user, destination, Purpose.FORGOT_PASSWORD)
    return {}

"""Users who sign themselves up, and confirm their address by a code."""

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.attributes import VERIFIED, check_attributes, parse_attributes
from yett.rules.cognito_idp.confirmation import Destination, sign_up_destination, wrong_code
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter, not_authorized
from yett.rules.cognito_idp.password_policy import check_password
from yett.rules.cognito_idp.secret_hash import check_secret_hash
from yett.rules.cognito_idp.tokens import writable_attributes
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import User, UserStatus, username_of, with_attributes
from yett.services.call import Call
from yett.services.cognito_idp.codes import Purpose, redeem_code, send_code
from yett.services.cognito_idp.errors import Answer, Params
from yett.services.cognito_idp.lookup import get_pool, get_pool_of_client, get_user, required


async def sign_up(call: Call, params: Params) -> Answer:
    """Sign up: a user who is unconfirmed until the code that goes to its address comes back.

    Raises:
        UserPoolRefused: Sign-up is closed; name, password or attributes are not good; the name is taken.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    name = params["Username"]
    check_secret_hash(client, params.get("SecretHash"), name)
    if pool.admin_creates_users_only:
        raise not_authorized("SignUp is not permitted for this user pool")
    password = required(params, "Password")
    check_password(password, pool.password_policy)
    given, sub = parse_attributes(params.get("UserAttributes", ())), call.ports.randomness.uuid()
    check_attributes(given, pool.schema, current={}, writable=writable_attributes(client, pool.schema))
    username, attributes = username_of(pool, name, given, sub=sub)
    check_attributes(attributes, pool.schema, current=None, writable=None)
    user = User(
        username=username,
        sub=sub,
        status=UserStatus.UNCONFIRMED,
        created_at=call.now,
        modified_at=call.now,
        attributes={},
        password=await call.ports.passwords.make(password, pool_id=pool.place.pool_id, username=username),
    )
    user = with_attributes(user, attributes, now=call.now)
    await add_user(call, pool, user, text="User already exists")
    answer: dict[str, object] = {"UserConfirmed": False, "UserSub": sub}
    if (destination := sign_up_destination(pool, user)) is not None:
        await send_code(call, pool, user, destination, Purpose.SIGN_UP)
        answer["CodeDeliveryDetails"] = destination.render()
    return answer


async def add_user(call: Call, pool: UserPool, user: User, *, text: str, takes_aliases: bool = False) -> None:
    """Add a user to the pool.

    Raises:
        UserPoolRefused: UsernameExistsException with this text, or with the attribute that is taken.
    """
    try:
        await call.ports.user_pool_store.add_user(pool, user, takes_aliases=takes_aliases)
    except AlreadyExists as exists:
        if exists.reason in pool.username_attributes:
            text = f"An account with the given {exists.reason} already exists."
        raise UserPoolRefused(Fault.USERNAME_EXISTS, text) from None


def unknown_combination() -> UserPoolRefused:
    """There is no such user, for a client that does not hide who there is."""
    return UserPoolRefused(Fault.USER_NOT_FOUND, "Username/client id combination not found.")


async def confirm_sign_up(call: Call, params: Params) -> Answer:
    """Confirm a user by the code that was sent; the address that it went to is verified thereby.

    Raises:
        UserPoolRefused: The code is wrong or expired, the user unknown or confirmed, or the alias another user's.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    user = await find_user(call, pool, client, params)
    if user is None:
        raise wrong_code()
    if user.status is not UserStatus.UNCONFIRMED:
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status.value}")
    attribute = await redeem_code(call, pool, user, params["ConfirmationCode"], Purpose.SIGN_UP)
    force = bool(params.get("ForceAliasCreation", False))
    await confirm(call, pool, user, verified={VERIFIED[attribute]: "true"}, takes_aliases=force)
    return {}


async def find_user(call: Call, pool: UserPool, client: AppClient, params: Params) -> User | None:
    """The user of a sign-up operation, whose SecretHash is right; None if there is none and the client hides it.

    Raises:
        UserPoolRefused: The hash is wrong, or there is no such user and the client does not hide it.
    """
    check_secret_hash(client, params.get("SecretHash"), params["Username"])
    user = await call.ports.user_pool_store.find_user(pool, params["Username"])
    if user is None and not client.prevents_user_existence_errors:
        raise unknown_combination()
    return user


async def confirm(call: Call, pool: UserPool, user: User, *, verified: dict[str, str], takes_aliases: bool) -> None:
    """Let the user be confirmed.

    Raises:
        UserPoolRefused: It is not unconfirmed, or an alias that it would bring is another user's.
    """

    def change(current: User) -> User:
        if current.status is not UserStatus.UNCONFIRMED:
            raise not_authorized(f"User cannot be confirmed. Current status is {current.status.value}")
        updated = with_attributes(current, verified, now=call.now)
        return structs.replace(updated, status=UserStatus.CONFIRMED)

    try:
        await call.ports.user_pool_store.change_user(pool, user, change, takes_aliases=takes_aliases)
    except AlreadyExists as exists:
        raise alias_exists(exists.reason) from None


def alias_exists(attribute: str) -> UserPoolRefused:
    """Another user signs in by this address or name already."""
    return UserPoolRefused(Fault.ALIAS_EXISTS, f"An account with the {attribute} already exists.")


async def admin_confirm_sign_up(call: Call, params: Params) -> Answer:
    """Confirm a user without a code; no address is verified thereby.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminConfirmSignUp.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    await confirm(call, pool, user, verified={}, takes_aliases=False)
    return {}


async def resend_confirmation_code(call: Call, params: Params) -> Answer:
    """Send the code of a sign-up again.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResendConfirmationCode.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    user = await find_user(call, pool, client, params)
    if user is None:
        return {"CodeDeliveryDetails": simulated_destination(params["Username"]).render()}
    if user.status is not UserStatus.UNCONFIRMED:
        raise invalid_parameter("User is already confirmed.")
    destination = sign_up_destination(pool, user)
    if destination is None:
        raise invalid_parameter("Cannot resend codes. Auto verification not turned on.")
    await send_code(call, pool, user, destination, Purpose.SIGN_UP)
    return {"CodeDeliveryDetails": destination.render()}


def simulated_destination(name: str) -> Destination:
    """Where a code would go if there were such a user: made from the name itself."""
    return Destination(attribute="email", address=name if "@" in name else f"{name}@{name}")

"""Users as administrators see them, and as a user sees itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.ports.messages import Message
from yett.rules.cognito_idp.attributes import check_attributes, parse_attributes
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter
from yett.rules.cognito_idp.limits import PAGE
from yett.rules.cognito_idp.password_policy import check_password
from yett.rules.cognito_idp.tokens import readable_attributes, writable_attributes
from yett.rules.cognito_idp.user_filter import parse_user_filter
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import (
    User,
    UserStatus,
    render_user,
    shown_attributes,
    username_of,
    with_attributes,
    with_password,
)
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params, user_not_found
from yett.services.cognito_idp.lookup import decode_page, encode_page, get_pool, get_user, page_size
from yett.services.cognito_idp.sign_up import add_user, alias_exists
from yett.services.cognito_idp.tokens import get_bearer, revoke_all

INVITATION: Final = "Your username is {username} and temporary password is {####}."
SCANNED: Final = 500  # users that one filtered ListUsers reads between pages
ALPHABETS: Final = ("ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "23456789", "!#%&*+-=?@_")


async def admin_create_user(call: Call, params: Params) -> Answer:
    """Make a user with a temporary password, which goes out by message unless MessageAction says SUPPRESS.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    if params.get("MessageAction") == "RESEND":
        return await resend_invitation(call, pool, params)
    given, sub = parse_attributes(params.get("UserAttributes", ())), call.ports.randomness.uuid()
    given.pop("sub", None)
    username, attributes = username_of(pool, params["Username"], given, sub=sub)
    check_attributes(attributes, pool.schema, current={}, writable=None)
    password = params.get("TemporaryPassword") or temporary_password(call, pool)
    check_password(password, pool.password_policy)
    user = User(
        username=username,
        sub=sub,
        status=UserStatus.FORCE_CHANGE_PASSWORD,
        created_at=call.now,
        modified_at=call.now,
        attributes={},
    )
    user = await with_temporary_password(call, pool, with_attributes(user, attributes, now=call.now), password)
    force = bool(params.get("ForceAliasCreation", False))
    await add_user(call, pool, user, text="User account already exists", takes_aliases=force)
    if params.get("MessageAction") != "SUPPRESS":
        await invite(call, pool, user, password, params)
    return {"User": render_user(user)}


def temporary_password(call: Call, pool: UserPool) -> str:
    """A password that every policy takes: characters of each kind, as many as the pool wants and twelve at least."""
    text = call.ports.randomness.text
    each = max(pool.password_policy.minimum_length, 12) // len(ALPHABETS) + 1
    return "".join(text(alphabet, each) for alphabet in ALPHABETS)


async def with_temporary_password(call: Call, pool: UserPool, user: User, password: str) -> User:
    """The user with a password that is to be changed at the first sign-in, within the days that the policy says."""
    record = await call.ports.passwords.make(password, pool_id=pool.place.pool_id, username=user.username)
    life = timedelta(days=pool.password_policy.temporary_password_validity_days)
    record = structs.replace(record, expires_at=call.now + life)
    return with_password(user, record, UserStatus.FORCE_CHANGE_PASSWORD, now=call.now)


async def resend_invitation(call: Call, pool: UserPool, params: Params) -> Answer:
    """Give a user who never signed in another temporary password, and send it."""
    user = await get_user(call, pool, params["Username"])
    if user.status is not UserStatus.FORCE_CHANGE_PASSWORD:
        text = f"Resend not possible. {user.username} status is not FORCE_CHANGE_PASSWORD"
        raise UserPoolRefused(Fault.UNSUPPORTED_USER_STATE, text)
    password = params.get("TemporaryPassword") or temporary_password(call, pool)
    check_password(password, pool.password_policy)
    renewed = await with_temporary_password(call, pool, user, password)
    changed = await call.ports.user_pool_store.change_user(
        pool, user, lambda current: structs.replace(current, password=renewed.password, modified_at=call.now)
    )
    await invite(call, pool, changed, password, params)
    return {"User": render_user(changed)}


async def invite(call: Call, pool: UserPool, user: User, password: str, params: Params) -> None:
    """Send the temporary password to the addresses that are wanted and known."""
    mediums = params.get("DesiredDeliveryMediums") or ["SMS"]
    template = pool.echo.get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
    for medium, attribute, member in (("EMAIL", "email", "EmailMessage"), ("SMS", "phone_number", "SMSMessage")):
        address = user.attributes.get(attribute)
        if medium not in mediums or not address:
            continue
        text: str = template.get(member) or INVITATION
        await call.ports.messages.send(
            Message(
                at=call.now,
                pool_id=pool.place.pool_id,
                kind="AdminCreateUser",
                medium=medium,
                destination=address,
                username=user.username,
                subject=template.get("EmailSubject") or "Your temporary password",
                body=text.replace("{username}", user.username).replace("{####}", password),
                code=password,
            )
        )


async def admin_get_user(call: Call, params: Params) -> Answer:
    """Describe a user.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    return render_user(await get_user(call, pool, params["Username"]), attributes_name="UserAttributes")


async def admin_update_user_attributes(call: Call, params: Params) -> Answer:
    """Change attributes of a user.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateUserAttributes.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    changes = parse_attributes(params["UserAttributes"])
    check_attributes(changes, pool.schema, current=user.attributes, writable=None)
    await change_attributes(call, pool, user, changes)
    return {}


async def change_attributes(call: Call, pool: UserPool, user: User, changes: dict[str, str]) -> None:
    """Change attributes that were checked.

    Raises:
        UserPoolRefused: An address or name that signs in is another user's, or a required attribute would be empty.
    """
    required = {attribute.name for attribute in pool.schema if attribute.required}
    if any(name in required and not value for name, value in changes.items()):
        raise invalid_parameter("Attributes did not conform to the schema: a required attribute cannot be empty\n")
    try:
        await call.ports.user_pool_store.change_user(
            pool, user, lambda current: with_attributes(current, changes, now=call.now)
        )
    except AlreadyExists as exists:
        raise alias_exists(exists.reason) from None


async def admin_delete_user_attributes(call: Call, params: Params) -> Answer:
    """Take attributes from a user.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUserAttributes.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    changes = dict.fromkeys(params["UserAttributeNames"], "")
    check_attributes(changes, pool.schema, current=user.attributes, writable=None)
    await change_attributes(call, pool, user, changes)
    return {}


async def admin_delete_user(call: Call, params: Params) -> Answer:
    """Delete a user.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUser.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    if not await call.ports.user_pool_store.remove_user(pool, user):
        raise user_not_found()
    return {}


async def admin_enable_user(call: Call, params: Params) -> Answer:
    """Let a user sign in again.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminEnableUser.html
    """
    return await change_found(call, params, lambda user: structs.replace(user, is_enabled=True, modified_at=call.now))


async def admin_disable_user(call: Call, params: Params) -> Answer:
    """Let a user not sign in, and end its sign-ins.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDisableUser.html
    """
    answer = await change_found(
        call, params, lambda user: structs.replace(user, is_enabled=False, modified_at=call.now)
    )
    await admin_user_global_sign_out(call, params)
    return answer


async def change_found(call: Call, params: Params, change: Callable[[User], User]) -> Answer:
    """Change the user that the parameters name."""
    pool = await get_pool(call, params["UserPoolId"])
    user = await get_user(call, pool, params["Username"])
    await call.ports.user_pool_store.change_user(pool, user, change)
    return {}


async def admin_user_global_sign_out(call: Call, params: Params) -> Answer:
    """End every sign-in of a user.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUserGlobalSignOut.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    await revoke_all(call.ports, pool, await get_user(call, pool, params["Username"]))
    return {}


async def list_users(call: Call, params: Params) -> Answer:
    """List the users of a pool that the filter takes.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    takes, size = parse_user_filter(params.get("Filter") or ""), page_size(params, "Limit") or PAGE
    key, found, has_more = decode_page(params.get("PaginationToken")), list[User](), True
    while has_more and len(found) < size:
        rows = await call.ports.user_pool_store.list_users(pool.place, after=key, limit=SCANNED)
        has_more = len(rows) == SCANNED
        for index, (row_key, user) in enumerate(rows):
            key = row_key
            if takes(user):
                found.append(user)
            if len(found) == size:
                has_more = has_more or index + 1 < len(rows)
                break
    answer: dict[str, object] = {"Users": [shown(user, params.get("AttributesToGet")) for user in found]}
    if has_more:
        answer["PaginationToken"] = encode_page(key)
    return answer


def shown(user: User, names: list[str] | None) -> dict[str, object]:
    """A user with the attributes asked for; with all of them if none are named."""
    rendered = render_user(user)
    if names:
        rendered["Attributes"] = [a for a in shown_attributes(user) if a["Name"] in names]
    return rendered


async def get_own_user(call: Call, params: Params) -> Answer:
    """Describe oneself, as far as the app client may read.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html
    """
    bearer = await get_bearer(call, params)
    readable = readable_attributes(bearer.client, bearer.pool.schema)
    return {"Username": bearer.user.username, "UserAttributes": shown_attributes(bearer.user, readable)}


async def update_user_attributes(call: Call, params: Params) -> Answer:
    """Change one's own attributes, as far as the app client may write. A new address is not verified.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserAttributes.html
    """
    bearer = await get_bearer(call, params)
    changes = parse_attributes(params["UserAttributes"])
    writable = writable_attributes(bearer.client, bearer.pool.schema)
    check_attributes(changes, bearer.pool.schema, current=bearer.user.attributes, writable=writable)
    await change_attributes(call, bearer.pool, bearer.user, changes)
    return {"CodeDeliveryDetailsList": []}


async def delete_user(call: Call, params: Params) -> Answer:
    """Delete oneself.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUser.html
    """
    bearer = await get_bearer(call, params)
    await call.ports.user_pool_store.remove_user(bearer.pool, bearer.user)
    return {}

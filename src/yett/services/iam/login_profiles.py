"""Passwords of users. Nothing signs in with them yet: they are kept, checked and changed as the account's policy says.

OBSERVED: the texts, in answers of the service that its clients have written down.
"""

from typing import Final

from msgspec import structs

from yett.ports.errors import AlreadyExists, Conflict
from yett.rules.iam.passwords import LoginProfile, PasswordPolicy, conforms, remembered, with_password
from yett.rules.organizations.tree import find_account
from yett.rules.sign_in.attempts import is_locked, next_failures
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import Answer, Params
from yett.services.iam.errors import already_exists, no_such_entity, validation_error
from yett.services.iam.password_policy import authorize_user
from yett.services.iam.users import owner_of
from yett.values.identity import PrincipalType
from yett.values.secret import Secret

NOT_CONFORMING: Final = "Password does not conform to the account password policy."
REUSED: Final = "Policy constraint violation with password reuse prevention during password change."
WRONG: Final = "The old password was incorrect."
NOT_A_USER: Final = "Only IAM Users can change their own password."
LOCKED: Final = "Login Profile for User {name} cannot be modified at this time. Please try again later."  # UNCERTAIN
NULL: Final = (
    "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
)


async def create_login_profile(call: Call, params: Params) -> Answer:
    """Give a user a password.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
    """
    user_id, name = await user_of(call, params)
    if params.get("Password") is None:
        raise validation_error(NULL.format(name="password"))
    taken = already_exists(f"Login Profile for user {name} already exists.")
    if await call.ports.credential_store.find_login_profile(call.account, user_id) is not None:
        raise taken
    policy = await call.ports.credential_store.find_password_policy(call.account)
    await check_conforming(call, params["Password"], policy)
    now = call.now.replace(microsecond=0)
    profile = LoginProfile(
        account=call.account,
        user_id=user_id,
        created_at=now,
        changed_at=now,
        hash=await call.ports.passwords.make_hash(params["Password"]),
        must_reset=params.get("PasswordResetRequired", False),
    )
    try:
        await call.ports.credential_store.add_login_profile(profile)
    except AlreadyExists as error:
        raise taken from error
    return {"LoginProfile": describe_profile(profile, name)}


async def get_login_profile(call: Call, params: Params) -> Answer:
    """Say that a user has a password.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html
    """
    user_id, name = await user_of(call, params)
    return {"LoginProfile": describe_profile(await get_profile(call, user_id, name), name)}


async def update_login_profile(call: Call, params: Params) -> Answer:
    """Give a user another password, or have the user change it.

    UNCERTAIN: whether an administrator may set a password that the user has had; here the policy binds both.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
    """
    user_id, name = await user_of(call, params)
    profile = await get_profile(call, user_id, name)
    password = params.get("Password")
    fresh = None if password is None else await make_fresh(call, profile, password)

    def change(current: LoginProfile) -> LoginProfile:
        must_reset = params.get("PasswordResetRequired", current.must_reset)
        if fresh is None:
            return structs.replace(current, must_reset=must_reset)
        check_unchanged(current, profile)
        return with_password(current, fresh, must_reset=must_reset, now=call.now.replace(microsecond=0))

    if await call.ports.credential_store.change_login_profile(call.account, user_id, change) is None:
        raise missing(name)
    return {}


async def delete_login_profile(call: Call, params: Params) -> Answer:
    """Take a user's password away.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html
    """
    user_id, name = await user_of(call, params)
    if not await call.ports.credential_store.remove_login_profile(call.account, user_id):
        raise missing(name)
    return {}


async def change_password(call: Call, params: Params) -> Answer:
    """Change one's own password. Wrong old ones are counted, and lock it for a while.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html
    """
    caller = None if call.caller is None else call.caller.identity
    if caller is None or caller.principal_type is not PrincipalType.USER or caller.user_name is None:
        raise ServiceError("InvalidUserType", NOT_A_USER)
    await authorize_user(call, "iam:ChangePassword", caller.arn)
    name = caller.user_name
    profile = await get_profile(call, caller.user_id, name)
    if is_locked(profile.failures, now=call.now):
        raise locked(name)
    if not await call.ports.passwords.fits(profile.hash, params["OldPassword"]):
        await count_failure(call, profile, name)
        raise ServiceError("AccessDenied", WRONG, status=403)
    # Of guesses at once, one that a lock has overtaken is not told that it was right.
    if is_locked((await get_profile(call, caller.user_id, name)).failures, now=call.now):
        raise locked(name)
    fresh = await make_fresh(call, profile, params["NewPassword"])

    def change(current: LoginProfile) -> LoginProfile:
        if is_locked(current.failures, now=call.now):
            raise locked(name)
        check_unchanged(current, profile)
        return with_password(current, fresh, must_reset=False, now=call.now.replace(microsecond=0))

    if await call.ports.credential_store.change_login_profile(call.account, caller.user_id, change) is None:
        raise missing(name)
    return {}


async def count_failure(call: Call, profile: LoginProfile, name: str) -> None:
    """Count a wrong password; attempts while there is a lock are not counted.

    Raises:
        ServiceError: There is a lock.
    """

    def change(current: LoginProfile) -> LoginProfile:
        if is_locked(current.failures, now=call.now):
            raise locked(name)
        return structs.replace(current, failures=next_failures(current.failures, now=call.now))

    await call.ports.credential_store.change_login_profile(call.account, profile.user_id, change)


async def make_fresh(call: Call, profile: LoginProfile, password: str) -> Secret:
    """The hash of a password that the account takes and that is none of the last ones.

    Raises:
        ServiceError: PasswordPolicyViolation.
    """
    policy = await call.ports.credential_store.find_password_policy(call.account)
    await check_conforming(call, password, policy)
    for kept in remembered(profile, policy):
        if await call.ports.passwords.fits(kept, password):
            raise ServiceError("PasswordPolicyViolation", REUSED)
    return await call.ports.passwords.make_hash(password)


async def check_conforming(call: Call, password: str, policy: PasswordPolicy | None) -> None:
    """Refuse a password that the account does not take."""
    organization = await call.ports.organization_store.find(call.account)
    member = None if organization is None else find_account(organization, call.account)
    names = frozenset() if member is None else frozenset({member.name, member.email})
    if not conforms(password, policy, account_names=names):
        raise ServiceError("PasswordPolicyViolation", NOT_CONFORMING)


def check_unchanged(current: LoginProfile, seen: LoginProfile) -> None:
    """Refuse to act on a password that has become another while this one was looked at."""
    if current.hash != seen.hash:
        raise Conflict("the password was changed meanwhile")


async def user_of(call: Call, params: Params) -> tuple[str, str]:
    """Unique id and name of the user meant. Root's password is not kept here.

    Raises:
        ServiceError: ValidationError, where nobody is named and root calls. NoSuchEntity.
    """
    user_id, name = await owner_of(call, params)
    if name is None:
        raise validation_error(NULL.format(name="userName"))
    return user_id, name


async def get_profile(call: Call, user_id: str, name: str) -> LoginProfile:
    """The user's password, or AWS's NoSuchEntity."""
    profile = await call.ports.credential_store.find_login_profile(call.account, user_id)
    if profile is None:
        raise missing(name)
    return profile


def describe_profile(profile: LoginProfile, name: str) -> dict[str, object]:
    """A profile as the API describes it."""
    return {"UserName": name, "CreateDate": profile.created_at, "PasswordResetRequired": profile.must_reset}


def missing(name: str) -> ServiceError:
    """The user has no password."""
    return no_such_entity(f"Login Profile for User {name} cannot be found.")


def locked(name: str) -> ServiceError:
    """Too many wrong passwords came in a row."""
    return ServiceError("EntityTemporarilyUnmodifiable", LOCKED.format(name=name))

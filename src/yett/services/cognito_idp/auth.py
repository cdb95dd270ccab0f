"""Signing in: InitiateAuth, the answers to challenges, and the same for administrators."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import structs

from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.attributes import check_attributes
from yett.rules.cognito_idp.auth_flow import WRONG, Flow, check_user, choose_flow, unknown_user
from yett.rules.cognito_idp.errors import invalid_parameter, not_authorized
from yett.rules.cognito_idp.password_policy import check_password
from yett.rules.cognito_idp.secret_hash import check_secret_hash
from yett.rules.cognito_idp.sessions import Challenge
from yett.rules.cognito_idp.srp import claim_signature, parse_client_public, server_public, session_key
from yett.rules.cognito_idp.tokens import writable_attributes
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import User, UserStatus, simulated_sub, with_attributes, with_password
from yett.rules.sign_in.attempts import Failures, is_locked, next_failures
from yett.services.call import Call
from yett.services.cognito_idp.challenges import begin_challenge, take_challenge
from yett.services.cognito_idp.errors import Answer, Params
from yett.services.cognito_idp.lookup import get_client, get_pool, get_pool_of_client, required
from yett.services.cognito_idp.tokens import refresh, start_sign_in
from yett.values.secret import Secret

NEW_PASSWORD_REQUIRED: Final = "NEW_PASSWORD_REQUIRED"  # noqa: S105
PASSWORD_VERIFIER: Final = "PASSWORD_VERIFIER"  # noqa: S105
LOCKED: Final = "Password attempts exceeded"
ATTRIBUTE_PREFIX: Final = "userAttributes."
SRP_SECRET_BYTES: Final = 128
VERIFIER_BYTES: Final = 384
PHANTOM_DIGITS: Final = 4  # hexadecimal: so few places that no flood of names fills a disk


async def initiate_auth(call: Call, params: Params) -> Answer:
    """Begin to sign in, without a signature.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    return await begin(call, pool, client, params, is_admin=False)


async def admin_initiate_auth(call: Call, params: Params) -> Answer:
    """Begin to sign a user in, as an administrator's server does.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    client = await get_client(call, pool, params["ClientId"])
    return await begin(call, pool, client, params, is_admin=True)


async def respond_to_auth_challenge(call: Call, params: Params) -> Answer:
    """Answer a challenge, without a signature.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html
    """
    pool, client = await get_pool_of_client(call, params["ClientId"])
    return await respond(call, pool, client, params, is_admin=False)


async def admin_respond_to_auth_challenge(call: Call, params: Params) -> Answer:
    """Answer a challenge, as an administrator's server does.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminRespondToAuthChallenge.html
    """
    pool = await get_pool(call, params["UserPoolId"])
    client = await get_client(call, pool, params["ClientId"])
    return await respond(call, pool, client, params, is_admin=True)


async def begin(call: Call, pool: UserPool, client: AppClient, params: Params, *, is_admin: bool) -> Answer:
    """The first step of a flow: tokens or a challenge."""
    flow = choose_flow(params["AuthFlow"], client, is_admin=is_admin)
    given: Mapping[str, str] = params.get("AuthParameters", {})
    match flow:
        case Flow.REFRESH_TOKEN_AUTH:
            text = required(given, "REFRESH_TOKEN")
            secret_hash = given.get("SECRET_HASH")
            result = await refresh(call.ports, pool, client, text, secret_hash=secret_hash, now=call.now)
            return {"AuthenticationResult": result, "ChallengeParameters": {}}
        case Flow.USER_SRP_AUTH:
            return await begin_srp(call, pool, client, given, is_admin=is_admin)
        case Flow.USER_PASSWORD_AUTH | Flow.ADMIN_USER_PASSWORD_AUTH:
            name, password = required(given, "USERNAME"), required(given, "PASSWORD")
            check_secret_hash(client, given.get("SECRET_HASH"), name)
            user = await verify_password(call, pool, client, name, password)
            return await after_password(call, pool, client, user, is_admin=is_admin)


async def verify_password(call: Call, pool: UserPool, client: AppClient, name: str, password: str) -> User:
    """The user of this name, whose password this is.

    Whatever is wrong, the work is that of one password check. The user is read again afterwards: what other sign-ins
    have meanwhile counted, or a new password, holds for this one too.

    Raises:
        UserPoolRefused: No such user, locked, wrong, or a user whose right password is not enough.
    """
    store, passwords = call.ports.user_pool_store, call.ports.passwords
    user = await store.find_user(pool, name)
    is_right = await passwords.is_right(None if user is None else user.password, password)
    if user is None:
        await count_phantom_failure(call, pool, client, simulated_sub(pool, name))
        raise unknown_user(client)
    fresh = await store.find_user_by_sub(pool, user.sub)
    if fresh is None or fresh.password != user.password:
        raise not_authorized(WRONG)
    if not is_right:
        await count_failure(call, pool, fresh)
        raise not_authorized(WRONG)
    return await forget_failures(call, pool, fresh)


async def count_failure(call: Call, pool: UserPool, user: User) -> None:
    """Count a wrong password; attempts while the user is locked are not counted.

    Raises:
        UserPoolRefused: The user is locked.
    """
    await call.ports.user_pool_store.change_user(
        pool, user, lambda found: structs.replace(found, failures=failed(found.failures, now=call.now))
    )


async def count_phantom_failure(call: Call, pool: UserPool, client: AppClient, sub: str) -> None:
    """Count a sign-in by a name that nobody has, where the client hides that: the same work, and the same locks.

    *sub* is the simulated one of the name.

    Raises:
        UserPoolRefused: The name is locked, as a user's would be.
    """
    if client.prevents_user_existence_errors:
        await call.ports.user_pool_store.phantoms.put(
            pool.place, sub[:PHANTOM_DIGITS], change=lambda before: failed(before, now=call.now)
        )


def failed(failures: Failures | None, *, now: datetime) -> Failures:
    """The failures after one more.

    Raises:
        UserPoolRefused: They were so many that there is a lock.
    """
    if is_locked(failures, now=now):
        raise not_authorized(LOCKED)
    return next_failures(failures, now=now)


async def forget_failures(call: Call, pool: UserPool, user: User) -> User:
    """The user after the right password.

    Raises:
        UserPoolRefused: The user is locked, or a right password is not enough.
    """
    if is_locked(user.failures, now=call.now):
        raise not_authorized(LOCKED)
    check_user(user, now=call.now)
    if user.failures is None:
        return user
    return await call.ports.user_pool_store.change_user(
        pool, user, lambda now_is: structs.replace(now_is, failures=None)
    )


async def after_password(call: Call, pool: UserPool, client: AppClient, user: User, *, is_admin: bool) -> Answer:
    """Tokens, or the challenge that comes after the right password."""
    if user.status is not UserStatus.FORCE_CHANGE_PASSWORD:
        result = await start_sign_in(call.ports, pool, client, user, now=call.now)
        return {"AuthenticationResult": result, "ChallengeParameters": {}}
    session = await begin_challenge(
        call, pool, client, name=NEW_PASSWORD_REQUIRED, sub=user.sub, username=user.username, is_admin=is_admin
    )
    return {
        "ChallengeName": NEW_PASSWORD_REQUIRED,
        "Session": session,
        "ChallengeParameters": {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": json.dumps([f"{ATTRIBUTE_PREFIX}{name}" for name in missing_attributes(pool, user)]),
            "userAttributes": json.dumps(dict(user.attributes)),
        },
    }


def missing_attributes(pool: UserPool, user: User) -> list[str]:
    """Attributes that the pool requires and the user lacks."""
    return [a.name for a in pool.schema if a.required and a.name != "sub" and not user.attributes.get(a.name)]


async def respond(call: Call, pool: UserPool, client: AppClient, params: Params, *, is_admin: bool) -> Answer:
    """The next step of a flow: tokens or another challenge."""
    responses: Mapping[str, str] = params.get("ChallengeResponses", {})
    name, session = params["ChallengeName"], params.get("Session")
    username = required(responses, "USERNAME")
    check_secret_hash(client, responses.get("SECRET_HASH"), username)
    match name:
        case "NEW_PASSWORD_REQUIRED":
            password = required(responses, "NEW_PASSWORD")
            check_password(password, pool.password_policy)
            challenge = await take_challenge(call, pool, client, session, name=name, is_admin=is_admin)
            user = await challenged_user(call, pool, challenge, username)
            return await set_new_password(call, pool, client, user, responses, is_admin=is_admin)
        case "PASSWORD_VERIFIER":
            # The public clients send no session with this answer: the secret block is what finds the challenge.
            block = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
            challenge = await take_challenge(call, pool, client, block_session(block), name=name, is_admin=is_admin)
            user = await verify_srp(call, pool, client, challenge, responses)
            return await after_password(call, pool, client, user, is_admin=is_admin)
        case _:
            raise invalid_parameter(f"{name} challenge is not supported by yett.")


async def challenged_user(call: Call, pool: UserPool, challenge: Challenge, username: str) -> User:
    """The user whom the challenge was for, and who answers it.

    Raises:
        UserPoolRefused: Somebody else answers, or the user may not sign in any more.
    """
    user = await call.ports.user_pool_store.find_user(pool, username)
    if user is None or user.sub != challenge.sub:
        raise not_authorized("Invalid session for the user.")
    check_user(user, now=call.now)
    return user


async def set_new_password(
    call: Call, pool: UserPool, client: AppClient, user: User, responses: Mapping[str, str], *, is_admin: bool
) -> Answer:
    """Take the new password, and the attributes that come with it, for the temporary one; then sign in."""
    attributes = {
        name.removeprefix(ATTRIBUTE_PREFIX): value
        for name, value in responses.items()
        if name.startswith(ATTRIBUTE_PREFIX)
    }
    writable = None if is_admin else writable_attributes(client, pool.schema)
    check_attributes(attributes, pool.schema, current=user.attributes, writable=writable)
    missing = [name for name in missing_attributes(pool, user) if not attributes.get(name)]
    if missing:
        raise invalid_parameter(f"Invalid user attributes: {', '.join(missing)} required")
    record = await call.ports.passwords.make(
        responses["NEW_PASSWORD"], pool_id=pool.place.pool_id, username=user.username
    )

    def change(current: User) -> User:
        if current.status is not UserStatus.FORCE_CHANGE_PASSWORD or current.password != user.password:
            raise not_authorized("Invalid session for the user.")
        updated = with_attributes(current, attributes, now=call.now)
        return with_password(updated, record, UserStatus.CONFIRMED, now=call.now)

    changed = await call.ports.user_pool_store.change_user(pool, user, change)
    return await after_password(call, pool, client, changed, is_admin=is_admin)


# -- SRP


async def begin_srp(
    call: Call, pool: UserPool, client: AppClient, given: Mapping[str, str], *, is_admin: bool
) -> Answer:
    """PASSWORD_VERIFIER: salt and B, for a user that does not exist too where the client hides who does.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
    """
    name, public_a = required(given, "USERNAME"), parse_client_public(required(given, "SRP_A"))
    check_secret_hash(client, given.get("SECRET_HASH"), name)
    if public_a is None:
        raise invalid_parameter("SRP_A is not valid.")
    user = await call.ports.user_pool_store.find_user(pool, name)
    if user is None and not client.prevents_user_existence_errors:
        raise unknown_user(client)
    phantom = await call.ports.user_pool_store.phantoms.find(pool.place, simulated_sub(pool, name)[:PHANTOM_DIGITS])
    if is_locked(phantom if user is None else user.failures, now=call.now):
        raise not_authorized(LOCKED)
    username, salt, verifier = srp_record(call, pool, user, name)
    secret_b = int.from_bytes(call.ports.randomness.token_bytes(SRP_SECRET_BYTES), "big")
    public_b = server_public(int(verifier.reveal(), 16), secret_b)
    session = await begin_challenge(
        call,
        pool,
        client,
        name=PASSWORD_VERIFIER,
        sub=simulated_sub(pool, name) if user is None else user.sub,
        username=username,
        is_admin=is_admin,
        details={
            "a": Secret(f"{public_a:x}"),
            "b": Secret(f"{secret_b:x}"),
            "verifier": verifier,
        },
    )
    return {
        "ChallengeName": PASSWORD_VERIFIER,
        "ChallengeParameters": {
            "SALT": salt,
            "SRP_B": f"{public_b:x}",
            "SECRET_BLOCK": secret_block(session),
            "USERNAME": username,
            "USER_ID_FOR_SRP": username,
        },
    }


def srp_record(call: Call, pool: UserPool, user: User | None, name: str) -> tuple[str, str, Secret]:
    """Username, salt and verifier; those of a user that does not exist look like a real one's, each time the same."""
    if user is not None and user.password is not None:
        return user.username, user.password.srp_salt, user.password.srp_verifier
    sub = simulated_sub(pool, name)
    username = sub if pool.username_attributes else name
    verifier = Secret(call.ports.randomness.token_bytes(VERIFIER_BYTES).hex())
    return (username if user is None else user.username), sub.replace("-", ""), verifier


def secret_block(session: str) -> str:
    """The session as the block that the clients sign and send back: standard base64, as they decode it."""
    return session.replace("-", "+").replace("_", "/") + "=" * (-len(session) % 4)


def block_session(block: str) -> str:
    """The session in a secret block."""
    return block.rstrip("=").replace("+", "-").replace("/", "_")


async def verify_srp(
    call: Call, pool: UserPool, client: AppClient, challenge: Challenge, responses: Mapping[str, str]
) -> User:
    """The user of the challenge, who has proved to know the password.

    Raises:
        UserPoolRefused: The proof is wrong, or there is no such user; or the user may not sign in.
    """
    signature, timestamp = required(responses, "PASSWORD_CLAIM_SIGNATURE"), required(responses, "TIMESTAMP")
    details = {name: int(secret.reveal(), 16) for name, secret in challenge.details.items()}
    public_b = server_public(details["verifier"], details["b"])
    key = session_key(details["a"], public_b, details["b"], details["verifier"])
    user = await call.ports.user_pool_store.find_user_by_sub(pool, challenge.sub)
    if key is None:
        raise not_authorized(WRONG)
    block = decode_block(responses["PASSWORD_CLAIM_SECRET_BLOCK"])
    expected = claim_signature(key, pool.place.pool_id, challenge.username, block, timestamp)
    is_right = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
    if user is None:
        await count_phantom_failure(call, pool, client, challenge.sub)
        raise unknown_user(client)
    if responses["USERNAME"] != challenge.username:
        raise not_authorized(WRONG)
    verifier = None if user.password is None else user.password.srp_verifier
    if not is_right or verifier is None or verifier != challenge.details["verifier"]:
        await count_failure(call, pool, user)
        raise not_authorized(WRONG)
    return await forget_failures(call, pool, user)


def decode_block(block: str) -> bytes:
    """The bytes of a secret block; the challenge was found by them, so they are well formed."""
    return base64.b64decode(block)

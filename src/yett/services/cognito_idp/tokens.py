"""Tokens of signed-in users: issued, refreshed, checked, revoked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, structs

from yett.ports.bundle import Ports
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.auth_flow import check_user
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, not_authorized
from yett.rules.cognito_idp.secret_hash import check_secret_hash
from yett.rules.cognito_idp.sessions import (
    HANDLE_BYTES,
    USER_API_SCOPE,
    RefreshToken,
    SignIn,
    digest,
    is_token_of,
)
from yett.rules.cognito_idp.tokens import access_token_claims, id_token_claims
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import User
from yett.services.call import Call
from yett.services.cognito_idp.errors import Answer, Params, user_not_found
from yett.services.cognito_idp.lookup import find_client, pool_named_by
from yett.tokens import TokenFault, TokenRefused, verify_claims, verify_jws
from yett.values.secret import Secret

INVALID: Final = "Invalid Access Token"
ALGORITHMS: Final = frozenset({"RS256"})
REASONS: Final = {
    TokenFault.EXPIRED: "Access Token has expired",
    TokenFault.SIGNATURE: "Could not verify signature for Access Token",
}


class Bearer(Struct, frozen=True, kw_only=True):
    """Who an access token speaks for."""

    pool: UserPool
    client: AppClient
    user: User
    claims: Mapping[str, Any]

    @property
    def scopes(self) -> frozenset[str]:
        """What it was granted."""
        return frozenset(str(self.claims.get("scope", "")).split())


async def start_sign_in(ports: Ports, pool: UserPool, client: AppClient, user: User, *, now: datetime) -> Answer:
    """Sign the user in: the ``AuthenticationResult`` with a fresh refresh token. The caller has checked everything."""
    randomness, store = ports.randomness, ports.user_pool_store
    for old in await store.sign_ins.list(pool.place, user.sub):
        if now >= old.expires_at:
            await store.sign_ins.remove(pool.place, user.sub, old.event_id)
    handle = randomness.token_bytes(HANDLE_BYTES)
    sign_in = SignIn(
        event_id=randomness.uuid(),
        sub=user.sub,
        client_id=client.id,
        origin_jti=randomness.uuid(),
        authenticated_at=now,
        expires_at=now + client.refresh_token_life,
        refresh_digest=digest(handle),
    )
    await store.sign_ins.add(pool.place, user.sub, sign_in.event_id, value=sign_in)
    token = RefreshToken(sub=user.sub, event_id=sign_in.event_id, handle=handle)
    issued = await issue(ports, pool, client, user, sign_in, now=now)
    return {**issued, "RefreshToken": token.render()}


async def issue(
    ports: Ports, pool: UserPool, client: AppClient, user: User, sign_in: SignIn, *, now: datetime
) -> dict[str, object]:
    """ID and access token of a sign-in, as an ``AuthenticationResult``."""
    issuer = ports.settings.issuer(pool.place.pool_id)
    groups = await ports.user_pool_store.groups_of(pool.place, user)
    uuid = ports.randomness.uuid
    identity = id_token_claims(pool, user, sign_in, client, groups, issuer=issuer, jti=uuid(), now=now)
    access = access_token_claims(user, sign_in, client, groups, issuer=issuer, jti=uuid(), now=now)
    return {
        "AccessToken": await ports.signing_keys.sign(pool.place, access, token_use="access"),  # noqa: S106
        "ExpiresIn": int(client.access_token_life.total_seconds()),
        "TokenType": "Bearer",
        "IdToken": await ports.signing_keys.sign(pool.place, identity, token_use="id"),  # noqa: S106
    }


async def refresh(
    ports: Ports, pool: UserPool, client: AppClient, text: str, *, secret_hash: str | None, now: datetime
) -> dict[str, object]:
    """New tokens for a refresh token, which stays as it is. A client with a secret shows SECRET_HASH.

    Raises:
        UserPoolRefused: It is forged, foreign, revoked or expired, or its user may not sign in any more.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
    """
    check_secret_hash(client, secret_hash, *([] if secret_hash is None else await names_of(ports, pool, text)))
    sign_in, user = await find_sign_in(ports, pool, client, text, now=now)
    return await issue(ports, pool, client, user, sign_in, now=now)


async def names_of(ports: Ports, pool: UserPool, text: str) -> tuple[str, ...]:
    """What a SECRET_HASH beside this refresh token may be over: its user's sub and username."""
    token = RefreshToken.parse(text)
    user = None if token is None else await ports.user_pool_store.find_user_by_sub(pool, token.sub)
    return () if user is None else (user.username, user.sub)


async def find_sign_in(
    ports: Ports, pool: UserPool, client: AppClient, text: str, *, now: datetime
) -> tuple[SignIn, User]:
    """The sign-in that a refresh token of this client stands for, and its user.

    Raises:
        UserPoolRefused: NotAuthorizedException.
    """
    store = ports.user_pool_store
    token = RefreshToken.parse(text)
    sign_in = None if token is None else await store.sign_ins.find(pool.place, token.sub, token.event_id)
    if token is None or sign_in is None or not is_token_of(sign_in, token) or sign_in.client_id != client.id:
        raise not_authorized("Invalid Refresh Token")
    if sign_in.is_revoked:
        raise not_authorized("Refresh Token has been revoked")
    if now >= sign_in.expires_at:
        raise not_authorized("Refresh Token has expired")
    user = await store.find_user_by_sub(pool, sign_in.sub)
    if user is None:
        raise not_authorized("Invalid Refresh Token")
    check_user(user, now=now)
    return sign_in, user


async def verify_access_token(ports: Ports, text: str, *, now: datetime) -> Bearer:
    """Whom an access token of one of our pools speaks for: signed by the pool, in time, of a sign-in that still holds.

    Raises:
        UserPoolRefused: NotAuthorizedException with the reason, or UserNotFoundException.
    """
    pool_id = pool_named_by(text)
    place = None if pool_id is None else await ports.user_pool_store.place_of_pool(pool_id)
    pool = None if place is None else await ports.user_pool_store.find_pool(place)
    if pool is None:
        raise not_authorized(INVALID)
    issuer = ports.settings.issuer(pool.place.pool_id)
    claims = await verified_claims(ports, text, issuer, now=now)
    sub, event_id = str(claims.get("sub")), str(claims.get("event_id"))
    sign_in = await ports.user_pool_store.sign_ins.find(pool.place, sub, event_id)
    if sign_in is None or sign_in.is_revoked:
        raise not_authorized("Access Token has been revoked")
    found = await find_client(ports, str(claims.get("client_id")))
    if found is None or found[0].place != pool.place:
        raise not_authorized(INVALID)
    user = await ports.user_pool_store.find_user_by_sub(pool, sub)
    if user is None:
        raise user_not_found()
    if not user.is_enabled:
        raise not_authorized("User is disabled.")
    return Bearer(pool=pool, client=found[1], user=user, claims=claims)


async def verified_claims(ports: Ports, text: str, issuer: str, *, now: datetime) -> Mapping[str, Any]:
    """The claims of an access token of the issuer that is in time.

    Raises:
        UserPoolRefused: NotAuthorizedException.
    """
    found = ports.key_sets.current(issuer) or await ports.key_sets.resolve(issuer, now=now)
    if found is None:
        raise not_authorized(INVALID)
    try:
        verified = verify_jws(text, found[0], algorithms=ALGORITHMS)
        return verify_claims(verified.payload, now=now, issuer=issuer, token_use="access")  # noqa: S106
    except TokenRefused as refused:
        raise not_authorized(REASONS.get(refused.fault, INVALID)) from None


async def get_bearer(call: Call, params: Params) -> Bearer:
    """Who calls an operation that an access token authorizes.

    Raises:
        UserPoolRefused: As ``verify_access_token``; or the token lacks the scope of the user API.
    """
    bearer = await verify_access_token(call.ports, params["AccessToken"], now=call.now)
    if USER_API_SCOPE not in bearer.scopes:
        raise not_authorized("Access Token does not have required scopes")
    return bearer


async def revoke_all(ports: Ports, pool: UserPool, user: User) -> None:
    """End every sign-in of the user: refresh tokens, and access tokens where Cognito itself is asked."""
    for sign_in in await ports.user_pool_store.sign_ins.list(pool.place, user.sub):
        await revoke(ports, pool, sign_in)


async def revoke(ports: Ports, pool: UserPool, sign_in: SignIn) -> None:
    """End one sign-in."""
    await ports.user_pool_store.sign_ins.put(
        pool.place,
        sign_in.sub,
        sign_in.event_id,
        change=lambda current: structs.replace(current or sign_in, is_revoked=True),
    )


async def global_sign_out(call: Call, params: Params) -> Answer:
    """End every sign-in of the token's user.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html
    """
    bearer = await get_bearer(call, params)
    await revoke_all(call.ports, bearer.pool, bearer.user)
    return {}


async def revoke_token(call: Call, params: Params) -> Answer:
    """Revoke a refresh token with all that came of it. One that is unknown, foreign or revoked already is no fault.

    Raises:
        UserPoolRefused: The client is unknown, or its secret wrong; revocation is off; it is no refresh token.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html
    """
    found = await find_client(call.ports, params["ClientId"])
    if found is None or not has_secret(found[1], params.get("ClientSecret")):
        raise UserPoolRefused(Fault.UNAUTHORIZED, "Invalid client")
    await revoke_refresh_token(call.ports, *found, params["Token"])
    return {}


def has_secret(client: AppClient, given: str | None) -> bool:
    """Whether the secret is that of the client; a client without one takes none."""
    if client.secret is None or given is None:
        return client.secret is None and given is None
    return client.secret == Secret(given)


async def revoke_refresh_token(ports: Ports, pool: UserPool, client: AppClient, text: str) -> None:
    """Revoke a refresh token of this client.

    Raises:
        UserPoolRefused: UnsupportedOperationException (revocation is off) or UnsupportedTokenTypeException.
    """
    if not client.revocation:
        raise UserPoolRefused(Fault.UNSUPPORTED_OPERATION, "Token revocation is not enabled for this client")
    if pool_named_by(text) is not None:
        raise UserPoolRefused(Fault.UNSUPPORTED_TOKEN_TYPE, "Unsupported token type")
    token = RefreshToken.parse(text)
    if token is None:
        return
    sign_in = await ports.user_pool_store.sign_ins.find(pool.place, token.sub, token.event_id)
    if sign_in is not None and is_token_of(sign_in, token) and sign_in.client_id == client.id:
        await revoke(ports, pool, sign_in)

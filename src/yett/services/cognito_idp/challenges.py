"""Challenges: begun with a session that only its holder knows, and answered once."""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import structs

from yett.ports.errors import Conflict
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.errors import UserPoolRefused, not_authorized
from yett.rules.cognito_idp.sessions import Challenge, decode, digest, encode
from yett.rules.cognito_idp.user_pool import UserPool
from yett.services.call import Call
from yett.values.secret import Secret
from yett.values.timestamps import render_iso

EXPIRY_BYTES: Final = 6  # milliseconds since 1970
RANDOM_BYTES: Final = 48
KEPT: Final = timedelta(hours=1)  # after its end, so that a late answer is told why
SWEPT: Final = 10  # old challenges that a new one clears away


async def begin_challenge(
    call: Call,
    pool: UserPool,
    client: AppClient,
    *,
    name: str,
    sub: str,
    username: str,
    is_admin: bool,
    details: dict[str, Secret] | None = None,
) -> str:
    """Let a challenge wait for its answer; gives the ``Session`` that the client sends with it."""
    shelf = call.ports.user_pool_store.challenges
    for old in await shelf.list(pool.place, limit=SWEPT):
        if call.now >= old.expires_at + KEPT:
            await shelf.remove(pool.place, render_iso(old.expires_at), old.digest)
    expires_at = call.now.replace(microsecond=0) + client.session_life
    content = expiry_bytes(expires_at) + call.ports.randomness.token_bytes(RANDOM_BYTES)
    challenge = Challenge(
        digest=digest(content),
        client_id=client.id,
        sub=sub,
        username=username,
        name=name,
        expires_at=expires_at,
        is_admin=is_admin,
        details=details or {},
    )
    await shelf.add(pool.place, render_iso(expires_at), challenge.digest, value=challenge)
    return encode(content)


async def take_challenge(
    call: Call, pool: UserPool, client: AppClient, session: str | None, *, name: str, is_admin: bool
) -> Challenge:
    """The challenge of this session, which is thereby used.

    Raises:
        UserPoolRefused: The session is forged, of another client or challenge, used before, or expired.
    """
    content = decode(session or "")
    if content is None or len(content) != EXPIRY_BYTES + RANDOM_BYTES:
        raise invalid_session()
    try:
        expires_at = datetime.fromtimestamp(int.from_bytes(content[:EXPIRY_BYTES], "big") / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid_session() from None
    if not 1970 < expires_at.year < 9999:
        raise invalid_session()

    def use(challenge: Challenge) -> Challenge:
        if (challenge.client_id, challenge.name, challenge.is_admin) != (client.id, name, is_admin):
            raise invalid_session()
        if challenge.is_used:
            raise not_authorized("Invalid session for the user, session can only be used once.")
        if call.now >= challenge.expires_at:
            raise not_authorized("Invalid session for the user, session is expired.")
        return structs.replace(challenge, is_used=True)

    shelf = call.ports.user_pool_store.challenges
    try:
        return await shelf.change(pool.place, render_iso(expires_at), digest(content), change=use)
    except Conflict:
        raise invalid_session() from None


def expiry_bytes(expires_at: datetime) -> bytes:
    """The moment as the session carries it: the challenge is filed by it."""
    return int(expires_at.timestamp() * 1000).to_bytes(EXPIRY_BYTES, "big")


def invalid_session() -> UserPoolRefused:
    """The session is none of ours."""
    return not_authorized("Invalid session for the user.")

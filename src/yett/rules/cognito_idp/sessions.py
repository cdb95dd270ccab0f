"""What a pool remembers between two calls: sign-ins, challenges that wait for their answer, codes that were sent."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self

from msgspec import Struct

from yett.rules.cognito_idp.limits import TOKEN_CHARACTERS
from yett.values.secret import Secret

USER_API_SCOPE: Final = "aws.cognito.signin.user.admin"
HANDLE_BYTES: Final = 32


class SignIn(Struct, frozen=True, kw_only=True):
    """One sign-in: what its refresh token is good for. Found by the user's sub and the event id."""

    event_id: str  # the ``event_id`` claim of every token that comes of it
    sub: str
    client_id: str
    origin_jti: str
    authenticated_at: datetime
    expires_at: datetime
    scopes: tuple[str, ...] = (USER_API_SCOPE,)
    is_oauth: bool = False  # tokens of the token endpoint say ``version: 2``
    refresh_digest: str  # SHA-256 of the refresh token's handle, hexadecimal: the token itself is not kept
    is_revoked: bool = False


class Challenge(Struct, frozen=True, kw_only=True):
    """A challenge that waits for its answer. Found by its digest; good once."""

    digest: str  # SHA-256 of the session text that the client holds, hexadecimal
    client_id: str
    sub: str  # of the user; a simulated one for a user that does not exist
    username: str
    name: str  # NEW_PASSWORD_REQUIRED, PASSWORD_VERIFIER
    expires_at: datetime
    is_admin: bool  # begun by AdminInitiateAuth, so not to be answered without a signature
    is_used: bool = False
    details: Mapping[str, Secret] = {}  # what the verifier of the answer needs: SRP's b, A ...


class Code(Struct, frozen=True, kw_only=True):
    """A code that was sent to a user."""

    digits: Secret
    expires_at: datetime
    attribute: str  # email or phone_number: what a right answer verifies
    attempts: int = 0
    sent: int = 1  # how many went out since ``sent_since``
    sent_since: datetime


class RefreshToken(Struct, frozen=True, kw_only=True):
    """A refresh token, taken apart: opaque to clients, and worthless without its handle."""

    sub: str
    event_id: str
    handle: bytes

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a refresh token; None if it is none of ours by its form."""
        if len(text) > TOKEN_CHARACTERS:
            return None
        match text.split("."):
            case [place, handle]:
                named, secret = decode(place), decode(handle)
            case _:
                return None
        if named is None or secret is None or len(secret) != HANDLE_BYTES:
            return None
        match named.split(b"/"):
            case [sub, event_id]:
                return cls(
                    sub=sub.decode("ascii", "replace"), event_id=event_id.decode("ascii", "replace"), handle=secret
                )
            case _:
                return None

    def render(self) -> str:
        """The text that the client holds."""
        place = f"{self.sub}/{self.event_id}".encode()
        return f"{encode(place)}.{encode(self.handle)}"


def digest(secret: bytes) -> str:
    """What is kept of a random secret of at least 128 bits."""
    return hashlib.sha256(secret).hexdigest()


def is_token_of(sign_in: SignIn, token: RefreshToken) -> bool:
    """Whether the refresh token is that of the sign-in."""
    return hmac.compare_digest(sign_in.refresh_digest, digest(token.handle))


def encode(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str) -> bytes | None:
    """Base64url without padding; None if it is not."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None

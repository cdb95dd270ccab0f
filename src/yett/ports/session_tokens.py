"""Session tokens: sealed, so that they verify without a look-up and outlive a restart."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from yett.rules.sts.temporary_credentials import TemporarySession
from yett.values.secret import Secret


class IssuedCredentials(Struct, frozen=True, kw_only=True):
    """Temporary credentials, as STS hands them out."""

    access_key_id: str  # "ASIA…"
    secret_access_key: Secret
    session_token: str
    expires_at: datetime


class OpenedToken(Struct, frozen=True, kw_only=True):
    """What a genuine session token holds. The reader compares the access key id and the expiry."""

    access_key_id: str
    secret_access_key: Secret
    session: TemporarySession


class SessionTokens(Protocol):
    """Makes temporary credentials and opens their tokens. Neither waits; a token that we did not make never opens."""

    def issue(self, session: TemporarySession) -> IssuedCredentials:
        """Fresh credentials for the session. Whoever calls has authorized it."""
        ...

    def open(self, session_token: str) -> OpenedToken | None:
        """What the token holds, expired or not; None if it is not genuine."""
        ...

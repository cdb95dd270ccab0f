"""Session tokens, sealed under the master key: whoever holds that key can open them, in whatever process."""

import base64
import binascii
from typing import Final

import msgspec

from yett.adapters.sql.sealing import SealBroken, Sealer
from yett.ports.randomness import Randomness
from yett.ports.session_tokens import IssuedCredentials, OpenedToken
from yett.rules.iam.identifiers import ACCESS_KEY_DICE, make_access_key_id
from yett.rules.sts.temporary_credentials import TemporarySession
from yett.values.identifiers import TEMPORARY_ACCESS_KEY
from yett.values.secret import Secret

IDENTITY: Final = "sts.session-token"
SECRET_BYTES: Final = 30  # 40 characters of base 64
LONGEST_TOKEN: Final = 16_384  # characters; a token with the longest policies and tags has less than 12,000


class Sealed(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What lies in a token."""

    access_key_id: str
    secret_access_key: str
    session: TemporarySession


class SealedSessionTokens:
    """The port's answer: no table of sessions, so nothing to look up, to share or to lose."""

    def __init__(self, sealer: Sealer, randomness: Randomness) -> None:
        self._sealer = sealer
        self._randomness = randomness

    def issue(self, session: TemporarySession) -> IssuedCredentials:
        """Fresh credentials for the session."""
        access_key_id = make_access_key_id(
            TEMPORARY_ACCESS_KEY, session.account, self._randomness.token_bytes(ACCESS_KEY_DICE)
        )
        secret_access_key = base64.b64encode(self._randomness.token_bytes(SECRET_BYTES)).decode()
        held = Sealed(access_key_id=access_key_id, secret_access_key=secret_access_key, session=session)
        sealed = self._sealer.seal(msgspec.msgpack.encode(held), identity=IDENTITY)
        return IssuedCredentials(
            access_key_id=access_key_id,
            secret_access_key=Secret(secret_access_key),
            session_token=base64.b64encode(sealed).decode(),
            expires_at=session.expires_at,
        )

    def open(self, session_token: str) -> OpenedToken | None:
        """What the token holds, expired or not; None if it is not genuine."""
        if len(session_token) > LONGEST_TOKEN:
            return None
        try:
            sealed = base64.b64decode(session_token, validate=True)
            held = msgspec.msgpack.decode(self._sealer.open(sealed, identity=IDENTITY), type=Sealed)
        except (binascii.Error, ValueError, SealBroken):
            return None
        return OpenedToken(
            access_key_id=held.access_key_id,
            secret_access_key=Secret(held.secret_access_key),
            session=held.session,
        )

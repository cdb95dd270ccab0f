"""The keys that user pools sign with."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct

from yett.rules.cognito_idp.user_pool import PoolPlace
from yett.values.secret import Secret

TokenUse = Literal["id", "access"]


class SigningKey(Struct, frozen=True, kw_only=True):
    """An RSA key of 2048 bits."""

    kid: str
    private_pem: Secret  # PKCS #8
    public_jwk: Mapping[str, Any]  # as the pool's JWKS shows it


class PoolKeys(Struct, frozen=True, kw_only=True):
    """The two keys of a pool: ID and access tokens are signed with different ones."""

    id: SigningKey
    access: SigningKey


class SigningKeys(Protocol):
    """Makes keys, and signs with those of a pool, which never leave it."""

    async def make(self) -> PoolKeys:
        """Two fresh keys (a tenth of a second each, in another thread)."""
        ...

    async def sign(self, place: PoolPlace, claims: Mapping[str, object], *, token_use: TokenUse) -> str:
        """The claims as a token of the pool, RS256.

        Raises:
            Unavailable: The pool is gone, or its keys cannot be read.
        """
        ...

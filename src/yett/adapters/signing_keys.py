"""The signing keys of user pools: RSA, made in a thread, kept in memory once they have been read."""

import asyncio
import base64
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Struct

from yett.ports.errors import Unavailable
from yett.ports.signing_keys import PoolKeys, SigningKey, TokenUse
from yett.ports.user_pool_store import UserPoolStore
from yett.rules.cognito_idp.user_pool import PoolPlace
from yett.tokens import render_jwk, sign_jws
from yett.values.secret import Secret

ALGORITHM: Final = "RS256"
KEY_BITS: Final = 2048
PUBLIC_EXPONENT: Final = 65537
POOLS: Final = 256  # whose keys are kept in memory
THREADS: Final = 1  # for making keys


class ReadyKey(Struct, frozen=True):
    """A key that can sign."""

    kid: str
    key: rsa.RSAPrivateKey


class StoredSigningKeys:
    """Makes keys and signs with them; see ports/signing_keys.py. A pool's keys never change, and die with the pool."""

    def __init__(self, store: UserPoolStore) -> None:
        self._store = store
        self._ready: OrderedDict[PoolPlace, Mapping[TokenUse, ReadyKey]] = OrderedDict()
        self._threads = ThreadPoolExecutor(THREADS, "yett-signing-keys")

    async def make(self) -> PoolKeys:
        loop = asyncio.get_running_loop()
        identity, access = [await loop.run_in_executor(self._threads, make_key) for _ in range(2)]
        return PoolKeys(id=identity, access=access)

    async def sign(self, place: PoolPlace, claims: Mapping[str, object], *, token_use: TokenUse) -> str:
        ready = self._ready.get(place) or await self._read(place)
        chosen = ready[token_use]
        return sign_jws(claims, chosen.key, kid=chosen.kid, alg=ALGORITHM)

    def close(self) -> None:
        """Let the thread go, once it is done."""
        self._threads.shutdown()

    async def _read(self, place: PoolPlace) -> Mapping[TokenUse, ReadyKey]:
        keys = await self._store.find_keys(place)
        if keys is None:
            raise Unavailable("the user pool has no signing keys any more")
        ready: Mapping[TokenUse, ReadyKey] = {"id": load(keys.id), "access": load(keys.access)}
        self._ready[place] = ready
        while len(self._ready) > POOLS:
            self._ready.popitem(last=False)
        return ready


def make_key() -> SigningKey:
    """A fresh key; its id is 32 random bytes in base64, as Cognito's are."""
    key = rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_BITS)
    kid = base64.b64encode(secrets.token_bytes(32)).decode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return SigningKey(kid=kid, private_pem=Secret(pem), public_jwk=render_jwk(key.public_key(), kid=kid, alg=ALGORITHM))


def load(signing_key: SigningKey) -> ReadyKey:
    """The key, ready to sign."""
    key = load_pem_private_key(signing_key.private_pem.reveal().encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unavailable("a signing key of the user pool is no RSA key")
    return ReadyKey(signing_key.kid, key)

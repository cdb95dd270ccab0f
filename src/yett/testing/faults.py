"""Functions and key sets that fail on demand, as they do in production at the worst moment."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from yett.ports.function_runner import FunctionAnswer, FunctionRunner, FunctionUnavailable
from yett.ports.jwks import KeySets
from yett.ports.signing_keys import PoolKeys, SigningKeys, TokenUse
from yett.ports.user_pool_store import UserPoolStore
from yett.rules.cognito_idp.user_pool import PoolPlace
from yett.tokens import KeySet, parse_key_set, sign_jws
from yett.values.errors import Unavailable

ALGORITHM = "RS256"
LATER = 1_000_000  # generations of key sets that tests have rotated begin here


class Fault(StrEnum):
    """What a function can be made to do."""

    EXCEPTION = "exception"  # it raises
    UNAUTHORIZED = "unauthorized"  # it raises with the one message that means 401
    TIMEOUT = "timeout"  # it is killed at its time-out
    MALFORMED = "malformed"  # it answers what is no policy and no proxy response
    OVERSIZED = "oversized"  # it answers more than Lambda lets through
    UNAVAILABLE = "unavailable"  # it cannot be run at all


def error(message: str, kind: str = "Exception") -> FunctionAnswer:
    """A failed invocation, as the runtime reports it."""
    payload = msgspec.json.encode({"errorMessage": message, "errorType": kind})
    return FunctionAnswer(payload=payload, function_error="Unhandled")


ANSWERS = {
    Fault.EXCEPTION: error("made to fail by a test"),
    Fault.UNAUTHORIZED: error("Unauthorized"),
    Fault.TIMEOUT: error("Task timed out", "Sandbox.Timedout"),
    Fault.MALFORMED: FunctionAnswer(payload=b'{"isAuthorized": true}'),
    Fault.OVERSIZED: error(
        "Response payload size exceeded maximum allowed payload size", "Function.ResponseSizeTooLarge"
    ),
}


class FaultyRunner:
    """A function runner that lets named functions fail, and counts whom it was asked for."""

    def __init__(self, runner: FunctionRunner) -> None:
        self._runner = runner
        self.faults: dict[str, Fault] = {}  # by function name
        self.invocations: list[str] = []  # function names, in order

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        """As the port says, unless a fault is on."""
        name = function_arn.split(":")[6]
        self.invocations.append(name)
        fault = self.faults.get(name)
        if fault is Fault.UNAVAILABLE:
            raise FunctionUnavailable("made unavailable by a test")
        if fault is not None:
            await asyncio.sleep(0)
            return ANSWERS[fault]
        return await self._runner.invoke(
            function_arn, payload, request_id=request_id, trace_header=trace_header, share_key=share_key
        )

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        """As the port says."""
        await self._runner.submit(function_arn, payload, request_id=request_id, trace_header=trace_header)


class RotatedKeys:
    """Keys that pools have instead of their own, until the test ends."""

    def __init__(self) -> None:
        self._by_pool: dict[str, PoolKeys] = {}
        self._by_issuer: dict[str, tuple[KeySet, int]] = {}
        self._rotations = 0

    def put(self, pool_id: str, issuer: str, keys: PoolKeys) -> None:
        """The pool signs with these from now on, and publishes no others."""
        self._rotations += 1
        published = msgspec.json.encode({"keys": [keys.id.public_jwk, keys.access.public_jwk]})
        self._by_pool[pool_id] = keys
        self._by_issuer[issuer] = parse_key_set(published), LATER + self._rotations

    def of_pool(self, pool_id: str) -> PoolKeys | None:
        """The pool's, if they were rotated."""
        return self._by_pool.get(pool_id)

    def of_issuer(self, issuer: str) -> tuple[KeySet, int] | None:
        """The issuer's, if they were rotated."""
        return self._by_issuer.get(issuer)

    def clear(self) -> None:
        """Every pool has its own keys again."""
        self._by_pool.clear()
        self._by_issuer.clear()


class RotatedSigningKeys:
    """Signing keys, those of rotated pools among them."""

    def __init__(self, signing_keys: SigningKeys, rotated: RotatedKeys) -> None:
        self._signing_keys = signing_keys
        self._rotated = rotated

    async def make(self) -> PoolKeys:
        """As the port says."""
        return await self._signing_keys.make()

    async def sign(self, place: PoolPlace, claims: Mapping[str, object], *, token_use: TokenUse) -> str:
        """As the port says."""
        keys = self._rotated.of_pool(place.pool_id)
        if keys is None:
            return await self._signing_keys.sign(place, claims, token_use=token_use)
        chosen = {"id": keys.id, "access": keys.access}[token_use]
        key = load_pem_private_key(chosen.private_pem.reveal().encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise Unavailable("the rotated key is no RSA key")
        return sign_jws(claims, key, kid=chosen.kid, alg=ALGORITHM)


class RotatedUserPools:
    """A store of user pools that publishes the keys of rotated ones."""

    def __init__(self, store: UserPoolStore, rotated: RotatedKeys) -> None:
        self._store = store
        self._rotated = rotated

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def find_keys(self, place: PoolPlace) -> PoolKeys | None:
        """As the port says."""
        return self._rotated.of_pool(place.pool_id) or await self._store.find_keys(place)


class FaultyKeySets:
    """Key sets that can be made unreachable."""

    def __init__(self, key_sets: KeySets, rotated: RotatedKeys) -> None:
        self._key_sets = key_sets
        self._rotated = rotated
        self.is_reachable = True

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        """As the port says; nothing is remembered while unreachable."""
        if not self.is_reachable:
            return None
        return self._rotated.of_issuer(issuer) or self._key_sets.current(issuer)

    async def resolve(self, issuer: str, *, now: datetime, unknown_kid: bool = False) -> tuple[KeySet, int] | None:
        """As the port says, unless it is made to fail."""
        if not self.is_reachable:
            raise Unavailable("the key set was made unreachable by a test")
        if (rotated := self._rotated.of_issuer(issuer)) is not None:
            return rotated
        return await self._key_sets.resolve(issuer, now=now, unknown_kid=unknown_kid)

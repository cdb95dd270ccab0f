"""What workers and nodes share for a short while: the answers of Lambda authorizers."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from yett.rules.execute_api.plan import AuthorizerPlace


class CacheKey(Struct, frozen=True, cache_hash=True):
    """Whose answer: a hash of the evidence never travels without the place that it was verified for."""

    place: AuthorizerPlace
    identity: bytes  # BLAKE2b over the identity-source values, in order, each with its length


class CachedAnswer(Struct, frozen=True, kw_only=True):
    """A Lambda authorizer's valid answer."""

    payload: bytes  # the JSON that the function gave; parsed again by whoever reads it from another worker
    parsed: object  # what this process made of it, to be used as long as it is kept
    stored_at: datetime
    expires_at: datetime


class AuthorizerCache(Protocol):
    """Answers of Lambda authorizers, by cache key.

    An entry is never returned at or after its ``expires_at``. A lost entry is allowed, a stale one is not: what is put
    answers a question whose look-up has missed before, and is not kept if the stage was flushed since.
    """

    def current(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """From this process's memory, without waiting."""
        ...

    async def find(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """From wherever it is shared."""
        ...

    async def put(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer; ``find`` has missed it before."""
        ...

    async def flush(self, account: str, api_id: str, stage: str) -> None:
        """Forget every answer of the stage."""
        ...

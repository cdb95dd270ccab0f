"""Authorizers' answers in Redis (or Valkey), shared by workers and nodes, and for a moment in this process's memory.

Entries are sealed: they hold what an identity provider said of people, and whoever could write one would be let in.
Each bears its stage's generation, which a flush replaces: what was stored before it, or was being asked for while it
came, matches no more. With Redis away every look-up is a miss, after one that took too long without even asking for a
while.
"""

import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.adapters.sql.sealing import SealBroken, Sealer
from yett.ports.errors import Unavailable
from yett.ports.shared_state import CachedAnswer, CacheKey

PREFIX: Final = "yett:authorizer"
TIMEOUT_SECONDS: Final = 0.25  # ours: for connecting and for an answer; asking the authorizer costs about as much
PAUSE_SECONDS: Final = 1.0  # after a failure, before Redis is asked again
NEAR: Final = timedelta(seconds=1)  # how long memory answers for Redis: a flush on another node is seen after it
CONNECTIONS: Final = 32
GENERATION_BYTES: Final = 16
GENERATION_SECONDS: Final = 7 * 24 * 3600  # ours; more than an entry lives. Without one, every entry is a miss
MISSES: Final = 10_000  # questions under way, each with the generation that it was asked in

logger = logging.getLogger(__name__)


class Entry(Struct, frozen=True, kw_only=True):
    """What is sealed."""

    generation: bytes
    payload: bytes
    stored_at: datetime
    expires_at: datetime


_encode: Final = msgspec.msgpack.encode
_decode: Final = msgspec.msgpack.Decoder(Entry).decode


class RedisAuthorizerCache:
    """``ports.shared_state.AuthorizerCache``. ``forget`` is its memory's: see there."""

    def __init__(self, url: str, sealer: Sealer, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """*url* as in ``redis://:password@host:6379/0`` or ``rediss://``. Nothing is connected to yet.

        Raises:
            ValueError: It is no such URL.
        """
        self._redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            max_connections=CONNECTIONS,
            retry=None,
        )
        self._sealer = sealer
        self._seconds = seconds
        self._asked_again_at = 0.0
        self._near = MemoryAuthorizerCache()
        self._missed: OrderedDict[CacheKey, bytes | None] = OrderedDict()  # and the generation then, if there was one
        self.forget = self._near.forget

    def current(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """The answer, if this process had it within the last second."""
        return self._near.current(key, now=now)

    async def find(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """The answer, from whichever process stored it."""
        name = name_of(key)
        self._missed.pop(key, None)
        if self._is_pausing():
            return None
        try:
            generation, sealed = await self._redis.mget(_generation_name_of(key), name)
        except (RedisError, OSError, TimeoutError) as error:
            self._pause(error)
            return None
        entry = self._open(sealed, name)
        if entry is None or entry.generation != generation or now >= entry.expires_at:
            self._missed[key] = generation if isinstance(generation, bytes) else None
            if len(self._missed) > MISSES:
                self._missed.popitem(last=False)
            return None
        answer = CachedAnswer(
            payload=entry.payload, parsed=None, stored_at=entry.stored_at, expires_at=entry.expires_at
        )
        self._near.keep(key, answer, until=min(entry.expires_at, now + NEAR))
        return answer

    async def put(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer; where Redis is away, or was when it was asked for, for this process and a moment only."""
        self._near.keep(key, answer, until=min(answer.expires_at, answer.stored_at + NEAR))
        left = round((answer.expires_at - answer.stored_at) / timedelta(milliseconds=1))
        if left <= 0 or self._is_pausing() or key not in self._missed:
            return
        name, generation = name_of(key), self._missed.pop(key)
        try:
            if generation is None:
                generation = secrets.token_bytes(GENERATION_BYTES)
                if not await self._redis.set(_generation_name_of(key), generation, nx=True, ex=GENERATION_SECONDS):
                    return  # somebody else's by now, a flush's perhaps
            entry = Entry(
                generation=generation,
                payload=answer.payload,
                stored_at=answer.stored_at,
                expires_at=answer.expires_at,
            )
            await self._redis.set(name, self._sealer.seal(_encode(entry), identity=name), px=left)
        except (RedisError, OSError, TimeoutError) as error:
            self._pause(error)

    async def flush(self, account: str, api_id: str, stage: str) -> None:
        """Forget every answer of the stage, those included that are being asked for.

        Raises:
            Unavailable: Redis is away, and may hold some still.
        """
        await self._near.flush(account, api_id, stage)
        generation = secrets.token_bytes(GENERATION_BYTES)
        try:
            await self._redis.set(generation_name(account, api_id, stage), generation, ex=GENERATION_SECONDS)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("the shared authorizer cache cannot be reached") from error

    async def close(self) -> None:
        """Let the connections go."""
        with suppress(RedisError, OSError, TimeoutError):
            await self._redis.aclose()

    def _open(self, sealed: object, name: str) -> Entry | None:
        if not isinstance(sealed, bytes):
            return None
        try:
            return _decode(self._sealer.open(sealed, identity=name))
        except (SealBroken, msgspec.MsgspecError):
            return None

    def _is_pausing(self) -> bool:
        return self._seconds() < self._asked_again_at

    def _pause(self, error: Exception) -> None:
        logger.warning("the shared authorizer cache cannot be reached: %s", type(error).__name__)
        self._asked_again_at = self._seconds() + PAUSE_SECONDS


def stage_name(account: str, api_id: str, stage: str) -> str:
    """What the names of a stage's entries begin with: its own, hashed, so that no name holds a pattern's characters."""
    place = hashlib.sha256(_encode((account, api_id, stage))).hexdigest()
    return f"{PREFIX}:{place}"


def generation_name(account: str, api_id: str, stage: str) -> str:
    """Where the generation lies that entries of the stage must bear."""
    return f"{stage_name(account, api_id, stage)}:generation"


def name_of(key: CacheKey) -> str:
    """Where the answer lies; the name is bound to what is sealed there."""
    place = key.place
    rest = hashlib.sha256(_encode((place.deployment_id, place.authorizer_id, key.identity))).hexdigest()
    return f"{stage_name(place.account, place.api_id, place.stage)}:{rest}"


def _generation_name_of(key: CacheKey) -> str:
    return generation_name(key.place.account, key.place.api_id, key.place.stage)

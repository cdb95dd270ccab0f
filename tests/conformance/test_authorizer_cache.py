"""What every ``ports.shared_state.AuthorizerCache`` keeps."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.redis_server import redis_server

from yett.adapters.shared_state.announced import AnnouncedFlushes
from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.adapters.shared_state.redis import RedisAuthorizerCache
from yett.adapters.sql.sealing import Sealer
from yett.ports.shared_state import AuthorizerCache, CachedAnswer, CacheKey
from yett.rules.execute_api.plan import AuthorizerPlace

__all__ = ["redis_server"]

KEY = CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth1"), b"x" * 32)
OTHERS = [
    CacheKey(AuthorizerPlace("999999999999", "abc123", "prod", "dep1", "auth1"), b"x" * 32),
    CacheKey(AuthorizerPlace("123456789012", "other", "prod", "dep1", "auth1"), b"x" * 32),
    CacheKey(AuthorizerPlace("123456789012", "abc123", "test", "dep1", "auth1"), b"x" * 32),
    CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep2", "auth1"), b"x" * 32),
    CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth2"), b"x" * 32),
    CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth1"), b"y" * 32),
]


def answer(payload: bytes = b"{}", *, ttl_seconds: float = 300) -> CachedAnswer:
    return CachedAnswer(
        payload=payload, parsed=None, stored_at=START, expires_at=START + timedelta(seconds=ttl_seconds)
    )


async def nobody(scopes: frozenset[str]) -> None:
    """Nobody is told."""


async def ask_and_put(cache: AuthorizerCache, key: CacheKey, given: CachedAnswer) -> None:
    """As the line does: what is put had been looked for, near and far."""
    if cache.current(key, now=START) is None:
        await cache.find(key, now=START)
    await cache.put(key, given)


@pytest.fixture(params=["memory", "announced", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[AuthorizerCache]:
    match request.param:
        case "memory":
            yield MemoryAuthorizerCache()
        case "announced":
            yield AnnouncedFlushes(MemoryAuthorizerCache(), nobody)
        case _:
            shared = RedisAuthorizerCache(request.getfixturevalue("redis_server").url, Sealer(b"k" * 32))
            for account, api_id, stage in {
                (key.place.account, key.place.api_id, key.place.stage) for key in (KEY, *OTHERS)
            }:
                await shared.flush(account, api_id, stage)
            yield shared
            await shared.close()


async def test_an_answer_is_found_again(cache: AuthorizerCache) -> None:
    assert cache.current(KEY, now=START) is None
    assert await cache.find(KEY, now=START) is None
    await cache.put(KEY, answer(b"1"))
    assert (await cache.find(KEY, now=START) or answer()).payload == b"1"
    later = START + timedelta(seconds=300)
    assert cache.current(KEY, now=later) is None
    assert await cache.find(KEY, now=later) is None
    await cache.put(KEY, answer(b"2", ttl_seconds=600))
    assert (await cache.find(KEY, now=later) or answer()).payload == b"2"


async def test_it_is_found_by_its_whole_key_only(cache: AuthorizerCache) -> None:
    await ask_and_put(cache, KEY, answer())
    for other in OTHERS:
        assert cache.current(other, now=START) is None
        assert await cache.find(other, now=START) is None


async def test_it_is_never_given_at_or_after_its_expiry(cache: AuthorizerCache) -> None:
    await ask_and_put(cache, KEY, answer(ttl_seconds=10))
    assert await cache.find(KEY, now=START + timedelta(seconds=9.999)) is not None
    assert cache.current(KEY, now=START + timedelta(seconds=10)) is None
    assert await cache.find(KEY, now=START + timedelta(seconds=10)) is None


async def test_a_stage_is_flushed_and_no_other(cache: AuthorizerCache) -> None:
    for key in (KEY, *OTHERS):
        await ask_and_put(cache, key, answer())
    await cache.flush("123456789012", "abc123", "prod")
    kept = [key for key in (KEY, *OTHERS) if await cache.find(key, now=START) is not None]
    assert kept == OTHERS[:3]


async def test_what_was_being_asked_when_its_stage_was_flushed_is_not_kept(cache: AuthorizerCache) -> None:
    assert cache.current(KEY, now=START) is None
    assert await cache.find(KEY, now=START) is None
    await cache.flush("123456789012", "abc123", "prod")
    await cache.put(KEY, answer())
    assert cache.current(KEY, now=START) is None
    assert await cache.find(KEY, now=START) is None

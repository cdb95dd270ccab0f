import pytest
from tests.fakes.clock import START

from yett.adapters.shared_state.announced import AnnouncedFlushes
from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.adapters.sql.revisions import EVERYTHING
from yett.ports.errors import Unavailable
from yett.ports.shared_state import CachedAnswer, CacheKey
from yett.rules.execute_api.plan import AuthorizerPlace

KEY = CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth1"), b"x" * 32)
OTHER = CacheKey(AuthorizerPlace("123456789012", "abc123", "test", "dep1", "auth1"), b"x" * 32)
ANSWER = CachedAnswer(payload=b"{}", parsed=None, stored_at=START, expires_at=START.replace(year=START.year + 1))


async def test_a_flush_reaches_the_memories_that_are_told() -> None:
    far = MemoryAuthorizerCache()
    await far.put(KEY, ANSWER)
    await far.put(OTHER, ANSWER)

    async def announce(scopes: frozenset[str]) -> None:
        far.forget(scopes)

    await AnnouncedFlushes(MemoryAuthorizerCache(), announce).flush(
        KEY.place.account, KEY.place.api_id, KEY.place.stage
    )
    assert far.current(KEY, now=START) is None
    assert far.current(OTHER, now=START) == ANSWER
    far.forget(frozenset({EVERYTHING}))
    assert far.current(OTHER, now=START) is None


async def test_a_flush_that_fails_reaches_them_too() -> None:
    class Away(MemoryAuthorizerCache):
        async def flush(self, account: str, api_id: str, stage: str) -> None:
            raise Unavailable("away")

    told: list[frozenset[str]] = []

    async def announce(scopes: frozenset[str]) -> None:
        told.append(scopes)

    with pytest.raises(Unavailable):
        await AnnouncedFlushes(Away(), announce).flush("1", "a", "s")
    assert told == [frozenset({"authorizer-cache:1/a/s"})]


async def test_answers_are_kept_as_in_the_cache_within() -> None:
    async def announce(scopes: frozenset[str]) -> None:
        raise AssertionError("nothing is flushed")

    cache = AnnouncedFlushes(MemoryAuthorizerCache(), announce)
    await cache.put(KEY, ANSWER)
    assert cache.current(KEY, now=START) == ANSWER
    assert await cache.find(KEY, now=START) == ANSWER

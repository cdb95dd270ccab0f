"""What Redis adds to the contract (tests/conformance/test_authorizer_cache.py): sharing, seals, and being away."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from tests.fakes.clock import START
from tests.redis_server import RedisServer, redis_server

from yett.adapters.shared_state.redis import NEAR, PAUSE_SECONDS, RedisAuthorizerCache, generation_name, name_of
from yett.adapters.sql.sealing import Sealer
from yett.ports.errors import Unavailable
from yett.ports.shared_state import CachedAnswer, CacheKey
from yett.rules.execute_api.plan import AuthorizerPlace

__all__ = ["redis_server"]

SEALER = Sealer(b"k" * 32)
KEY = CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth1"), b"x" * 32)
OTHER = CacheKey(AuthorizerPlace("123456789012", "abc123", "prod", "dep1", "auth1"), b"y" * 32)
PLACE = (KEY.place.account, KEY.place.api_id, KEY.place.stage)
LATER = START + NEAR
ANSWER = CachedAnswer(
    payload=b'{"principalId":"a secret"}', parsed=None, stored_at=START, expires_at=START + timedelta(seconds=300)
)


class Ground:
    """Makes caches, as each worker of each node has one."""

    def __init__(self, server: RedisServer, stack: AsyncExitStack) -> None:
        self.server, self._stack = server, stack
        self.seconds = 0.0
        self.redis = Redis.from_url(server.url)

    def cache(self, *, sealer: Sealer = SEALER) -> RedisAuthorizerCache:
        made = RedisAuthorizerCache(self.server.url, sealer, seconds=lambda: self.seconds)
        self._stack.push_async_callback(made.close)
        return made


async def ask_and_put(cache: RedisAuthorizerCache, key: CacheKey = KEY) -> None:
    """As the line does: what is put had been looked for."""
    assert await cache.find(key, now=START) is None
    await cache.put(key, ANSWER)


@pytest.fixture
async def ground(redis_server: RedisServer) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        made = Ground(redis_server, stack)
        await made.redis.flushdb()
        stack.push_async_callback(made.redis.aclose)
        yield made


async def test_what_one_worker_stored_another_finds(ground: Ground) -> None:
    one, other = ground.cache(), ground.cache()
    await ask_and_put(one)
    assert other.current(KEY, now=START) is None
    assert await other.find(KEY, now=START) == ANSWER
    assert other.current(KEY, now=START) == ANSWER


async def test_memory_answers_for_a_moment_only(ground: Ground) -> None:
    one, other = ground.cache(), ground.cache()
    await ask_and_put(one)
    await other.flush(*PLACE)
    assert one.current(KEY, now=LATER) is None
    assert await one.find(KEY, now=LATER) is None


async def test_nothing_can_be_read_in_redis_and_entries_go_by_themselves(ground: Ground) -> None:
    await ask_and_put(ground.cache())
    name = name_of(KEY)
    assert set(await ground.redis.keys()) == {name.encode(), generation_name(*PLACE).encode()}
    assert b"a secret" not in await ground.redis.get(name)
    assert 290_000 < await ground.redis.pttl(name) <= 300_000


@pytest.mark.parametrize("forged", [b"", b"x" * 100, ANSWER.payload], ids=["empty", "noise", "unsealed"])
async def test_what_we_did_not_seal_is_a_miss(ground: Ground, forged: bytes) -> None:
    await ground.redis.set(name_of(KEY), forged)
    assert await ground.cache().find(KEY, now=START) is None


async def test_an_entry_that_is_moved_or_of_another_master_key_is_a_miss(ground: Ground) -> None:
    await ask_and_put(ground.cache())
    await ground.redis.set(name_of(OTHER), await ground.redis.get(name_of(KEY)))
    assert await ground.cache().find(OTHER, now=START) is None
    assert await ground.cache(sealer=Sealer(b"o" * 32)).find(KEY, now=START) is None


async def test_an_entry_that_redis_kept_too_long_is_a_miss(ground: Ground) -> None:
    await ask_and_put(ground.cache())
    await ground.redis.persist(name_of(KEY))
    assert await ground.cache().find(KEY, now=ANSWER.expires_at) is None


async def test_what_another_node_was_asking_when_a_stage_was_flushed_is_not_kept(ground: Ground) -> None:
    asking, flushing = ground.cache(), ground.cache()
    assert await asking.find(KEY, now=START) is None
    await flushing.flush(*PLACE)
    await asking.put(KEY, ANSWER)
    assert await flushing.find(KEY, now=START) is None
    assert await asking.find(KEY, now=LATER) is None
    await asking.put(KEY, ANSWER)
    assert await flushing.find(KEY, now=START) == ANSWER


async def test_the_same_where_the_stage_had_a_generation_already(ground: Ground) -> None:
    asking, flushing = ground.cache(), ground.cache()
    await ask_and_put(flushing, OTHER)
    assert await asking.find(KEY, now=START) is None
    await flushing.flush(*PLACE)
    await asking.put(KEY, ANSWER)
    assert await flushing.find(KEY, now=START) is None
    assert await flushing.find(OTHER, now=LATER) is None


async def test_what_was_asked_while_redis_was_away_is_not_stored(ground: Ground) -> None:
    cache, other = ground.cache(), ground.cache()
    ground.server.stop()
    try:
        assert await cache.find(KEY, now=START) is None
    finally:
        ground.server.start()
    ground.seconds += PAUSE_SECONDS
    await other.flush(*PLACE)
    await cache.put(KEY, ANSWER)
    assert await other.find(KEY, now=START) is None


async def test_a_generation_that_redis_has_lost_makes_its_entries_worthless(ground: Ground) -> None:
    cache = ground.cache()
    await ask_and_put(cache)
    await ground.redis.delete(generation_name(*PLACE))
    assert await ground.cache().find(KEY, now=START) is None
    await ask_and_put(ground.cache(), OTHER)
    assert await ground.cache().find(KEY, now=START) is None


async def test_with_redis_away_everything_misses_and_nothing_opens(ground: Ground) -> None:
    cache = ground.cache()
    await ask_and_put(cache)
    ground.server.stop()
    try:
        assert await cache.find(KEY, now=LATER) is None
        await cache.put(OTHER, ANSWER)
        assert cache.current(OTHER, now=START) == ANSWER  # what this process was told itself, for a moment
        assert await cache.find(OTHER, now=LATER) is None
        with pytest.raises(Unavailable):
            await cache.flush(*PLACE)
        assert cache.current(OTHER, now=START) is None
    finally:
        ground.server.start()
    assert await cache.find(KEY, now=LATER) is None  # not asked again yet
    ground.seconds += PAUSE_SECONDS
    assert await cache.find(KEY, now=LATER) is None
    await cache.put(KEY, ANSWER)
    assert await ground.cache().find(KEY, now=LATER) == ANSWER


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisAuthorizerCache("localhost:6379", SEALER)

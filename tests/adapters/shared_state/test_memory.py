from msgspec import structs
from tests.conformance.test_authorizer_cache import KEY, answer
from tests.fakes.clock import START

from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.ports.shared_state import CacheKey


def key(number: int) -> CacheKey:
    return structs.replace(KEY, identity=number.to_bytes(32, "big"))


async def test_what_was_used_longest_ago_makes_room() -> None:
    cache = MemoryAuthorizerCache(entries=2)
    await cache.put(key(1), answer())
    await cache.put(key(2), answer())
    assert cache.current(key(1), now=START) is not None
    await cache.put(key(3), answer())
    assert cache.current(key(2), now=START) is None
    assert cache.current(key(1), now=START) is not None


async def test_all_answers_together_stay_within_their_bound() -> None:
    cache = MemoryAuthorizerCache(total_bytes=100)
    for number in range(5):
        await cache.put(key(number), answer(b"x" * 40))
    assert [cache.current(key(number), now=START) is not None for number in range(5)] == [False] * 3 + [True] * 2
    await cache.put(key(9), answer(b"x" * 101))
    assert cache.current(key(9), now=START) is None
    await cache.put(key(1), answer(b"x" * 100))
    assert cache.current(key(1), now=START) is not None


async def test_replacing_and_expiring_give_their_room_back() -> None:
    cache = MemoryAuthorizerCache(total_bytes=100)
    for _ in range(5):
        await cache.put(key(1), answer(b"x" * 60))
    await cache.put(key(2), answer(b"x" * 40, ttl_seconds=1))
    assert cache.current(key(1), now=START) is not None
    assert cache.current(key(2), now=START.replace(year=2027)) is None
    await cache.put(key(3), answer(b"x" * 40))
    assert cache.current(key(1), now=START) is not None


async def test_what_was_being_asked_when_the_stage_was_flushed_is_not_kept() -> None:
    cache = MemoryAuthorizerCache()
    assert cache.current(KEY, now=START) is None  # and so its authorizer is asked
    await cache.flush(KEY.place.account, KEY.place.api_id, KEY.place.stage)
    await cache.put(KEY, answer())
    assert cache.current(KEY, now=START) is None
    await cache.put(KEY, answer())
    assert cache.current(KEY, now=START) is not None


async def test_questions_without_an_answer_take_bounded_room() -> None:
    cache = MemoryAuthorizerCache(entries=3)
    for number in range(100):
        assert cache.current(key(number), now=START) is None
    assert len(cache._missed) == 3

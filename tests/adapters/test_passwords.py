from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from yett.adapters import passwords
from yett.adapters.passwords import Argon2Passwords
from yett.ports.errors import Unavailable

FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def made() -> Iterator[Argon2Passwords]:
    opened = Argon2Passwords(FAST)
    yield opened
    opened.close()


async def test_only_the_password_itself_is_right(made: Argon2Passwords) -> None:
    record = await made.make("Correct-Horse-7", pool_id="us-east-1_AbCdEfGhI", username="ann")
    assert record.hash.reveal().startswith("$argon2id$")
    assert await made.is_right(record, "Correct-Horse-7")
    for wrong in ("correct-horse-7", "", "Correct-Horse-7 ", "\ud800"):
        assert not await made.is_right(record, wrong)
    assert not await made.is_right(None, "Correct-Horse-7")


async def test_a_hash_alone_is_checked_the_same(made: Argon2Passwords) -> None:
    kept = await made.make_hash("Correct-horse-1")
    assert kept.reveal().startswith("$argon2id$")
    assert await made.fits(kept, "Correct-horse-1")
    assert not await made.fits(kept, "correct-horse-1")
    assert not await made.fits(None, "Correct-horse-1")


async def test_the_same_password_is_kept_differently_each_time(made: Argon2Passwords) -> None:
    first, second = [await made.make("x", pool_id="us-east-1_AbCdEfGhI", username="ann") for _ in range(2)]
    assert first.hash != second.hash
    assert first.srp_salt != second.srp_salt


async def test_a_crowd_is_turned_away(made: Argon2Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAITING", 0)
    with pytest.raises(Unavailable):
        await made.is_right(None, "x")

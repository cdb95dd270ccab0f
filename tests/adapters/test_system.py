from datetime import UTC
from uuid import UUID

from yett.adapters.system import SystemClock, SystemRandomness


def test_the_clock_is_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_dice_keep_their_shapes_and_do_not_repeat() -> None:
    dice = SystemRandomness()
    assert UUID(dice.uuid()).version == 4
    assert len(dice.token_bytes(7)) == 7
    assert set(dice.text("ab", 100)) == {"a", "b"}
    assert dice.text("abcdefgh", 32) != dice.text("abcdefgh", 32)

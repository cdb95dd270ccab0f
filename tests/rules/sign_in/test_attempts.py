from datetime import UTC, datetime, timedelta

from yett.rules.sign_in.attempts import is_locked, next_failures

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_locks_begin_at_the_fifth_failure_and_double_up_to_fifteen_minutes() -> None:
    found, moment, locks = None, NOW, []
    for _ in range(15):
        found = next_failures(found, now=moment)
        until = found.locked_until
        locks.append(0 if until is None else int((until - moment).total_seconds()))
        moment = moment if until is None else until
    assert locks == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]


def test_a_lock_ends_at_its_moment_and_failures_are_forgotten_after_fifteen_minutes() -> None:
    found = None
    for _ in range(5):
        found = next_failures(found, now=NOW)
    assert is_locked(found, now=NOW)
    assert not is_locked(found, now=NOW + timedelta(seconds=1))
    assert next_failures(found, now=NOW + timedelta(minutes=15)).count == 1
    assert not is_locked(None, now=NOW)

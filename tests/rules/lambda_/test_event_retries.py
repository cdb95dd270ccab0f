from datetime import UTC, datetime, timedelta

import pytest

from yett.rules.lambda_.event_retries import EventConfig, due_after_failure, due_after_refusal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def config(retries: int | None = None, age: int | None = None) -> EventConfig:
    return EventConfig(updated_at=NOW, maximum_retries=retries, maximum_age_seconds=age)


@pytest.mark.parametrize(
    ("given", "pauses"),
    [(None, [60, 120, None]), (config(0), [None]), (config(1), [60, None]), (config(2, 60), [60, None])],
)
def test_a_failed_event_is_tried_again_after_one_minute_then_two(
    given: EventConfig | None, pauses: list[int | None]
) -> None:
    now = NOW
    for failures, pause in enumerate(pauses, 1):
        due = due_after_failure(given, failures=failures, accepted_at=NOW, now=now)
        assert due == (None if pause is None else now + timedelta(seconds=pause))
        now = due or now


def test_one_that_cannot_be_run_is_tried_for_six_hours_with_growing_pauses() -> None:
    now, pauses = NOW, []
    for refusals in range(1, 1000):
        due = due_after_refusal(None, refusals=refusals, accepted_at=NOW, now=now)
        if due is None:
            break
        pauses.append((due - now).total_seconds())
        now = due
    assert pauses[:4] == [1, 2, 4, 8]
    assert max(pauses) == 300
    assert timedelta(hours=5, minutes=54) < now - NOW <= timedelta(hours=6)
    assert due_after_refusal(config(age=60), refusals=1, accepted_at=NOW, now=NOW + timedelta(seconds=60)) is None

"""Invocations that nobody waits for: how often they are tried, and when.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

RETRIES: Final = 2  # after a failure of the function
AGE_SECONDS: Final = 21_600
FAILURE_PAUSES_SECONDS: Final = (60.0, 120.0)  # after the first failure, and after any other
REFUSAL_PAUSES_SECONDS: Final = (1.0, 300.0)  # throttled or not runnable: from the one, doubled up to the other
_DOUBLINGS: Final = 16  # enough to reach it


class EventConfig(Struct, frozen=True, kw_only=True):
    """What PutFunctionEventInvokeConfig sets; None is Lambda's default."""

    updated_at: datetime
    maximum_retries: int | None = None
    maximum_age_seconds: int | None = None


def due_after_failure(
    config: EventConfig | None, *, failures: int, accepted_at: datetime, now: datetime
) -> datetime | None:
    """When to try an event again whose function has failed *failures* times; None for never."""
    retries = RETRIES if config is None or config.maximum_retries is None else config.maximum_retries
    if failures > retries:
        return None
    pause = FAILURE_PAUSES_SECONDS[0] if failures == 1 else FAILURE_PAUSES_SECONDS[1]
    return within_age(config, now + timedelta(seconds=pause), accepted_at)


def due_after_refusal(
    config: EventConfig | None, *, refusals: int, accepted_at: datetime, now: datetime
) -> datetime | None:
    """When to try an event again that could not be run, for the *refusals*th time in a row; None for never."""
    first, longest = REFUSAL_PAUSES_SECONDS
    pause = min(first * 2 ** min(refusals - 1, _DOUBLINGS), longest)
    return within_age(config, now + timedelta(seconds=pause), accepted_at)


def within_age(config: EventConfig | None, due_at: datetime, accepted_at: datetime) -> datetime | None:
    """*due_at*, unless the event would be older then than it may be."""
    age = AGE_SECONDS if config is None or config.maximum_age_seconds is None else config.maximum_age_seconds
    return None if due_at - accepted_at > timedelta(seconds=age) else due_at

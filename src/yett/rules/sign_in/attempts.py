"""Wrong attempts in a row, and the locks that they bring: the same for passwords and for one-time codes."""

from datetime import datetime, timedelta

from msgspec import Struct

from yett.rules.sign_in.limits import FAILURES_FORGOTTEN_AFTER, FREE_FAILURES, LONGEST_LOCK


class Failures(Struct, frozen=True, kw_only=True):
    """Failed attempts in a row."""

    count: int
    last_at: datetime
    locked_until: datetime | None = None


def is_locked(failures: Failures | None, *, now: datetime) -> bool:
    """Whether so many failures keep whoever had them from trying now."""
    return failures is not None and failures.locked_until is not None and now < failures.locked_until


def next_failures(before: Failures | None, *, now: datetime) -> Failures:
    """One more wrong attempt: from the fifth on there is a lock, of 1 s, 2 s, 4 s ... up to 15 minutes.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html (lockout behaviour)
    """
    count = 1 if before is None or now - before.last_at >= FAILURES_FORGOTTEN_AFTER else before.count + 1
    locked_until = None
    if count >= FREE_FAILURES:
        seconds = min(2 ** min(count - FREE_FAILURES, 20), LONGEST_LOCK.total_seconds())
        locked_until = now + timedelta(seconds=seconds)
    return Failures(count=count, last_at=now, locked_until=locked_until)

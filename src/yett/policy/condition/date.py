"""Date operators: W3C's profile of ISO 8601, or seconds since 1970.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
Source: https://www.w3.org/TR/NOTE-datetime
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from yett.policy.limits import EPOCH_DIGITS, REMEMBERED_VALUES

_EPOCH: Final = re.compile(rf"-?[0-9]{{1,{EPOCH_DIGITS}}}")
_DATE: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|([+-])([0-9]{2}):([0-9]{2})))?)?)?"
)
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
NANOSECONDS: Final = 1_000_000_000


@lru_cache(maxsize=REMEMBERED_VALUES)
def read_date(text: str) -> int | None:
    """The moment that *text* writes, in nanoseconds since 1970; None where it is none.

    Four digits are a year; any other number of digits are seconds. What a date leaves out is its beginning, in UTC.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return int(text) * NANOSECONDS if _EPOCH.fullmatch(text) else None
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = found.groups()
    try:
        offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=timezone(-offset if sign == "-" else offset),
        )
    except ValueError:
        return None
    seconds = (moment - _START) // timedelta(seconds=1)
    return seconds * NANOSECONDS + int((fraction or "").ljust(9, "0"))

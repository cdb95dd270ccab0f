from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.condition.date import NANOSECONDS, read_date


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_written_as_iso_8601_is_read_exactly(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    text = whole.strftime(f"{whole.year:04}-%m-%dT%H:%M:%S") + f".{moment.microsecond:06}Z"
    read = read_date(text)
    assert read is not None
    assert read == int(whole.timestamp()) * NANOSECONDS + moment.microsecond * 1000


@pytest.mark.parametrize("text", ["", "2020-02-30", "2020-1-1", "2020-01-01T00:00:00", "1" * 16, "2020-01-01 00:00Z"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None

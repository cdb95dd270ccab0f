"""The date formats of AWS's protocols, from and to aware UTC datetimes."""

from datetime import UTC, datetime
from typing import Final

ISO_8601_BASIC: Final = "%Y%m%dT%H%M%SZ"  # 20150830T123600Z, as in X-Amz-Date


def render_basic(moment: datetime) -> str:
    """``20150830T123600Z``."""
    return moment.astimezone(UTC).strftime(ISO_8601_BASIC)


def render_iso(moment: datetime) -> str:
    """``2015-08-30T12:36:00Z``, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def render_epoch(moment: datetime) -> float:
    """Seconds since 1970, with milliseconds at most."""
    return round(moment.timestamp(), 3)


def parse_iso(text: str) -> datetime:
    """Read ``2015-08-30T12:36:00Z`` or with an offset; a moment without one is UTC.

    Raises:
        ValueError: It is no such moment.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

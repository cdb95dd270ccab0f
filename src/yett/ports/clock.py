"""The time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is; tests move it."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        ...

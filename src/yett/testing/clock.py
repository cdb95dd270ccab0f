"""A clock that tests move."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """The system's time and an offset: it goes on by itself, and jumps when told."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, **by: float) -> None:
        """Jump ahead: ``advance(minutes=61)``. The words are those of `datetime.timedelta`; backwards is refused."""
        step = timedelta(**by)
        if step < timedelta():
            raise ValueError("time goes forwards; a new test begins at the present")
        self._offset += step

    def reset(self) -> None:
        """Be back at the present."""
        self._offset = timedelta()

"""How many calls ended how, by route: integers in memory, added to at the end of a call and read when somebody asks.

Names are the deployment's own, never the caller's: their number is bounded by what is deployed, and by a limit.
"""

from bisect import bisect_left
from typing import Final

from msgspec import Struct

# Seconds; upper bounds, the last one API Gateway's longest integration. What took longer falls into one more bucket.
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 29.0)
MAX_ROWS: Final = 10_000  # what comes on top is counted, without its names
NAMELESS: Final = ("", "", "", "", "")

# API id, stage, method, resource path, authorization type, outcome, status, authorizer, "hit" or "miss" of its cache
Key = tuple[str, str, str, str, str, str, int, str, str]


class Counted(Struct, frozen=True, kw_only=True):
    """Calls that were alike."""

    api_id: str  # "" where the call named no API that there is
    stage: str
    method: str  # as the API has it: "GET" … or "ANY"; "" where the call found none, as the path is
    resource_path: str  # "/pets/{id}"
    authorization_type: str
    outcome: str  # as a decision trace has it
    status: int
    authorizer: str  # its name; "" without one
    cache: str  # "hit", "miss", or "" where no Lambda authorizer gave an answer
    seconds: float  # altogether
    buckets: tuple[int, ...]  # how many took at most each of BOUNDS, each call in one; the last: longer

    @property
    def calls(self) -> int:
        """How many."""
        return sum(self.buckets)


class Row:
    """Calls that were alike, being counted."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.buckets = [0] * (len(BOUNDS) + 1)

    def add(self, seconds: float) -> None:
        """One more that has ended."""
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


class Tally:
    """Calls counted in one process since it began."""

    def __init__(self) -> None:
        self._rows: dict[Key, Row] = {}

    def row(self, key: Key) -> Row:
        """The row of these names, for as long as the process lives."""
        return self._rows.get(key) or self._add(key)

    def counted(self) -> tuple[Counted, ...]:
        """All that was counted."""
        return tuple(
            Counted(
                api_id=key[0],
                stage=key[1],
                method=key[2],
                resource_path=key[3],
                authorization_type=key[4],
                outcome=key[5],
                status=key[6],
                authorizer=key[7],
                cache=key[8],
                seconds=row.seconds,
                buckets=tuple(row.buckets),
            )
            for key, row in self._rows.items()
        )

    def _add(self, key: Key) -> Row:
        if len(self._rows) >= MAX_ROWS:
            key = (*NAMELESS, key[5], key[6], "", "")
        return self._rows.setdefault(key, Row())

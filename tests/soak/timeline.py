"""What held when: a switch has one value, or, while it is being thrown, either."""

import time
from typing import Generic, TypeVar

T = TypeVar("T")


class Switch(Generic[T]):
    """A value that changes at moments known to the driver only as *between* asking for the change and being told."""

    def __init__(self, value: T) -> None:
        self.value = value
        self._history: list[tuple[float, frozenset[T]]] = [(0.0, frozenset({value}))]

    def begin(self, value: T) -> None:
        """A change to *value* has been asked for."""
        self._history.append((time.monotonic(), frozenset({self.value, value})))

    def settle(self, value: T, *, after_seconds: float = 0.0) -> None:
        """It is done; within *after_seconds* the old value may still show."""
        old, self.value = self.value, value
        now = time.monotonic()
        if after_seconds:
            self._history.append((now, frozenset({old, value})))
        self._history.append((now + after_seconds, frozenset({value})))

    def during(self, start: float, end: float) -> frozenset[T]:
        """Every value that it may have had at some moment from *start* to *end*."""
        found: frozenset[T] = frozenset()
        for number, (since, values) in enumerate(self._history):
            until = self._history[number + 1][0] if number + 1 < len(self._history) else float("inf")
            if since <= end and until >= start:
                found |= values
        return found


class Disturbances:
    """Which kinds of calls may fail, and when: while a fault is on, and for a moment of recovery after."""

    RECOVERY_SECONDS = 1.5

    def __init__(self) -> None:
        self._spans: list[tuple[float, float, frozenset[str]]] = []
        self._open: dict[str, tuple[float, frozenset[str]]] = {}

    def begin(self, fault: str, kinds: frozenset[str]) -> None:
        self._open[fault] = (time.monotonic(), kinds)

    def end(self, fault: str) -> None:
        since, kinds = self._open.pop(fault)
        self._spans.append((since, time.monotonic() + self.RECOVERY_SECONDS, kinds))

    def touched(self, kind: str, start: float, end: float) -> bool:
        """Whether a fault of this kind of call was on at some moment from *start* to *end*."""
        names = {kind, "*"}
        if any(names & kinds and since <= end for since, kinds in self._open.values()):
            return True
        return any(names & kinds and since <= end and until >= start for since, until, kinds in self._spans)

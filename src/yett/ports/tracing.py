"""Port: spans of calls, for a tracing system beside the gateway."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from yett.values.http import HttpRequest


class Part(Struct, frozen=True):
    """A step of the call within it, in seconds since the call began."""

    name: str
    begins: float
    ends: float


class Ended(Struct, frozen=True, kw_only=True):
    """What a span says once its call is over."""

    name: str
    attributes: Mapping[str, str | int | bool]
    parts: tuple[Part, ...]
    seconds: float
    failed: bool  # whether it is the gateway's or the backend's fault, not the caller's


class Span(Protocol):
    """A call's span, from when it came in."""

    def carry(self, request: HttpRequest) -> HttpRequest:
        """The request as backends and authorizers see it: its trace headers name this span as the parent."""
        ...

    def end(self, ended: Ended) -> None:
        """The call is over. Neither waits nor raises."""
        ...


class Tracing(Protocol):
    """Begins spans."""

    def begin(self, request: HttpRequest) -> Span:
        """The span of a call that has just come in, below the one that its headers name, if they name one."""
        ...

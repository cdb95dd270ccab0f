"""What whoever watches a deployment is told."""

from collections.abc import Callable

from msgspec import Struct

from yett.values.errors import Refusal, Unavailable


class Event(Struct, frozen=True, kw_only=True):
    """One step of a deployment."""

    logical_id: str
    type: str
    action: str  # "create", "update", "replace", "remake", "keep", "delete", "retain", "undo"
    state: str  # "started", "done", "failed"
    physical_id: str = ""
    detail: str = ""


Progress = Callable[[Event], None]


def describe(error: Refusal | Unavailable) -> str:
    """What a refusal says, without its code."""
    return str(getattr(error, "message", "") or error.reason)

"""JSON as policies want it read: no member twice, numbers to the last digit, no depth without end."""

import json
from collections.abc import Mapping
from decimal import Decimal

from yett.policy.limits import NESTING_LEVELS


class DuplicateMember(ValueError):
    """An object has a member of one name twice; the text is the name."""


def load(text: str) -> object:
    """The JSON value of a text.

    Raises:
        DuplicateMember: An object has a member twice.
        ValueError: It is no JSON.
        RecursionError: It is nested without end.
    """
    return json.loads(
        text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=Decimal, parse_int=_integer
    )


def is_too_deep(value: object) -> bool:
    """Whether the value is nested deeper than any policy."""
    level: list[object] = [value]
    for _ in range(NESTING_LEVELS):
        level = [
            child
            for parent in level
            if isinstance(parent, Mapping | list | tuple)
            for child in (parent.values() if isinstance(parent, Mapping) else parent)
        ]
    return bool(level)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise DuplicateMember(name)
        members[name] = value
    return members


def _no_constant(name: str) -> object:
    raise ValueError(f"`{name}` is no JSON")


def _integer(text: str) -> Decimal:
    return Decimal(text)

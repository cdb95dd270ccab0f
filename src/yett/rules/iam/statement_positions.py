"""Where in its text each statement of a policy stands.

OBSERVED: a Column is one more than the character's number in its line, counted from one, as in the answers of
https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html
"""

import json
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

WHITE_SPACE: Final = " \t\r\n"


class Position(Struct, frozen=True):
    """A place in a text, as simulations write it."""

    line: int  # from 1
    column: int


class Span(Struct, frozen=True):
    """From the brace that opens a statement to the one that closes it."""

    start: Position
    end: Position


def statement_spans(text: str) -> tuple[Span, ...]:
    """The spans of the statements, in their order. The text is a policy that parses."""
    spans = []
    for name, start in _members(text, _skip(text, 0)):
        if name != "Statement":
            continue
        starts = [start] if text[start] == "{" else _items(text, start)
        spans = [Span(_position(text, each), _position(text, _end(text, each) - 1)) for each in starts]
    return tuple(spans)


def _position(text: str, index: int) -> Position:
    return Position(text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 2)


def _skip(text: str, index: int) -> int:
    while text[index] in WHITE_SPACE:
        index += 1
    return index


def _members(text: str, index: int) -> Iterator[tuple[str, int]]:
    """The names of an object's members, and where their values begin."""
    index = _skip(text, index + 1)
    while text[index] != "}":
        name, index = _decode(text, index)
        index = _skip(text, _skip(text, index) + 1)  # past the colon
        yield str(name), index
        index = _skip(text, _end(text, index))
        index = _skip(text, index + 1) if text[index] == "," else index


def _items(text: str, index: int) -> list[int]:
    """Where the items of an array begin."""
    found = []
    index = _skip(text, index + 1)
    while text[index] != "]":
        found.append(index)
        index = _skip(text, _end(text, index))
        index = _skip(text, index + 1) if text[index] == "," else index
    return found


def _end(text: str, index: int) -> int:
    """Where the value that begins here has ended."""
    return _decode(text, index)[1]


_decode: Final[Callable[[str, int], tuple[object, int]]] = json.JSONDecoder().raw_decode

"""Patterns with ``*`` and ``?``: compiled once, matched without backtracking into what was already found.

A pattern is a sequence of tokens: literal text, which never acts as a wildcard whatever it holds, and wildcards. Policy
variables put literal tokens between the wildcards of the pattern they stand in.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from operator import methodcaller
from typing import Final

from msgspec import Struct


class Wild(Enum):
    """What a wildcard stands for."""

    ANY = "any run of characters"
    ONE = "one character"
    ANY_IN_SEGMENT = "any run of characters but colons"
    ONE_IN_SEGMENT = "one character but a colon"


Token = str | Wild

_WILDCARD: Final = re.compile(r"([*?])")
_WILDCARDS: Final[Mapping[str, Wild]] = {"*": Wild.ANY, "?": Wild.ONE}


class Chunk(Struct, frozen=True):
    """Text of a fixed length between two ``*``: literal runs, each at its offset; gaps are ``?``."""

    length: int
    runs: tuple[tuple[int, str], ...]
    literal: str | None = None  # the whole of it, where it has no gaps

    def stands_at(self, text: str, position: int) -> bool:
        """Whether *text* holds this chunk at *position*; the caller has checked that it is long enough."""
        if self.literal is not None:
            return text.startswith(self.literal, position)
        return all(text.startswith(run, position + offset) for offset, run in self.runs)

    def find(self, text: str, start: int, end: int) -> int:
        """The first position in ``text[start:end]`` where the whole chunk stands, or -1."""
        if self.literal is not None:
            return text.find(self.literal, start, end)
        if not self.runs:
            return start if start + self.length <= end else -1
        offset, run = self.runs[0]
        while True:
            at = text.find(run, start + offset, end)
            if at < 0 or at - offset + self.length > end:
                return -1
            if self.stands_at(text, at - offset):
                return at - offset
            start = at - offset + 1


class Glob:
    """A compiled pattern whose wildcards cross everything."""

    __slots__ = ("_ends", "_first", "_last", "_least", "_literal", "_middle", "chunks")

    def __init__(self, tokens: Iterable[Token]) -> None:
        chunks = _chunks(tokens)
        self.chunks: tuple[Chunk, ...] = chunks
        self._first = chunks[0]
        self._last = chunks[-1]
        self._middle = chunks[1:-1]
        self._least = sum(chunk.length for chunk in chunks)
        self._literal = chunks[0].literal if len(chunks) == 1 else None
        head, tail = self._first.literal, self._last.literal
        self._ends = (head, tail) if len(chunks) == 2 and head is not None and tail is not None else None

    @property
    def literal(self) -> str | None:
        """The one text it matches; None where it has a wildcard."""
        return self._literal

    @property
    def prefix(self) -> str:
        """The literal text with which everything it matches begins."""
        match self._first.runs:
            case ((0, run), *_):
                return run
            case _:
                return ""

    @property
    def runs(self) -> tuple[str, ...]:
        """The pieces of literal text that everything it matches holds."""
        return tuple(run for chunk in self.chunks for _, run in chunk.runs)

    @property
    def test(self) -> Callable[[str], bool]:
        """What says the same as `matches`, as quickly as can be for this pattern."""
        if self._literal is not None:
            return self._literal.__eq__
        if self._ends is not None and "" in self._ends:
            head, tail = self._ends
            return methodcaller("endswith", tail) if head == "" else methodcaller("startswith", head)
        return self.matches

    def matches(self, text: str) -> bool:
        """Whether the pattern covers the whole of *text*: in time linear in it, for patterns without ``?``."""
        if self._literal is not None:
            return text == self._literal
        if self._ends is not None:
            head, tail = self._ends
            return len(text) >= self._least and text.startswith(head) and text.endswith(tail)
        if len(self.chunks) == 1:
            return len(text) == self._least and self._first.stands_at(text, 0)
        if len(text) < self._least or not self._first.stands_at(text, 0):
            return False
        end = len(text) - self._last.length
        if not self._last.stands_at(text, end):
            return False
        position = self._first.length
        for chunk in self._middle:
            position = chunk.find(text, position, end)
            if position < 0:
                return False
            position += chunk.length
        return True


class SegmentedGlob:
    """A compiled pattern some of whose wildcards stay between two colons."""

    __slots__ = ("_tokens",)

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens: tuple[Token, ...] = tuple(
            part for token in tokens for part in (token if isinstance(token, str) else (token,))
        )

    @property
    def test(self) -> Callable[[str], bool]:
        """What says the same as `matches`."""
        return self.matches

    def matches(self, text: str) -> bool:
        """Whether the pattern covers the whole of *text*, in at most quadratic time.

        Two places to return to suffice: a later star that crosses everything makes up for any earlier one, and within
        one segment a later star for an earlier one.
        """
        tokens, token, position = self._tokens, 0, 0
        wide: tuple[int, int] | None = None
        narrow: tuple[int, int] | None = None
        while True:
            here = tokens[token] if token < len(tokens) else None
            if here is Wild.ANY:
                wide, narrow, token = (token, position), None, token + 1
            elif here is Wild.ANY_IN_SEGMENT:
                narrow, token = (token, position), token + 1
            elif here is None and position == len(text):
                return True
            elif here is not None and position < len(text) and _takes(here, text[position]):
                token, position = token + 1, position + 1
            elif narrow is not None and narrow[1] < len(text) and text[narrow[1]] != ":":
                narrow = (narrow[0], narrow[1] + 1)
                token, position = narrow[0] + 1, narrow[1]
            elif wide is not None and wide[1] < len(text):
                wide, narrow = (wide[0], wide[1] + 1), None
                token, position = wide[0] + 1, wide[1]
            else:
                return False


def read_wildcards(pattern: str) -> tuple[Token, ...]:
    """The tokens of a pattern in which ``*`` is any run of characters and ``?`` is one."""
    return tuple([_WILDCARDS.get(part, part) for part in _WILDCARD.split(pattern) if part])


def glob(pattern: str) -> Glob:
    """Compile a pattern in which ``*`` is any run of characters and ``?`` is one."""
    return Glob(read_wildcards(pattern))


def _takes(token: Token, character: str) -> bool:
    return token is Wild.ONE or (token is Wild.ONE_IN_SEGMENT and character != ":") or token == character


_EMPTY: Final = Chunk(0, (), "")


def _chunks(tokens: Iterable[Token]) -> tuple[Chunk, ...]:
    """The chunks between the stars: one where there is no star; the first and the last may be empty."""
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token is Wild.ANY:
            groups.append([])
        else:
            groups[-1].append(token)
    ends = (0, len(groups) - 1)
    return tuple(_chunk(group) for number, group in enumerate(groups) if group or number in ends)


def _chunk(tokens: Sequence[Token]) -> Chunk:
    match tokens:
        case []:
            return _EMPTY
        case [str(text)] if text:
            return Chunk(len(text), ((0, text),), text)
    runs: list[tuple[int, str]] = []
    length = 0
    for token in tokens:
        if isinstance(token, str):
            if runs and runs[-1][0] + len(runs[-1][1]) == length:
                runs[-1] = (runs[-1][0], runs[-1][1] + token)
            else:
                runs.append((length, token))
            length += len(token)
        else:
            length += 1
    pieces = tuple((offset, run) for offset, run in runs if run)
    text = "".join(run for _, run in pieces)
    return Chunk(length, pieces, text if len(text) == length else None)

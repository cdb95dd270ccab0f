"""hypothesis strategies for parameters and results, made from shapes."""

import string
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from yett.wire.shapes import Kind, Location, Member, Shape

MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), max_size=12)
WORD = st.text(string.ascii_letters + string.digits + "-_.~ /:@", min_size=1, max_size=12).map(
    lambda t: t.strip() or "x"
)
DEPTH = 4


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape, without regard to constraints."""
    match shape.kind:
        case Kind.STRUCTURE if shape.is_document:
            return st.dictionaries(st.sampled_from("ab"), st.integers() | st.booleans(), max_size=2)
        case Kind.STRUCTURE:
            return structures(shape, depth)
        case Kind.LIST:
            item = shape.members["member"].shape
            return st.lists(values(item, depth + 1), max_size=0 if depth > DEPTH else 2)
        case Kind.MAP:
            item = shape.members["value"].shape
            return st.dictionaries(WORD, values(item, depth + 1), max_size=0 if depth > DEPTH else 2)
        case Kind.STRING:
            return st.sampled_from(shape.enum) if shape.enum else TEXT
        case Kind.INTEGER | Kind.LONG:
            return st.integers(-(2**31), 2**31 - 1)
        case Kind.FLOAT | Kind.DOUBLE:
            return st.integers(-1000, 1000).map(lambda n: n / 4)
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.BLOB:
            return st.binary(min_size=1, max_size=8)
        case Kind.TIMESTAMP:
            return MOMENTS


def structures(shape: Shape, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """A structure with the members it requires, those that travel in the path, and some others."""
    members = shape.members if depth <= DEPTH else {n: shape.members[n] for n in shape.required}
    needed = {
        name: placed(member, depth)
        for name, member in members.items()
        if name in shape.required or member.location is Location.URI
    }
    further = {name: placed(member, depth) for name, member in members.items() if name not in needed}
    return st.lists(st.sampled_from(sorted(further) or [""]), max_size=5, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries(needed | {name: further[name] for name in chosen if name})
    )


def placed(member: Member, depth: int) -> st.SearchStrategy[Any]:
    """A member's values; outside the body only what can be written there."""
    shape = member.shape
    if member.location is None or shape.kind is not Kind.STRING or shape.enum:
        if shape.kind is Kind.LIST and member.location is Location.QUERY_STRING:
            return st.lists(WORD, min_size=1, max_size=3)
        return values(shape, depth + 1)
    return WORD

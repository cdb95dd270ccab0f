"""Header lines as text that is safe to put on a wire: a value from a template or a backend adds no line of its own."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 (token) and #section-5.5 (field values)
TOKEN_BYTES: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VALUE_BYTES: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))

_KNOWN_NAMES_LIMIT: Final = 4096  # entries; names are few, and checking one costs more than looking it up
_known_names: set[str] = set()


def render_header_lines(lines: Iterable[tuple[str, str]]) -> bytes:
    """Each line as ``Name: value CRLF``, in Latin-1; nothing follows the last one.

    Raises:
        ValueError: A name is no token, or a value holds a control character or one outside Latin-1.
    """
    pairs = list(lines)
    for name, _ in pairs:
        if name not in _known_names:
            _check_name(name)
    block = "".join([f"{name}: {value}\r\n" for name, value in pairs]).encode("latin-1")
    count = len(pairs)
    # One pass over the block instead of one over each value: what is left is a CR and an LF a line, or a fault.
    if block.translate(None, VALUE_BYTES) != b"\r\n" * count or block.count(b"\r\n") != count:
        raise ValueError("a header value holds a control character")
    return block


@lru_cache(maxsize=64)  # nearly every line says `keep-alive` or `close`
def connection_options(value: str) -> frozenset[str]:
    """The options of a Connection line's value, in lower case; several lines are given joined by commas.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
    """
    return frozenset(option.strip(" \t").lower() for option in value.split(","))


def is_token(text: str) -> bool:
    """Whether the text is a token of RFC 9110: a method or a header name."""
    return bool(text) and text.isascii() and not text.encode().translate(None, TOKEN_BYTES)


def _check_name(name: str) -> None:
    if not is_token(name):
        raise ValueError("a header name is no token")
    if len(_known_names) < _KNOWN_NAMES_LIMIT and len(name) <= 64:
        _known_names.add(name)

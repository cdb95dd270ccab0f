"""Text that hides itself."""

import hmac
from typing import Final

HIDDEN: Final = "Secret('…')"


class Secret:
    """A secret text. Its ``repr`` hides it, msgspec will not encode it, and comparing takes the same time always."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Every use of this is a place to look at in a review."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        raise TypeError("a secret is no key")

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

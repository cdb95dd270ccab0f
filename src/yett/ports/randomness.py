"""Dice."""

from typing import Final, Protocol

LOWER_ALPHANUMERIC: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
UPPER_ALPHANUMERIC: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # base 32, as in IAM's unique ids
ALPHANUMERIC: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Randomness(Protocol):
    """Unpredictable bytes and what is made of them: every method draws from the system's secure source."""

    def token_bytes(self, count: int) -> bytes:
        """That many bytes."""
        ...

    def uuid(self) -> str:
        """A version 4 UUID, lower case."""
        ...

    def text(self, alphabet: str, length: int) -> str:
        """Characters drawn evenly from the alphabet."""
        ...

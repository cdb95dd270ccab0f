"""Request ids, drawn from the system's randomness many at a time: one ``uuid4`` costs more than parsing a request."""

import os
from typing import Final

_BATCH: Final = 512  # ids a draw
_BYTES: Final = 16  # of a UUID
# By the 17th digit: the two bits that RFC 9562 fixes.
_VARIANT: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


class RequestIds:
    """A supply of random (version 4) UUIDs, as text.

    Source: https://www.rfc-editor.org/rfc/rfc9562#section-5.4
    """

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: list[str] = []
        os.register_at_fork(after_in_child=self._ids.clear)  # a child never repeats its parent's ids

    def take(self) -> str:
        """The next id."""
        if not self._ids:
            self._draw()
        return self._ids.pop()

    def _draw(self) -> None:
        digits = os.urandom(_BATCH * _BYTES).hex()
        for start in range(0, len(digits), 2 * _BYTES):
            text = digits[start : start + 2 * _BYTES]
            variant = _VARIANT[text[16]]
            self._ids.append(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}")

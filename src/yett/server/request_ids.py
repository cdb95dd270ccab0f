"""Request ids, drawn from the system's randomness many at a time: one ``uuid4`` costs more than parsing a request."""

import os
import re
from typing import Final

_BATCH: Final = 512  # ids a draw
_BYTES: Final = 16  # of a UUID
_PARTS: Final = re.compile("(.{8})(.{4}).(.{3}).(.{3})(.{12})")
# Version 4; of the variant's digit RFC 9562 fixes two bits, and we fix the others.
_UUID: Final = "%s-%s-4%s-a%s-%s"


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
        self._ids += [_UUID % parts for parts in _PARTS.findall(digits)]

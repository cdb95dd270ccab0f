"""The public keys of a token issuer."""

from datetime import datetime
from typing import Protocol

from yett.tokens import KeySet


class KeySets(Protocol):
    """Key sets by user pool or issuer.

    ``current`` never waits. A generation moves when the key set changes; whatever was verified under an older one
    must be
    verified again.
    """

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        """The key set in memory and its generation; None means: ask ``resolve``."""
        ...

    async def resolve(self, issuer: str, *, now: datetime, unknown_kid: bool = False) -> tuple[KeySet, int] | None:
        """The issuer's key set, fetched if need be (rate-limited when a token names a kid that is not in it).

        Raises:
            Unavailable: The issuer could not be reached, or answered no key set.
        """
        ...

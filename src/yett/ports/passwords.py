"""Hashing of passwords: slow on purpose, and never on the event loop."""

from typing import Protocol

from yett.rules.cognito_idp.users import PasswordRecord
from yett.values.secret import Secret


class Passwords(Protocol):
    """Makes and checks password records with argon2id, a bounded number at a time.

    A check of a user that does not exist, or has no password, costs the same work as any other.
    """

    async def make(self, password: str, *, pool_id: str, username: str) -> PasswordRecord:
        """A record of the password, for this user of this pool.

        Raises:
            Unavailable: Too many wait already.
        """
        ...

    async def make_hash(self, password: str) -> Secret:
        """What is kept of a password that is only ever checked whole.

        Raises:
            Unavailable: Too many wait already.
        """
        ...

    async def fits(self, kept: Secret | None, password: str) -> bool:
        """Whether it is the password of such a hash; never of None.

        Raises:
            Unavailable: Too many wait already.
        """
        ...

    async def is_right(self, record: PasswordRecord | None, password: str) -> bool:
        """Whether it is the password of the record; never of None.

        Raises:
            Unavailable: Too many wait already.
        """
        ...

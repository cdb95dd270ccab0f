"""Callers whose secret cannot be known here, and whom somebody vouches for."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Voucher(Struct, frozen=True, kw_only=True):
    """A rule: who presents this access key is taken for this principal, until a moment."""

    id: str
    access_key_id: str
    principal: str  # ARN of a user or an assumed-role session that there is
    made_by: str  # ARN
    made_at: datetime
    expires_at: datetime


class Vouching(Protocol):
    """Rules of this process's memory alone: none survives it."""

    def find(self, access_key_id: str, *, now: datetime) -> Voucher | None:
        """The rule that names the access key, unless it has expired."""
        ...

    def all(self, *, now: datetime) -> tuple[Voucher, ...]:
        """Every rule that has not expired, oldest first."""
        ...

    def add(self, voucher: Voucher) -> None:
        """Have a rule; one for the same access key goes."""
        ...

    def remove(self, voucher_id: str) -> bool:
        """Have it no more; whether it was there."""
        ...

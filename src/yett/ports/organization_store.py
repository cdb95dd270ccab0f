"""Organizations: their accounts, units and policies."""

from collections.abc import Callable
from typing import Protocol

from yett.rules.organizations.tree import Organization


class OrganizationStore(Protocol):
    """An account is in one organization at most. A *change* is pure, may run more than once, in a thread."""

    async def find(self, account: str) -> Organization | None:
        """The organization that the account is in, as management or member account."""
        ...

    async def add(self, organization: Organization) -> None:
        """Raises:
        AlreadyExists: One of its accounts is in an organization already.
        """
        ...

    async def update(
        self, management_account: str, change: Callable[[Organization], Organization]
    ) -> Organization | None:
        """Replace the organization by what *change* makes of it, and return that; None if the account manages none."""
        ...

    async def remove(self, management_account: str, check: Callable[[Organization], None]) -> bool:
        """Remove the organization unless *check* raises; whether there was one."""
        ...

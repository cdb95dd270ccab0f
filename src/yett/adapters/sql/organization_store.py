"""Organizations in the database: one document each, and a pointer from each account."""

from collections.abc import Callable
from typing import Final

import msgspec

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.revisions import membership_scope, organization_scope
from yett.rules.organizations.tree import Organization

KIND: Final = "organizations.organization"
MEMBERSHIP: Final = "organization-of"  # pointer: account -> its organization


class SqlOrganizationStore:
    """The organization's document lies in its management account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, account: str) -> Organization | None:
        """The organization that the account is in."""
        return await self._database.read(lambda transaction: organization_of(transaction, account))

    async def add(self, organization: Organization) -> None:
        """Add an organization; AlreadyExists if one of its accounts is in one."""

        def work(transaction: Transaction) -> None:
            place = organization.management_account
            for account in organization.accounts:
                transaction.point(MEMBERSHIP, account.id, place, "", KIND)
                transaction.touch(membership_scope(account.id))
            transaction.add(place, "", KIND, KIND, msgspec.json.encode(organization))

        await self._database.write(work)

    async def update(
        self, management_account: str, change: Callable[[Organization], Organization]
    ) -> Organization | None:
        """Replace the organization by what *change* makes of it."""

        def work(transaction: Transaction) -> Organization | None:
            body = transaction.find(management_account, "", KIND, KIND)
            if body is None:
                return None
            before = msgspec.json.decode(body, type=Organization)
            after = change(before)
            transaction.replace(management_account, "", KIND, KIND, msgspec.json.encode(after), expected=body)
            old, new = {each.id for each in before.accounts}, {each.id for each in after.accounts}
            for account in sorted(old - new):
                transaction.unpoint(MEMBERSHIP, account)
            for account in sorted(new - old):
                transaction.point(MEMBERSHIP, account, management_account, "", KIND)
            for account in sorted(old ^ new):
                transaction.touch(membership_scope(account))
            transaction.touch(organization_scope(after.id))
            return after

        return await self._database.write(work)

    async def remove(self, management_account: str, check: Callable[[Organization], None]) -> bool:
        """Remove the organization unless *check* raises."""

        def work(transaction: Transaction) -> bool:
            body = transaction.find(management_account, "", KIND, KIND)
            if body is None:
                return False
            organization = msgspec.json.decode(body, type=Organization)
            check(organization)
            for account in organization.accounts:
                transaction.unpoint(MEMBERSHIP, account.id)
                transaction.touch(membership_scope(account.id))
            transaction.touch(organization_scope(organization.id))
            return transaction.remove(management_account, "", KIND, KIND)

        return await self._database.write(work)


def organization_of(transaction: Transaction, account: str) -> Organization | None:
    """The organization that the account is in, within a transaction."""
    pointer = transaction.find_pointer(MEMBERSHIP, account)
    if pointer is None:
        return None
    body = transaction.find(pointer.account, "", KIND, KIND)
    return None if body is None else msgspec.json.decode(body, type=Organization)

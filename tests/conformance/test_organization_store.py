"""What the organization store promises, on every database."""

from datetime import UTC, datetime

import msgspec
import pytest

from yett.adapters.sql.database import Database
from yett.adapters.sql.organization_store import SqlOrganizationStore
from yett.ports.errors import AlreadyExists
from yett.rules.organizations.tree import MemberAccount, Organization

A, B, C = "1" * 12, "2" * 12, "3" * 12


def member(account: str) -> MemberAccount:
    joined = datetime(2026, 1, 1, tzinfo=UTC)
    return MemberAccount(id=account, name=account, email=account, parent_id="r-1", joined_at=joined, is_created=False)


def organization(manager: str, *accounts: str) -> Organization:
    members = tuple(member(each) for each in (manager, *accounts))
    return Organization(
        id=f"o-{manager}", management_account=manager, root_id="r-1", feature_set="ALL", accounts=members
    )


async def test_it_is_found_from_each_of_its_accounts(database: Database) -> None:
    store = SqlOrganizationStore(database)
    await store.add(organization(A, B))
    assert await store.find(A) == await store.find(B) == organization(A, B)
    assert await store.find(C) is None


async def test_an_account_is_in_one_organization(database: Database) -> None:
    store = SqlOrganizationStore(database)
    await store.add(organization(A, B))
    with pytest.raises(AlreadyExists):
        await store.add(organization(C, B))
    assert await store.find(C) is None


async def test_changes_are_for_its_manager_and_move_members(database: Database) -> None:
    store = SqlOrganizationStore(database)
    await store.add(organization(A, B))
    assert await store.update(B, lambda each: each) is None
    await store.update(A, lambda each: msgspec.structs.replace(each, accounts=(member(A), member(C))))
    assert await store.find(B) is None
    assert await store.find(C) is not None


async def test_it_is_removed_unless_the_check_refuses(database: Database) -> None:
    store = SqlOrganizationStore(database)
    await store.add(organization(A, B))

    def refuse(_: Organization) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await store.remove(A, refuse)
    assert await store.remove(A, lambda _: None)
    assert await store.find(B) is None
    assert not await store.remove(A, lambda _: None)

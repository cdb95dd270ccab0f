"""What the store of user pools promises, on every database."""

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec import structs
from tests.services.cognito_idp.world import shared_keys

from yett.adapters.sql.database import Database
from yett.adapters.sql.user_pool_store import SqlUserPoolStore
from yett.ports.errors import AlreadyExists, Conflict
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.attributes import SchemaAttribute
from yett.rules.cognito_idp.groups import Group
from yett.rules.cognito_idp.password_policy import PasswordPolicy
from yett.rules.cognito_idp.sessions import Code
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.rules.cognito_idp.users import User, UserStatus
from yett.values.secret import Secret

A, R = "123456789012", "us-east-1"
PLACE = PoolPlace(A, R, "us-east-1_AAAAAAAAA")
OTHER = PoolPlace("210987654321", R, "us-east-1_BBBBBBBBB")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
CLIENT = AppClient(id="client", name="app", created_at=NOW, modified_at=NOW, secret=Secret("hush"))
CODE = Code(digits=Secret("123456"), expires_at=NOW, attribute="email", sent_since=NOW)


def pool(place: PoolPlace = PLACE, **changes: object) -> UserPool:
    made = UserPool(
        place=place,
        name="pets",
        created_at=NOW,
        modified_at=NOW,
        password_policy=PasswordPolicy(),
        schema=(SchemaAttribute(name="email"),),
        alias_attributes=("email",),
        simulation_key=Secret("key"),
    )
    return structs.replace(made, **changes)


def user(name: str, **attributes: str) -> User:
    return User(
        username=name,
        sub=f"sub-{name}",
        status=UserStatus.CONFIRMED,
        created_at=NOW,
        modified_at=NOW,
        attributes=attributes,
    )


def group(name: str) -> Group:
    return Group(name=name, created_at=NOW, modified_at=NOW)


@pytest.fixture
async def store(database: Database) -> SqlUserPoolStore:
    made = SqlUserPoolStore(database)
    for place in (PLACE, OTHER):
        await made.add_pool(pool(place), shared_keys())
    return made


async def test_a_pool_is_found_with_its_keys_where_it_is_and_nowhere_else(store: SqlUserPoolStore) -> None:
    found = await store.find_pool(PLACE)
    assert found is not None
    assert (found.place, found.simulation_key.reveal()) == (PLACE, "key")
    keys = await store.find_keys(PLACE)
    assert keys is not None
    assert keys.id.private_pem.reveal() == shared_keys().id.private_pem.reveal()
    assert await store.place_of_pool(PLACE.pool_id) == PLACE
    for place in (PoolPlace(OTHER.account, R, PLACE.pool_id), PoolPlace(A, "eu-west-1", PLACE.pool_id)):
        assert await store.find_pool(place) is None
        assert await store.find_keys(place) is None
        assert not await store.remove_pool(place)
        with pytest.raises(Conflict):
            await store.change_pool(place, lambda one: one)
    with pytest.raises(AlreadyExists):
        await store.add_pool(pool(PoolPlace(OTHER.account, R, PLACE.pool_id)), shared_keys())
    assert [one.place for one in await store.list_pools(A, R, after="", limit=10)] == [PLACE]


async def test_a_domain_is_one_pools_in_all_accounts(store: SqlUserPoolStore) -> None:
    await store.change_pool(PLACE, lambda one: structs.replace(one, domain="pets"))
    assert await store.place_of_domain("pets") == PLACE
    with pytest.raises(AlreadyExists):
        await store.change_pool(OTHER, lambda one: structs.replace(one, domain="pets"))
    await store.change_pool(PLACE, lambda one: structs.replace(one, domain=None))
    assert await store.place_of_domain("pets") is None
    await store.change_pool(OTHER, lambda one: structs.replace(one, domain="pets"))
    assert await store.place_of_domain("pets") == OTHER


async def test_a_client_is_one_pools_and_goes_with_it(store: SqlUserPoolStore) -> None:
    await store.add_client(PLACE, CLIENT)
    with pytest.raises(AlreadyExists):
        await store.add_client(OTHER, CLIENT)
    assert await store.place_of_client("client") == PLACE
    assert await store.clients.find(OTHER, "client") is None
    found = await store.clients.find(PLACE, "client")
    assert found is not None
    assert found.secret is not None
    assert found.secret.reveal() == "hush"
    assert await store.remove_pool(PLACE)
    assert await store.place_of_client("client") is None
    await store.add_client(OTHER, CLIENT)
    assert await store.remove_client(OTHER, "client")
    assert not await store.remove_client(OTHER, "client")


async def test_a_shelf_keeps_one_thing_at_a_place(store: SqlUserPoolStore) -> None:
    codes = store.codes
    await codes.add(PLACE, "sub", "reset", value=CODE)
    with pytest.raises(AlreadyExists):
        await codes.add(PLACE, "sub", "reset", value=CODE)
    with pytest.raises(Conflict):
        await codes.change(PLACE, "sub", "other", change=lambda one: one)
    await asyncio.gather(
        *(
            codes.change(PLACE, "sub", "reset", change=lambda one: structs.replace(one, attempts=one.attempts + 1))
            for _ in range(8)
        )
    )
    found = await codes.find(PLACE, "sub", "reset")
    assert found is not None
    assert (found.attempts, found.digits.reveal()) == (8, "123456")
    assert await codes.find(OTHER, "sub", "reset") is None
    put = await codes.put(PLACE, "sub", "other", change=lambda one: one or CODE)
    assert put.attempts == 0
    assert len(await codes.list(PLACE, "sub")) == 2
    assert len(await codes.list(PLACE, "sub", after="other")) == 1
    assert await codes.remove(PLACE, "sub", "other")
    assert not await codes.remove(PLACE, "sub", "other")


async def test_a_user_is_found_by_name_sub_and_alias(store: SqlUserPoolStore) -> None:
    await store.add_user(pool(), user("ann", email="ann@example.com", email_verified="true"))
    for name in ("ann", "sub-ann", "ann@example.com"):
        found = await store.find_user(pool(), name)
        assert found is not None
        assert found.username == "ann"
        assert await store.find_user(pool(OTHER), name) is None
    with pytest.raises(AlreadyExists):
        await store.add_user(pool(), user("ann"))
    with pytest.raises(AlreadyExists):
        await store.add_user(pool(), user("bob", email="ann@example.com", email_verified="true"))
    assert await store.count_users(PLACE) == 1


async def test_of_many_who_sign_up_with_one_name_one_is_added(store: SqlUserPoolStore) -> None:
    answers = await asyncio.gather(
        *(store.add_user(pool(), structs.replace(user("ann"), sub=f"sub-{number}")) for number in range(8)),
        return_exceptions=True,
    )
    assert answers.count(None) == 1
    assert all(isinstance(one, AlreadyExists) for one in answers if one is not None)
    assert await store.count_users(PLACE) == 1


async def test_a_user_changes_as_it_is_now_and_gives_its_alias_up(store: SqlUserPoolStore) -> None:
    ann = user("ann", email="a@example.com", email_verified="true")
    await store.add_user(pool(), ann)
    await store.add_user(pool(), user("bob"))
    bob = await store.find_user(pool(), "bob")
    assert bob is not None

    def take(one: User) -> User:
        return structs.replace(one, attributes={"email": "a@example.com", "email_verified": "true"})

    with pytest.raises(AlreadyExists):
        await store.change_user(pool(), bob, take)
    await store.change_user(pool(), bob, take, takes_aliases=True)
    found = await store.find_user(pool(), "a@example.com")
    assert found is not None
    assert found.username == "bob"
    assert await store.remove_user(pool(), bob)
    assert not await store.remove_user(pool(), bob)
    with pytest.raises(Conflict):
        await store.change_user(pool(), bob, lambda one: one)
    assert await store.find_user(pool(), "a@example.com") is None


async def test_members_come_and_go_with_group_and_user(store: SqlUserPoolStore) -> None:
    ann, bob = user("ann"), user("bob")
    for one in (ann, bob):
        await store.add_user(pool(), one)
    await store.groups.add(PLACE, "vets", value=group("vets"))
    with pytest.raises(Conflict):
        await store.add_member(pool(), "nobody", ann)
    for _ in range(2):
        await store.add_member(pool(), "vets", ann)
    await store.add_member(pool(), "vets", bob)
    assert [one.username for one in await store.members_of(pool(), "vets", after="", limit=1)] == ["ann"]
    assert [one.username for one in await store.members_of(pool(), "vets", after="sub-ann", limit=9)] == ["bob"]
    assert await store.remove_user(pool(), bob)
    assert [one.username for one in await store.members_of(pool(), "vets", after="", limit=9)] == ["ann"]
    assert [one.name for one in await store.groups_of(PLACE, ann)] == ["vets"]
    assert await store.remove_group(PLACE, "vets")
    assert await store.groups_of(PLACE, ann) == ()


async def test_users_are_listed_in_order_page_by_page(store: SqlUserPoolStore) -> None:
    for number in (3, 1, 2):
        await store.add_user(pool(), user(f"u{number}"))
    first = await store.list_users(PLACE, after="", limit=2)
    rest = await store.list_users(PLACE, after=first[-1][0], limit=2)
    assert len(first) == 2
    assert {one.username for _, one in (*first, *rest)} == {"u1", "u2", "u3"}
    assert await store.list_users(OTHER, after="", limit=9) == ()

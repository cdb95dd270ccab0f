from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs
from tests.services.cognito_idp.world import PASSWORD, World

from yett.adapters.sql import user_pool_store
from yett.adapters.sql.database import Database
from yett.adapters.sql.sealing import Sealer
from yett.adapters.sql.user_pool_store import SqlUserPoolStore, escaped
from yett.ports.errors import AlreadyExists, Conflict
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.services.call import ServiceError


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.close()


async def pool_of(world: World, pool_id: str) -> UserPool:
    place = await world.store.place_of_pool(pool_id)
    assert place is not None
    pool = await world.store.find_pool(place)
    assert pool is not None
    return pool


async def test_no_secret_is_in_the_files_and_all_is_there_after_a_restart(world: World) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id, GenerateSecret=True)
    await world.user(pool_id, email="ann@example.com", email_verified="true")
    plain = await world.client(pool_id)
    result = (await world.sign_in(plain))["AuthenticationResult"]
    await world.do("ForgotPassword", ClientId=plain["ClientId"], Username="ann")
    code = str(world.messages()[-1].code)
    files = b"".join(path.read_bytes() for path in world.home.glob("yett.db*"))
    pool = await pool_of(world, pool_id)
    user = await world.store.find_user(pool, "ann")
    assert user is not None
    assert user.password is not None
    secrets = (
        PASSWORD,
        client["ClientSecret"],
        result["RefreshToken"],
        result["RefreshToken"].rpartition(".")[2],
        user.password.hash.reveal(),
        user.password.srp_verifier.reveal(),
        "PRIVATE KEY",
        f'"digits":"{code}"',
    )
    assert b"cognito.user" in files
    for secret in secrets:
        assert secret.encode() not in files
    other = Database.open(f"sqlite:///{world.home / 'yett.db'}", sealer=Sealer(b"m" * 32))
    again = SqlUserPoolStore(other)
    assert await again.find_pool(pool.place) == pool
    assert await again.find_user(pool, "ann") == user
    assert await again.clients.find(pool.place, client["ClientId"]) == await world.store.clients.find(
        pool.place, client["ClientId"]
    )
    await other.close()


async def test_another_account_or_region_finds_nothing(world: World) -> None:
    pool = await pool_of(world, await world.pool())
    for place in (
        PoolPlace("999999999999", pool.place.region, pool.place.pool_id),
        PoolPlace(pool.place.account, "eu-west-1", pool.place.pool_id),
    ):
        assert await world.store.find_pool(place) is None
        assert await world.store.find_keys(place) is None
        assert not await world.store.remove_pool(place)
        with pytest.raises(Conflict):
            await world.store.change_pool(place, lambda current: current)


async def test_a_domain_is_one_pools_until_it_lets_go(world: World) -> None:
    first, second = [await pool_of(world, await world.pool()) for _ in range(2)]
    store = world.store
    await store.change_pool(first.place, lambda pool: structs.replace(pool, domain="d"))
    assert await store.place_of_domain("d") == first.place
    with pytest.raises(AlreadyExists):
        await store.change_pool(second.place, lambda pool: structs.replace(pool, domain="d"))
    await store.change_pool(first.place, lambda pool: structs.replace(pool, domain=None))
    await store.change_pool(second.place, lambda pool: structs.replace(pool, domain="d"))
    assert await store.place_of_domain("d") == second.place


async def test_names_stay_in_their_place(world: World) -> None:
    pool = await pool_of(world, await world.pool())
    for name in ("a\x1fb", "a\0b", "\ud800", "a%1Fb", "/", ""):
        assert "\x1f" not in escaped(name)
        assert await world.store.find_user(pool, name) is None
    assert escaped("a\x1fb") != escaped("a%1Fb")


async def test_nothing_of_a_removed_pool_stays(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, PreventUserExistenceErrors="ENABLED")
    await world.user(pool_id)
    await world.do("CreateGroup", UserPoolId=pool_id, GroupName="g")
    await world.do("AdminAddUserToGroup", UserPoolId=pool_id, GroupName="g", Username="ann")
    await world.sign_in(client)
    with pytest.raises(ServiceError):
        await world.sign_in(client, name="bob")
    place = (await pool_of(world, pool_id)).place
    await world.do("DeleteUserPool", UserPoolId=pool_id)
    kinds = (*user_pool_store.WITHIN_POOL, user_pool_store.POOL, user_pool_store.KEYS)
    left = await world.database.read(lambda tx: [tx.count(place.account, place.region, kind) for kind in kinds])
    assert not any(left)

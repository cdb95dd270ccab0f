"""What the store of credentials promises, on every database."""

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec import structs

from yett.adapters.sql import credential_store
from yett.adapters.sql.credential_store import SqlCredentialStore
from yett.adapters.sql.database import Database
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.sealing import Sealer
from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.iam_store import Dependents, TooMany, User
from yett.rules.iam.mfa_devices import MfaDevice, deactivate, enable, try_code
from yett.rules.iam.passwords import LoginProfile, PasswordPolicy
from yett.rules.sign_in.attempts import next_failures
from yett.rules.sign_in.one_time_codes import code_of, step_at
from yett.values.secret import Secret

A, B = "111111111111", "222222222222"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEED = Secret("MFRGGZDFMZTWQ2LK")
SERIAL = f"arn:aws:iam::{A}:mfa/x/phone"


@pytest.fixture
def store(database: Database) -> SqlCredentialStore:
    return SqlCredentialStore(database)


def device(name: str = "phone", path: str = "/x/", account: str = A) -> MfaDevice:
    return MfaDevice(account=account, name=name, path=path, created_at=NOW, seed=SEED, tags={"b": "1", "a": "2"})


async def add_user(database: Database, name: str) -> str:
    user = User(account=A, name=name, path="/", id=f"AIDA{name}", created_at=NOW)
    await SqlIamStore(database).add(user)
    return user.id


async def give(store: SqlCredentialStore, serial_number: str, owner_id: str, at_most: int = 8) -> None:
    await store.change_mfa_device(A, serial_number, lambda it: (enable(it, owner_id, now=NOW), True), at_most=at_most)


async def test_a_device_is_found_by_its_serial_number_in_its_account(store: SqlCredentialStore) -> None:
    await store.add_mfa_device(device())
    assert await store.find_mfa_device(A, SERIAL) == device()
    # Policies were asked about the ARN as it was given: so it is the device's very own, or none.
    near = (SERIAL.replace("phone", "PHONE"), SERIAL.replace("arn:aws:", "arn:aws-cn:"), SERIAL.upper())
    for serial in (*near, f"arn:aws:iam::{A}:mfa/phone", f"arn:aws:iam::{A}:user/x/phone", "GAHT12345678"):
        assert await store.find_mfa_device(A, serial) is None
    assert await store.find_mfa_device(B, SERIAL) is None
    with pytest.raises(AlreadyExists):
        await store.add_mfa_device(device(name="Phone"))
    await store.add_mfa_device(device(account=B))


async def test_the_seed_is_sealed_for_its_place(database: Database, store: SqlCredentialStore) -> None:
    await store.add_mfa_device(device())
    body = await database.read(lambda tx: tx.find(A, "", "iam.mfa-device", "/x/phone"))
    assert body is not None
    assert SEED.reveal().encode() not in body


async def test_what_a_change_raises_undoes_it_and_what_it_tells_comes_back(store: SqlCredentialStore) -> None:
    await store.add_mfa_device(device())

    def refuse(found: MfaDevice) -> tuple[MfaDevice, bool]:
        raise LookupError

    with pytest.raises(LookupError):
        await store.change_mfa_device(A, SERIAL, refuse, at_most=8)
    told = await store.change_mfa_device(A, SERIAL, lambda it: (structs.replace(it, last_step=7), "told"), at_most=8)
    found = await store.find_mfa_device(A, SERIAL)
    assert found is not None
    assert (told, found.last_step) == ("told", 7)
    assert await store.change_mfa_device(A, SERIAL + "x", lambda it: (it, "told"), at_most=8) is None


async def test_a_user_has_so_many_devices_and_must_be_there(database: Database, store: SqlCredentialStore) -> None:
    alice = await add_user(database, "alice")
    serials = []
    for name in ("a", "b", "c"):
        await store.add_mfa_device(device(name))
        serials.append(device(name).serial_number)
    await give(store, serials[0], alice, at_most=2)
    await give(store, serials[1], alice, at_most=2)
    with pytest.raises(TooMany):
        await give(store, serials[2], alice, at_most=2)
    with pytest.raises(Conflict):
        await give(store, serials[2], "AIDAnobody", at_most=2)
    assert [each.name for each in await store.mfa_devices_of(A, alice)] == ["a", "b"]
    assert await store.count_mfa_devices(A) == (3, 2)
    await store.change_mfa_device(A, serials[0], lambda it: (deactivate(it), True), at_most=2)
    assert [each.name for each in await store.mfa_devices_of(A, alice)] == ["b"]
    await give(store, serials[2], alice, at_most=2)
    seen: list[Dependents] = []
    await SqlIamStore(database).remove(User, A, "alice", lambda _, dependents: seen.append(dependents))
    assert seen == [Dependents(mfa_devices=2)]


async def test_pages_are_of_those_assigned_or_not(
    database: Database, store: SqlCredentialStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credential_store, "CHUNK", 2)
    alice = await add_user(database, "alice")
    for name in ("a", "b", "c", "d"):
        await store.add_mfa_device(device(name))
    for name in ("b", "d"):
        await give(store, device(name).serial_number, alice)

    async def names(after: str = "", limit: int = 9, is_assigned: bool | None = None) -> list[str]:
        found = await store.mfa_devices(A, after=after, limit=limit, is_assigned=is_assigned)
        return [each.name for _, each in found]

    assert await names() == ["a", "b", "c", "d"]
    assert await names(is_assigned=True) == ["b", "d"]
    assert await names(is_assigned=False) == ["a", "c"]
    ((position, _),) = await store.mfa_devices(A, after="", limit=1, is_assigned=True)
    assert await names(after=position, is_assigned=True) == ["d"]


async def test_a_device_is_removed_with_its_owner_s_hold_on_it(database: Database, store: SqlCredentialStore) -> None:
    alice = await add_user(database, "alice")
    await store.add_mfa_device(device())
    await give(store, SERIAL, alice)

    def refuse(found: MfaDevice) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await store.remove_mfa_device(A, SERIAL, refuse)
    assert await store.remove_mfa_device(A, SERIAL, lambda found: None)
    assert not await store.remove_mfa_device(A, SERIAL, lambda found: None)
    assert await store.mfa_devices_of(A, alice) == []
    assert await store.count_mfa_devices(A) == (0, 0)


async def test_of_many_who_show_one_code_at_once_to_two_processes_one_is_let_in(database_url: str) -> None:
    databases = [Database.open(database_url, sealer=Sealer(b"k" * 32)) for _ in range(2)]
    stores = [SqlCredentialStore(each) for each in databases]
    try:
        await stores[0].add_mfa_device(device())
        code = code_of(SEED, step_at(NOW))

        def show(found: MfaDevice) -> tuple[MfaDevice, bool]:
            attempt = try_code(found, code, now=NOW)
            return attempt.device, attempt.is_good

        attempts = [stores[each % 2].change_mfa_device(A, SERIAL, show, at_most=8) for each in range(12)]
        assert sorted(filter(None, await asyncio.gather(*attempts))) == [True]
    finally:
        for each in databases:
            await each.close()


# -- passwords


def profile(user_id: str = "AIDAalice") -> LoginProfile:
    former = (Secret("hash-of-the-one-before"), Secret("and-before"))
    return LoginProfile(
        account=A, user_id=user_id, created_at=NOW, changed_at=NOW, hash=Secret("hash-of-today"), former=former
    )


async def test_a_user_has_one_password_and_must_be_there(database: Database, store: SqlCredentialStore) -> None:
    with pytest.raises(Conflict):
        await store.add_login_profile(profile())
    await add_user(database, "alice")
    await store.add_login_profile(profile())
    assert await store.find_login_profile(A, "AIDAalice") == profile()
    assert await store.find_login_profile(B, "AIDAalice") is None
    with pytest.raises(AlreadyExists):
        await store.add_login_profile(profile())
    body = await database.read(lambda tx: tx.find(A, "", "iam.login-profile", "AIDAalice"))
    assert body is not None
    assert b"hash-of" not in body
    seen: list[Dependents] = []

    def refuse(_: User, dependents: Dependents) -> None:
        seen.append(dependents)
        raise LookupError

    with pytest.raises(LookupError):
        await SqlIamStore(database).remove(User, A, "alice", refuse)
    assert seen == [Dependents(login_profiles=1)]
    assert await store.remove_login_profile(A, "AIDAalice")
    assert not await store.remove_login_profile(A, "AIDAalice")


async def test_a_password_changes_in_one_transaction(database: Database, store: SqlCredentialStore) -> None:
    await add_user(database, "alice")
    await store.add_login_profile(profile())

    def count(found: LoginProfile) -> LoginProfile:
        return structs.replace(found, failures=next_failures(found.failures, now=NOW))

    await asyncio.gather(*(store.change_login_profile(A, "AIDAalice", count) for _ in range(10)))
    found = await store.find_login_profile(A, "AIDAalice")
    assert found is not None
    assert found.failures is not None
    assert found.failures.count == 10
    assert await store.change_login_profile(A, "AIDAbob", count) is None


async def test_an_account_has_one_password_policy_or_none(store: SqlCredentialStore) -> None:
    assert await store.find_password_policy(A) is None
    policy = PasswordPolicy(minimum_length=20, remembered=3)
    await store.set_password_policy(A, PasswordPolicy())
    await store.set_password_policy(A, policy)
    assert await store.find_password_policy(A) == policy
    assert await store.find_password_policy(B) is None
    assert await store.remove_password_policy(A)
    assert not await store.remove_password_policy(A)

"""What the IAM store promises, on every database."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from yett.adapters.sql.database import Database
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.sealing import SealBroken
from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import (
    AccessKey,
    AccessKeyStatus,
    Attachment,
    Dependents,
    Entity,
    Group,
    LastUse,
    ManagedPolicy,
    OidcProvider,
    PolicyNotFound,
    PolicyVersion,
    Role,
    SamlPrivateKey,
    SamlProvider,
    TooMany,
    User,
)
from yett.values.secret import Secret

A, B = "111111111111", "222222222222"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def store(database: Database) -> SqlIamStore:
    return SqlIamStore(database)


def user(name: str, **more: object) -> User:
    return User(**{"account": A, "name": name, "path": "/", "id": f"AIDA{name}", "created_at": NOW, **more})  # type: ignore[arg-type]


def group(name: str, **more: object) -> Group:
    return Group(**{"account": A, "name": name, "path": "/", "id": f"AGPA{name}", "created_at": NOW, **more})  # type: ignore[arg-type]


def policy(name: str = "p", path: str = "/") -> ManagedPolicy:
    version = PolicyVersion(version_id="v1", document="{}", created_at=NOW)
    return ManagedPolicy(
        account=A,
        name=name,
        path=path,
        id=f"ANPA{name}",
        created_at=NOW,
        updated_at=NOW,
        versions=(version,),
        default_version_id="v1",
        last_version=1,
    )


def access_key(access_key_id: str = "AKIA1", account: str = A, owner_id: str = "AIDAalice") -> AccessKey:
    return AccessKey(
        account=account,
        access_key_id=access_key_id,
        owner_id=owner_id,
        user_name="alice",
        status=AccessKeyStatus.ACTIVE,
        created_at=NOW,
        secret_access_key=Secret("top-secret-of-" + access_key_id),
    )


def let_go(entity: Entity, dependents: Dependents) -> None:
    return None


async def test_names_are_found_in_any_case_and_keep_theirs(store: SqlIamStore) -> None:
    await store.add(user("Alice", tags={"b": "1", "a": "2"}))
    found = await store.find(User, A, "aLICE")
    assert found == user("Alice", tags={"b": "1", "a": "2"})
    assert found is not None
    assert list(found.tags) == ["b", "a"]
    assert await store.find(User, B, "Alice") is None
    assert await store.find(Group, A, "Alice") is None
    with pytest.raises(AlreadyExists):
        await store.add(user("ALICE"))


async def test_the_case_of_a_providers_name_counts(store: SqlIamStore) -> None:
    for name in ("issuer.example/b", "issuer.example/B", "issuer.example/a"):
        url = f"https://{name}"
        await store.add(OidcProvider(account=A, name=name, path="/", id=name, created_at=NOW, url=url))
    listed = await store.page(OidcProvider, A, path_prefix="/", after="", limit=10)
    assert [each.name for each in listed] == ["issuer.example/B", "issuer.example/a", "issuer.example/b"]
    rest = await store.page(OidcProvider, A, path_prefix="/", after="issuer.example/B", limit=10)
    assert [each.name for each in rest] == ["issuer.example/a", "issuer.example/b"]
    found = await store.find(OidcProvider, A, "issuer.example/B")
    assert found == listed[0]
    assert await store.find(OidcProvider, A, "ISSUER.example/a") is None
    changed = await store.update(
        OidcProvider, A, "issuer.example/b", lambda each: msgspec.structs.replace(each, client_ids=("app",))
    )
    assert changed is not None
    assert await store.find(OidcProvider, A, "issuer.example/B") == found
    assert await store.remove(OidcProvider, A, "issuer.example/b", lambda *_: None)
    assert await store.count(OidcProvider, A) == 2


async def test_a_saml_provider_is_found_whatever_the_case_of_its_name(store: SqlIamStore) -> None:
    made = SamlProvider(
        account=A,
        name="Idp",
        path="/",
        id="SAMLSPidp",
        created_at=NOW,
        metadata="<a/>",
        entity_id="https://idp.example",
        certificates=(b"\x00\xff", b"two"),
        valid_until=NOW,
        private_keys=(SamlPrivateKey(id="SAMLPKone", added_at=NOW, pem=Secret("a-private-key")),),
    )
    await store.add(made)
    assert await store.find(SamlProvider, A, "iDP") == made
    assert await store.page(SamlProvider, A, path_prefix="/", after="", limit=10) == [made]
    changed = await store.update(SamlProvider, A, "idp", lambda each: msgspec.structs.replace(each, entity_id="urn:x"))
    assert changed == msgspec.structs.replace(made, entity_id="urn:x")
    with pytest.raises(AlreadyExists):
        await store.add(msgspec.structs.replace(made, name="IDP"))
    assert await store.count(SamlProvider, A) == 1
    assert await store.count(OidcProvider, A) == 0
    assert await store.remove(SamlProvider, A, "idp", lambda *_: None)
    assert await store.find(SamlProvider, A, "Idp") is None


async def test_a_private_key_of_a_saml_provider_is_sealed_for_its_place(database: Database, store: SqlIamStore) -> None:
    key = SamlPrivateKey(id="SAMLPKone", added_at=NOW, pem=Secret("a-private-key"))
    made = SamlProvider(
        account=A,
        name="Idp",
        path="/",
        id="SAMLSPidp",
        created_at=NOW,
        metadata="",
        entity_id="",
        certificates=(),
        valid_until=NOW,
        private_keys=(key,),
    )
    await store.add(made)
    body = await database.read(lambda tx: tx.find(A, "", "iam.saml-provider", "idp"))
    assert body is not None
    assert b"a-private-key" not in body
    await database.write(lambda tx: tx.put(A, "", "iam.saml-provider", "other", body))
    with pytest.raises(SealBroken):
        await store.find(SamlProvider, A, "other")


async def test_a_mark_is_used_once_while_it_is_remembered(database: Database, store: SqlIamStore) -> None:
    until = NOW + timedelta(seconds=300)
    assert await store.use_once(A, "one", until=until, now=NOW)
    assert not await store.use_once(A, "one", until=until, now=NOW)
    assert await store.use_once(B, "one", until=until, now=NOW)
    assert await store.use_once(A, "two", until=until, now=until)
    later = until + timedelta(seconds=2)
    assert await store.use_once(A, "three", until=later + timedelta(seconds=300), now=later)
    kept = await database.read(lambda tx: tx.scan(A, "", "iam.used-assertion"))
    assert [key.partition("/")[2] for key, _ in kept] == ["three"]


async def test_members_are_listed_from_a_name_on_and_of_their_group_alone(store: SqlIamStore) -> None:
    for name in ("devs", "devs2"):
        await store.add(group(name))
    for name in ("Ann", "bob", "Carl", "dora"):
        await store.add(user(name, groups=("devs2",) if name == "dora" else ("devs",)))

    async def names(**asked: Any) -> list[str]:
        return [each.name for each in await store.members(A, "DEVS", **asked)]

    assert await names() == ["Ann", "bob", "Carl"]
    assert await names(limit=2) == ["Ann", "bob"]
    assert await names(after="ann", limit=1) == ["bob"]
    assert await names(after="BOB") == ["Carl"]
    assert await names(after="carl") == []


async def test_a_rename_takes_memberships_and_attachments_along(store: SqlIamStore) -> None:
    await store.add(group("Devs", attached_policies=(ADMINISTRATOR,)))
    await store.add(user("alice", groups=("Devs",), attached_policies=(ADMINISTRATOR,)))
    await store.update(User, A, "alice", lambda each: msgspec.structs.replace(each, name="Bob"))
    await store.update(Group, A, "devs", lambda each: msgspec.structs.replace(each, name="Ops"))
    assert await store.find(User, A, "alice") is None
    members = await store.members(A, "ops")
    assert [(each.name, each.groups) for each in members] == [("Bob", ("Ops",))]
    assert await store.members(A, "devs") == []
    assert await store.uses(A, ADMINISTRATOR) == {
        ADMINISTRATOR: [
            Attachment(kind="group", name="Ops", id="AGPADevs", is_boundary=False),
            Attachment(kind="user", name="Bob", id="AIDAalice", is_boundary=False),
        ]
    }


async def test_users_and_roles_are_found_by_unique_id_wherever_they_are(store: SqlIamStore) -> None:
    role = Role(account=B, name="R", path="/", id="AROAr", created_at=NOW, trust_policy="{}")
    for each in (user("alice"), role, group("staff")):
        await store.add(each)
    assert await store.find_by_id("AROAr") == role
    assert await store.find_by_id("AGPAstaff") is None
    await store.update(User, A, "alice", lambda found: msgspec.structs.replace(found, name="ann", path="/x/"))
    found = await store.find_by_id("AIDAalice")
    assert found is not None
    assert (found.name, found.path) == ("ann", "/x/")
    assert await store.remove(User, A, "ann", let_go)
    assert await store.find_by_id("AIDAalice") is None


async def test_a_rename_onto_another_is_refused_whole(store: SqlIamStore) -> None:
    await store.add(user("alice", attached_policies=(ADMINISTRATOR,)))
    await store.add(user("bob"))
    with pytest.raises(AlreadyExists):
        await store.update(User, A, "alice", lambda each: msgspec.structs.replace(each, name="BOB"))
    assert [use.name for use in (await store.uses(A))[ADMINISTRATOR]] == ["alice"]


async def test_only_policies_that_exist_are_attached(store: SqlIamStore) -> None:
    own = policy()
    with pytest.raises(PolicyNotFound):
        await store.add(user("alice", attached_policies=(own.arn,)))
    await store.add_policy(own)
    await store.add(user("alice", attached_policies=(own.arn,), permissions_boundary=own.arn))
    assert sorted(use.is_boundary for use in (await store.uses(A, own.arn))[own.arn]) == [False, True]


async def test_a_removal_is_checked_with_what_holds_on(store: SqlIamStore) -> None:
    seen: list[Dependents] = []

    def refuse(entity: Entity, dependents: Dependents) -> None:
        seen.append(dependents)
        raise LookupError

    await store.add(group("devs"))
    await store.add(user("alice", groups=("devs",)))
    await store.add_access_key(access_key(), at_most=2)
    for kind, name in ((User, "alice"), (Group, "devs")):
        with pytest.raises(LookupError):
            await store.remove(kind, A, name, refuse)
    assert seen == [Dependents(access_keys=1), Dependents(members=1)]
    assert await store.remove(User, A, "alice", let_go)
    assert not await store.remove(User, A, "alice", let_go)
    assert await store.members(A, "devs") == []


async def test_pages_are_by_name_below_a_path(store: SqlIamStore) -> None:
    for name, path in (("c", "/x/"), ("A", "/x/"), ("b", "/"), ("d", "/x/y/")):
        await store.add(user(name, path=path))
    page = await store.page(User, A, path_prefix="/x/", after="", limit=2)
    assert [each.name for each in page] == ["A", "c"]
    assert [each.name for each in await store.page(User, A, path_prefix="/x/", after="c", limit=2)] == ["d"]
    assert await store.count(User, A) == 4
    assert await store.count(User, B) == 0


async def test_a_managed_policy_is_found_by_its_exact_arn(store: SqlIamStore) -> None:
    own = policy("Mine", "/team/")
    await store.add_policy(own)
    assert await store.find_policy(own.arn) == own
    assert await store.find_policy(own.arn.replace("/team/", "/")) is None
    assert await store.find_policy(own.arn.replace(A, B)) is None
    assert await store.find_policy("nonsense") is None
    with pytest.raises(AlreadyExists):
        await store.add_policy(policy("mine", "/"))
    assert await store.policies(A) == [own]
    found = await store.find_policy(ADMINISTRATOR)
    assert found is not None
    assert found.account == "aws"


async def test_a_policy_in_use_is_told_of_its_uses(store: SqlIamStore) -> None:
    own = policy()
    await store.add_policy(own)
    role = Role(account=A, name="r", path="/", id="AROA1", created_at=NOW, trust_policy="{}")
    await store.add(msgspec.structs.replace(role, attached_policies=(own.arn,)))
    seen: list[int] = []
    assert await store.remove_policy(own.arn, lambda _, uses: seen.append(uses))
    assert seen == [1]
    assert await store.find_policy(own.arn) is None


async def test_access_keys_are_bounded_and_unique_everywhere(store: SqlIamStore) -> None:
    await store.add_access_key(access_key("AKIA1"), at_most=2)
    with pytest.raises(AlreadyExists):
        await store.add_access_key(access_key("AKIA1", account=B), at_most=2)
    await store.add_access_key(access_key("AKIA2"), at_most=2)
    with pytest.raises(TooMany):
        await store.add_access_key(access_key("AKIA3"), at_most=2)
    found = await store.find_access_key("AKIA2")
    assert found is not None
    assert found.secret_access_key == Secret("top-secret-of-AKIA2")
    assert [key.access_key_id for key in await store.access_keys(A, "AIDAalice")] == ["AKIA1", "AKIA2"]
    assert await store.set_access_key_status("AKIA2", AccessKeyStatus.INACTIVE)
    assert (await store.access_keys(A, "AIDAalice"))[1].status is AccessKeyStatus.INACTIVE
    assert await store.remove_access_key("AKIA2")
    assert not await store.remove_access_key("AKIA2")
    assert not await store.set_access_key_status("AKIA2", AccessKeyStatus.ACTIVE)
    assert await store.find_access_key("AKIA2") is None


async def test_secrets_do_not_lie_in_the_file(store: SqlIamStore, database: Database, tmp_path: Path) -> None:
    await store.add_access_key(access_key("AKIA1"), at_most=2)
    await database.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"top-secret-of" not in raw
    if raw:
        assert b"AKIA1" in raw  # the search would have found it


async def test_a_last_use_is_remembered_and_written(store: SqlIamStore, database: Database) -> None:
    await store.add_access_key(access_key("AKIA1"), at_most=2)
    use = LastUse(at=NOW, service="sts", region="us-east-1")
    store.note_use("AKIA1", use)
    store.note_use("AKIAGONE", use)
    assert await store.last_use("AKIA1") == use
    await store.write_uses()
    assert await SqlIamStore(database).last_use("AKIA1") == use
    assert await SqlIamStore(database).last_use("AKIAGONE") is None


async def test_the_last_use_of_a_role_goes_with_the_role(store: SqlIamStore, database: Database) -> None:
    role = Role(account=A, name="r", path="/", id="AROAR", created_at=NOW, trust_policy="{}")
    await store.add(role)
    use = LastUse(at=NOW, service="execute-api", region="eu-west-1")
    store.note_use(role.id, use)
    store.note_use("AROAGONE", use)
    assert await store.last_use(role.id) == use
    await store.write_uses()
    await store.update(Role, A, "r", lambda role: msgspec.structs.replace(role, description="changed"))
    other = SqlIamStore(database)
    assert (await other.last_use(role.id), await other.last_use("AROAGONE")) == (use, None)
    await store.remove(Role, A, "r", lambda *_: None)
    await store.add(role)
    assert await SqlIamStore(database).last_use(role.id) is None


async def test_of_many_at_once_no_more_are_added_than_there_is_room_for(store: SqlIamStore) -> None:
    await store.add(user("first"), at_most=4)
    await store.add(user("second"), at_most=4)
    await store.add(user("third"), at_most=4)
    adding = [store.add(user(f"u{number}"), at_most=4) for number in range(8)]
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", *["TooMany"] * 7]
    assert await store.count(User, A) == 4
    with pytest.raises(AlreadyExists):
        await store.add(user("FIRST"), at_most=4)
    await store.add(msgspec.structs.replace(user("elsewhere"), account=B), at_most=4)
    await store.add(group("another-kind"), at_most=1)


async def test_policies_are_added_up_to_their_bound(store: SqlIamStore) -> None:
    await store.add_policy(policy("a"), at_most=1)
    with pytest.raises(TooMany):
        await store.add_policy(policy("b"), at_most=1)
    assert [each.name for each in await store.policies(A)] == ["a"]


async def test_an_alias_is_one_accounts_alone(store: SqlIamStore) -> None:
    await store.set_alias(A, "mine")
    with pytest.raises(AlreadyExists):
        await store.set_alias(B, "mine")
    await store.set_alias(A, "other")
    await store.set_alias(B, "mine")
    assert (await store.alias(A), await store.alias(B)) == ("other", "mine")
    await store.set_alias(A, None)
    assert await store.alias(A) is None

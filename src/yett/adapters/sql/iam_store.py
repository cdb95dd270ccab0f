"""IAM's entities in the database.

A user, group, role or managed policy is one document; its key is its name in lower case. Beside it lie index documents
that say who is attached to a policy, in a group, or in an instance profile; they change in the same transaction.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from yett.adapters.sql.aws_managed_policies import aws_managed_policies
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.iam_documents import (
    ACCESS_KEY,
    ALIAS,
    ATTACHMENT,
    KINDS,
    LAST_USE,
    LOGIN_PROFILE,
    MEMBER,
    MFA_OWNER,
    POLICY,
    PROFILE_ROLE,
    USED,
    access_key_of,
    decode_entity,
    encode_entity,
    fold,
    index_entity,
    key_of,
    load_access_key,
    load_by_id,
    load_entity,
    load_policy,
    locate_used,
    refuse_more,
    rename_owner,
    scope_of,
    store_access_key,
    unindex_entity,
)
from yett.adapters.sql.revisions import policy_scope, principal_scope
from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import (
    AWS_ACCOUNT,
    AccessKey,
    AccessKeyStatus,
    Attachment,
    Dependents,
    Entity,
    Group,
    InstanceProfile,
    LastUse,
    ManagedPolicy,
    OidcProvider,
    Role,
    SamlProvider,
    TooMany,
    User,
)

E = TypeVar("E", bound=Entity)
CHUNK: Final = 200  # documents read at a time while a page of those below a path is filled
MAY_LAG: Final = timedelta(seconds=60)  # how stale the written last use may be


class SqlIamStore:
    """The port's answer; see `yett.ports.iam_store` for what each method keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: dict[str, LastUse] = {}
        self._flush_due: datetime | None = None
        self._flushing: asyncio.Task[None] | None = None

    # -- users, groups, roles, instance profiles

    async def find(self, kind: type[E], account: str, name: str) -> E | None:
        """The entity of this name, whatever its case."""
        return await self._database.read(lambda transaction: load_entity(transaction, kind, account, name))

    async def find_by_id(self, unique_id: str) -> User | Role | None:
        """The user or role of this unique id, of whatever account."""
        return await self._database.read(lambda transaction: load_by_id(transaction, unique_id))

    async def add(self, entity: Entity, *, at_most: int | None = None) -> None:
        """Add an entity."""

        def work(transaction: Transaction) -> None:
            body = encode_entity(transaction, entity)
            transaction.add(entity.account, "", KINDS[type(entity)], key_of(type(entity), entity.name), body)
            refuse_more(transaction, entity.account, KINDS[type(entity)], than=at_most)
            index_entity(transaction, entity, already=frozenset())
            transaction.touch(scope_of(entity))

        await self._database.write(work)

    async def update(self, kind: type[E], account: str, name: str, change: Callable[[E], E]) -> E | None:
        """Replace an entity by what *change* makes of it."""

        def work(transaction: Transaction) -> E | None:
            before = load_entity(transaction, kind, account, name)
            if before is None:
                return None
            after = change(before)
            unindex_entity(transaction, before)
            body = encode_entity(transaction, after)
            key, key_before = key_of(kind, after.name), key_of(kind, before.name)
            if key == key_before:
                transaction.put(account, "", KINDS[kind], key, body)
            else:
                transaction.add(account, "", KINDS[kind], key, body)
                transaction.remove(account, "", KINDS[kind], key_before)
            index_entity(transaction, after, already=frozenset(before.attached_policies))
            if isinstance(after, Group) and after.name != before.name:
                rename_group(transaction, before, after.name)
            if isinstance(after, User) and after.name != before.name:
                rename_owner(transaction, after)
            transaction.touch(scope_of(after))
            return after

        return await self._database.write(work)

    async def remove(self, kind: type[E], account: str, name: str, check: Callable[[E, Dependents], None]) -> bool:
        """Remove an entity unless *check* raises."""

        def work(transaction: Transaction) -> bool:
            entity = load_entity(transaction, kind, account, name)
            if entity is None:
                return False
            check(entity, dependents(transaction, entity))
            unindex_entity(transaction, entity)
            transaction.remove(account, "", KINDS[kind], key_of(kind, name))
            if isinstance(entity, Role):
                transaction.remove(account, "", LAST_USE, entity.id)
            transaction.touch(scope_of(entity))
            return True

        return await self._database.write(work)

    async def page(self, kind: type[E], account: str, *, path_prefix: str, after: str, limit: int) -> list[E]:
        """Entities below a path that come after a name."""

        def work(transaction: Transaction) -> list[E]:
            page: list[E] = []
            position = key_of(kind, after)
            size = limit if path_prefix == "/" else max(limit, CHUNK)  # below "/" is everything
            while len(page) < limit:
                chunk = transaction.scan(account, "", KINDS[kind], after=position, limit=size)
                entities = [decode_entity(transaction, kind, account, key, body) for key, body in chunk]
                page += [entity for entity in entities if entity.path.startswith(path_prefix)]
                if len(chunk) < size:
                    break
                position = chunk[-1][0]
            return page[:limit]

        return await self._database.read(work)

    async def count(self, kind: type[E], account: str) -> int:
        """How many there are."""
        return await self._database.read(lambda transaction: transaction.count(account, "", KINDS[kind]))

    async def members(self, account: str, group: str, *, after: str = "", limit: int | None = None) -> list[User]:
        """The users of a group that come after a name, by name."""
        first = f"{fold(group)}/"

        def work(transaction: Transaction) -> list[User]:
            begin = f"{first}{fold(after)}" if after else ""
            rows = transaction.scan(account, "", MEMBER, prefix=first, after=begin, limit=limit)
            users = (load_entity(transaction, User, account, key.partition("/")[2]) for key, _ in rows)
            return [user for user in users if user is not None]

        return await self._database.read(work)

    # -- managed policies

    async def find_policy(self, arn: str) -> ManagedPolicy | None:
        """A managed policy, the account's own or AWS's."""
        found = aws_managed_policies().get(arn)
        return found or await self._database.read(lambda transaction: load_policy(transaction, arn))

    async def add_policy(self, policy: ManagedPolicy, *, at_most: int | None = None) -> None:
        """Add a policy of the account's own."""

        def work(transaction: Transaction) -> None:
            transaction.add(policy.account, "", POLICY, fold(policy.name), msgspec.json.encode(policy))
            refuse_more(transaction, policy.account, POLICY, than=at_most)
            transaction.touch(policy_scope(policy.arn))

        await self._database.write(work)

    async def update_policy(self, arn: str, change: Callable[[ManagedPolicy], ManagedPolicy]) -> ManagedPolicy | None:
        """Replace one of the account's own policies by what *change* makes of it."""

        def work(transaction: Transaction) -> ManagedPolicy | None:
            before = load_policy(transaction, arn)
            if before is None:
                return None
            after = change(before)
            transaction.put(after.account, "", POLICY, fold(after.name), msgspec.json.encode(after))
            transaction.touch(policy_scope(arn))
            return after

        return await self._database.write(work)

    async def remove_policy(self, arn: str, check: Callable[[ManagedPolicy, int], None]) -> bool:
        """Remove a policy unless *check* raises."""

        def work(transaction: Transaction) -> bool:
            policy = load_policy(transaction, arn)
            if policy is None:
                return False
            check(policy, transaction.count(policy.account, "", ATTACHMENT, prefix=f"{arn}\n"))
            transaction.touch(policy_scope(arn))
            return transaction.remove(policy.account, "", POLICY, fold(policy.name))

        return await self._database.write(work)

    async def policies(self, account: str) -> list[ManagedPolicy]:
        """Every managed policy of the account."""
        if account == AWS_ACCOUNT:
            return list(aws_managed_policies().values())
        rows = await self._database.read(lambda transaction: transaction.scan(account, "", POLICY))
        return [msgspec.json.decode(body, type=ManagedPolicy) for _, body in rows]

    async def uses(self, account: str, arn: str = "") -> Mapping[str, list[Attachment]]:
        """Who in the account uses which managed policies."""
        prefix = f"{arn}\n" if arn else ""
        rows = await self._database.read(lambda transaction: transaction.scan(account, "", ATTACHMENT, prefix=prefix))
        found: dict[str, list[Attachment]] = {}
        for key, body in rows:
            found.setdefault(key.partition("\n")[0], []).append(msgspec.json.decode(body, type=Attachment))
        return found

    # -- access keys

    async def add_access_key(self, access_key: AccessKey, *, at_most: int) -> None:
        """Add an access key."""

        def work(transaction: Transaction) -> None:
            owner = f"{access_key.owner_id}/"
            if transaction.count(access_key.account, "", ACCESS_KEY, prefix=owner) >= at_most:
                raise TooMany(f"{at_most} access keys")
            if transaction.find_pointer(ACCESS_KEY, access_key.access_key_id) is not None:
                raise AlreadyExists(f"access key `{access_key.access_key_id}`")
            store_access_key(transaction, access_key)

        await self._database.write(work)

    async def access_keys(self, account: str, owner_id: str) -> list[AccessKey]:
        """The keys of a user or root, oldest first."""

        def work(transaction: Transaction) -> list[AccessKey]:
            rows = transaction.scan(account, "", ACCESS_KEY, prefix=f"{owner_id}/")
            return [access_key_of(transaction, account, body) for _, body in rows]

        return sorted(await self._database.read(work), key=lambda each: (each.created_at, each.access_key_id))

    async def find_access_key(self, access_key_id: str) -> AccessKey | None:
        """An access key of whatever account."""
        return await self._database.read(lambda transaction: load_access_key(transaction, access_key_id))

    async def set_access_key_status(self, access_key_id: str, status: AccessKeyStatus) -> bool:
        """Let it sign, or not."""

        def work(transaction: Transaction) -> bool:
            found = load_access_key(transaction, access_key_id)
            if found is None:
                return False
            transaction.unpoint(ACCESS_KEY, access_key_id)
            store_access_key(transaction, msgspec.structs.replace(found, status=status))
            return True

        return await self._database.write(work)

    async def remove_access_key(self, access_key_id: str) -> bool:
        """Remove it."""

        def work(transaction: Transaction) -> bool:
            pointer = transaction.find_pointer(ACCESS_KEY, access_key_id)
            if pointer is None:
                return False
            transaction.unpoint(ACCESS_KEY, access_key_id)
            transaction.remove(pointer.account, "", LAST_USE, access_key_id)
            transaction.touch(principal_scope(pointer.account, pointer.key.partition("/")[0]))
            return transaction.remove(pointer.account, "", ACCESS_KEY, pointer.key)

        self._uses.pop(access_key_id, None)
        return await self._database.write(work)

    # -- last use, written now and then

    async def last_use(self, used: str) -> LastUse | None:
        """The last use that is known of."""
        if used in self._uses:
            return self._uses[used]

        def work(transaction: Transaction) -> bytes | None:
            pointer = locate_used(transaction, used)
            return None if pointer is None else transaction.find(pointer.account, "", LAST_USE, used)

        body = await self._database.read(work)
        return None if body is None else msgspec.json.decode(body, type=LastUse)

    def note_use(self, used: str, use: LastUse) -> None:
        """Remember a use; every minute with uses, they are written."""
        self._uses[used] = use
        if self._flush_due is None:
            self._flush_due = use.at + MAY_LAG
        elif use.at >= self._flush_due and self._flushing is None:
            self._flush_due = use.at + MAY_LAG
            self._flushing = asyncio.get_running_loop().create_task(self.write_uses())
            self._flushing.add_done_callback(self._note_flushed)

    def _note_flushed(self, task: asyncio.Task[None]) -> None:
        self._flushing = None
        if not task.cancelled():
            task.exception()  # a use that could not be written is tried again with the next ones

    async def write_uses(self) -> None:
        """Write the uses noted since the last time; at the end of the process too."""
        uses = dict(self._uses)

        def work(transaction: Transaction) -> None:
            for used, use in uses.items():
                pointer = locate_used(transaction, used)
                if pointer is not None:
                    transaction.put(pointer.account, "", LAST_USE, used, msgspec.json.encode(use))

        if uses:
            await self._database.write(work)
        for used, use in uses.items():
            if self._uses.get(used) is use:
                del self._uses[used]

    # -- assertions for one use

    async def use_once(self, account: str, mark: str, *, until: datetime, now: datetime) -> bool:
        """Whether nobody has used what has this mark. Some of what need not be remembered any more is forgotten."""

        def work(transaction: Transaction) -> None:
            for key, _ in transaction.scan(account, "", USED, limit=CHUNK):
                if key < f"{int(now.timestamp()):012}":
                    transaction.remove(account, "", USED, key)
            transaction.add(account, "", USED, f"{math.ceil(until.timestamp()):012}/{mark}", b"")

        try:
            await self._database.write(work)
        except AlreadyExists:
            return False
        return True

    # -- the account's alias

    async def alias(self, account: str) -> str | None:
        """The account's alias."""
        body = await self._database.read(lambda transaction: transaction.find(account, "", ALIAS, ALIAS))
        return None if body is None else body.decode()

    async def set_alias(self, account: str, alias: str | None) -> None:
        """Set it, or take it away."""

        def work(transaction: Transaction) -> None:
            held = transaction.find(account, "", ALIAS, ALIAS)
            if held is not None:
                transaction.unpoint(ALIAS, held.decode())
                transaction.remove(account, "", ALIAS, ALIAS)
            if alias is not None:
                transaction.point(ALIAS, alias, account, "", ALIAS)
                transaction.put(account, "", ALIAS, ALIAS, alias.encode())

        await self._database.write(work)


def dependents(transaction: Transaction, entity: Entity) -> Dependents:
    """What holds on to the entity."""
    match entity:
        case User():
            keys = transaction.count(entity.account, "", ACCESS_KEY, prefix=f"{entity.id}/")
            devices = transaction.count(entity.account, "", MFA_OWNER, prefix=f"{entity.id}/")
            profiles = transaction.count(entity.account, "", LOGIN_PROFILE, prefix=entity.id)
            return Dependents(access_keys=keys, mfa_devices=devices, login_profiles=profiles)
        case Group():
            return Dependents(members=transaction.count(entity.account, "", MEMBER, prefix=f"{fold(entity.name)}/"))
        case Role():
            profiles = transaction.count(entity.account, "", PROFILE_ROLE, prefix=f"{fold(entity.name)}/")
            return Dependents(instance_profiles=profiles)
        case InstanceProfile() | OidcProvider() | SamlProvider():
            return Dependents()
        case _:
            raise TypeError(f"no kind of entity: {type(entity)}")


def rename_group(transaction: Transaction, before: Entity, name: str) -> None:
    """Let the members know their group by its new name."""
    for key, _ in transaction.scan(before.account, "", MEMBER, prefix=f"{fold(before.name)}/"):
        user = load_entity(transaction, User, before.account, key.partition("/")[2])
        if user is None:
            continue
        unindex_entity(transaction, user)
        groups = tuple(name if fold(each) == fold(before.name) else each for each in user.groups)
        renamed = msgspec.structs.replace(user, groups=groups)
        transaction.put(user.account, "", KINDS[User], fold(user.name), msgspec.json.encode(renamed))
        index_entity(transaction, renamed, already=frozenset(user.attached_policies))
        transaction.touch(scope_of(renamed))

"""User pools in the database: a document each for pool, keys, client, user, group, sign-in, challenge, code.

Secrets within a document are sealed one by one, bound to its kind and key. Keys are names joined by U+001F, the pool's
id first, so that whatever a pool holds has one prefix.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

import msgspec

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Pointer, Transaction
from yett.adapters.sql.sealed_documents import decode_sealed, encode_sealed
from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.signing_keys import PoolKeys
from yett.ports.user_pool_store import Shelf
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.attributes import VERIFIED
from yett.rules.cognito_idp.groups import Group
from yett.rules.cognito_idp.resource_server import ResourceServer
from yett.rules.cognito_idp.sessions import Challenge, Code, SignIn
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.rules.cognito_idp.users import User, aliases, lookups
from yett.rules.sign_in.attempts import Failures

T = TypeVar("T")

SEPARATOR: Final = "\x1f"
POOL, KEYS, USER, ALIAS = "cognito.pool", "cognito.keys", "cognito.user", "cognito.alias"
CLIENT, GROUP, MEMBER, MEMBERSHIP = "cognito.client", "cognito.group", "cognito.member", "cognito.membership"
RESOURCE_SERVER, SIGN_IN = "cognito.resource-server", "cognito.sign-in"
CHALLENGE, CODE, PHANTOM = "cognito.challenge", "cognito.code", "cognito.phantom"
WITHIN_POOL: Final = (
    USER, ALIAS, CLIENT, GROUP, MEMBER, MEMBERSHIP, RESOURCE_SERVER, SIGN_IN, CHALLENGE, CODE, PHANTOM,
)  # fmt: skip
SEALED_KINDS: Final = (POOL, KEYS, *WITHIN_POOL)  # what may hold secrets
POOL_POINTER, CLIENT_POINTER, DOMAIN_POINTER = "user-pool", "app-client", "user-pool-domain"
KEYS_SCOPE: Final = "user-pool-keys:"  # and the pool's id: touched when the keys of a pool come or go


def key_of(*path: str) -> str:
    """A document's key; no name can reach out of its place in it."""
    return SEPARATOR.join(map(escaped, path))


def escaped(name: str) -> str:
    """The name without the separator, U+0000, or what has no UTF-8 form."""
    storable = name.encode("utf-8", "backslashreplace").decode()
    return storable.replace("%", "%25").replace(SEPARATOR, "%1F").replace("\0", "%00")


def seal_identity_of(kind: str, key: str) -> str:
    """What the secrets of a document are bound to."""
    return f"{kind}{SEPARATOR}{key}"


def encode(tx: Transaction, kind: str, key: str, value: object) -> bytes:
    """A value as a document, its secrets sealed for this place."""
    return encode_sealed(tx, value, identity=seal_identity_of(kind, key))


def decode(tx: Transaction, kind: str, key: str, body: bytes, shape: type[T]) -> T:
    """A document as a value, its secrets open."""
    return decode_sealed(tx, body, shape, identity=seal_identity_of(kind, key))


def find(tx: Transaction, place: PoolPlace, kind: str, key: str, shape: type[T]) -> T | None:
    """The value at the key, or None."""
    body = tx.find(place.account, place.region, kind, key)
    return None if body is None else decode(tx, kind, key, body, shape)


def scan(
    tx: Transaction,
    place: PoolPlace,
    kind: str,
    prefix: str,
    shape: type[T],
    *,
    after: str = "",
    limit: int | None = None,
) -> list[tuple[str, T]]:
    """Keys and values below the prefix."""
    rows = tx.scan(place.account, place.region, kind, prefix=prefix, after=after, limit=limit)
    return [(key, decode(tx, kind, key, body, shape)) for key, body in rows]


class SqlShelf(Generic[T]):
    """Things of one kind; see ports/user_pool_store.py."""

    def __init__(self, database: Database, kind: str, shape: type[T]) -> None:
        self._database, self._kind, self._shape = database, kind, shape

    async def find(self, place: PoolPlace, *path: str) -> T | None:
        key = key_of(place.pool_id, *path)
        return await self._database.read(lambda tx: find(tx, place, self._kind, key, self._shape))

    async def add(self, place: PoolPlace, *path: str, value: T) -> None:
        key = key_of(place.pool_id, *path)

        def work(tx: Transaction) -> None:
            require_pool(tx, place)
            tx.add(place.account, place.region, self._kind, key, encode(tx, self._kind, key, value))

        await self._database.write(work)

    async def put(self, place: PoolPlace, *path: str, change: Callable[[T | None], T]) -> T:
        key = key_of(place.pool_id, *path)

        def work(tx: Transaction) -> T:
            require_pool(tx, place)
            changed = change(find(tx, place, self._kind, key, self._shape))
            tx.put(place.account, place.region, self._kind, key, encode(tx, self._kind, key, changed))
            return changed

        return await self._database.write(work)

    async def change(self, place: PoolPlace, *path: str, change: Callable[[T], T]) -> T:
        key = key_of(place.pool_id, *path)

        def work(tx: Transaction) -> T:
            found = find(tx, place, self._kind, key, self._shape)
            if found is None:
                raise Conflict(f"{self._kind} is gone")
            changed = change(found)
            tx.replace(place.account, place.region, self._kind, key, encode(tx, self._kind, key, changed))
            return changed

        return await self._database.write(work)

    async def remove(self, place: PoolPlace, *path: str) -> bool:
        key = key_of(place.pool_id, *path)
        return await self._database.write(lambda tx: tx.remove(place.account, place.region, self._kind, key))

    async def list(self, place: PoolPlace, *path: str, after: str = "", limit: int | None = None) -> tuple[T, ...]:
        prefix = key_of(place.pool_id, *path) + SEPARATOR
        start = prefix + escaped(after) if after else ""

        def work(tx: Transaction) -> tuple[T, ...]:
            rows = scan(tx, place, self._kind, prefix, self._shape, after=start, limit=limit)
            return tuple(value for _, value in rows)

        return await self._database.read(work)


class SqlUserPoolStore:
    """User pools in SQLite or PostgreSQL; see ports/user_pool_store.py."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.clients: Shelf[AppClient] = SqlShelf(database, CLIENT, AppClient)
        self.resource_servers: Shelf[ResourceServer] = SqlShelf(database, RESOURCE_SERVER, ResourceServer)
        self.groups: Shelf[Group] = SqlShelf(database, GROUP, Group)
        self.sign_ins: Shelf[SignIn] = SqlShelf(database, SIGN_IN, SignIn)
        self.challenges: Shelf[Challenge] = SqlShelf(database, CHALLENGE, Challenge)
        self.codes: Shelf[Code] = SqlShelf(database, CODE, Code)
        self.phantoms: Shelf[Failures] = SqlShelf(database, PHANTOM, Failures)

    # -- where things are

    async def place_of_pool(self, pool_id: str) -> PoolPlace | None:
        return await self._place(POOL_POINTER, pool_id)

    async def place_of_client(self, client_id: str) -> PoolPlace | None:
        return await self._place(CLIENT_POINTER, client_id)

    async def place_of_domain(self, domain: str) -> PoolPlace | None:
        return await self._place(DOMAIN_POINTER, domain)

    async def _place(self, kind: str, value: str) -> PoolPlace | None:
        pointer: Pointer | None = await self._database.read(lambda tx: tx.find_pointer(kind, escaped(value)))
        return None if pointer is None else PoolPlace(pointer.account, pointer.region, pointer.key)

    # -- pools

    async def add_pool(self, pool: UserPool, keys: PoolKeys) -> None:
        place, key = pool.place, key_of(pool.place.pool_id)

        def work(tx: Transaction) -> None:
            tx.point(POOL_POINTER, place.pool_id, place.account, place.region, place.pool_id)
            tx.add(place.account, place.region, POOL, key, encode(tx, POOL, key, pool))
            tx.add(place.account, place.region, KEYS, key, encode(tx, KEYS, key, keys))
            tx.touch(f"{KEYS_SCOPE}{place.pool_id}")

        await self._database.write(work)

    async def find_pool(self, place: PoolPlace) -> UserPool | None:
        return await self._database.read(lambda tx: find(tx, place, POOL, key_of(place.pool_id), UserPool))

    async def find_keys(self, place: PoolPlace) -> PoolKeys | None:
        return await self._database.read(lambda tx: find(tx, place, KEYS, key_of(place.pool_id), PoolKeys))

    async def list_pools(self, account: str, region: str, *, after: str, limit: int) -> tuple[UserPool, ...]:
        everywhere = PoolPlace(account, region, "")

        def work(tx: Transaction) -> tuple[UserPool, ...]:
            rows = scan(tx, everywhere, POOL, "", UserPool, after=escaped(after), limit=limit)
            return tuple(pool for _, pool in rows)

        return await self._database.read(work)

    async def change_pool(self, place: PoolPlace, change: Callable[[UserPool], UserPool]) -> UserPool:
        key = key_of(place.pool_id)

        def work(tx: Transaction) -> UserPool:
            before = require_pool(tx, place)
            after = change(before)
            if before.domain != after.domain:
                if before.domain is not None:
                    tx.unpoint(DOMAIN_POINTER, before.domain)
                if after.domain is not None:
                    tx.point(DOMAIN_POINTER, after.domain, place.account, place.region, place.pool_id)
            tx.replace(place.account, place.region, POOL, key, encode(tx, POOL, key, after))
            return after

        return await self._database.write(work)

    async def remove_pool(self, place: PoolPlace) -> bool:
        def work(tx: Transaction) -> bool:
            pool = find(tx, place, POOL, key_of(place.pool_id), UserPool)
            if pool is None:
                return False
            prefix = key_of(place.pool_id) + SEPARATOR
            for key, _ in tx.scan(place.account, place.region, CLIENT, prefix=prefix):
                tx.unpoint(CLIENT_POINTER, key.removeprefix(prefix))
            for kind in WITHIN_POOL:
                remove_below(tx, place, kind, prefix)
            for kind in (POOL, KEYS):
                tx.remove(place.account, place.region, kind, key_of(place.pool_id))
            tx.unpoint(POOL_POINTER, place.pool_id)
            if pool.domain is not None:
                tx.unpoint(DOMAIN_POINTER, pool.domain)
            tx.touch(f"{KEYS_SCOPE}{place.pool_id}")
            return True

        return await self._database.write(work)

    # -- clients and groups

    async def add_client(self, place: PoolPlace, client: AppClient) -> None:
        key = key_of(place.pool_id, client.id)

        def work(tx: Transaction) -> None:
            require_pool(tx, place)
            tx.point(CLIENT_POINTER, client.id, place.account, place.region, place.pool_id)
            tx.add(place.account, place.region, CLIENT, key, encode(tx, CLIENT, key, client))

        await self._database.write(work)

    async def remove_client(self, place: PoolPlace, client_id: str) -> bool:
        def work(tx: Transaction) -> bool:
            removed = tx.remove(place.account, place.region, CLIENT, key_of(place.pool_id, client_id))
            if removed:
                tx.unpoint(CLIENT_POINTER, client_id)
            return removed

        return await self._database.write(work)

    async def remove_group(self, place: PoolPlace, name: str) -> bool:
        def work(tx: Transaction) -> bool:
            prefix = key_of(place.pool_id, name) + SEPARATOR
            for key, _ in tx.scan(place.account, place.region, MEMBER, prefix=prefix):
                sub = key.removeprefix(prefix)
                tx.remove(place.account, place.region, MEMBERSHIP, key_of(place.pool_id, sub, name))
            remove_below(tx, place, MEMBER, prefix)
            return tx.remove(place.account, place.region, GROUP, key_of(place.pool_id, name))

        return await self._database.write(work)

    # -- users

    async def add_user(self, pool: UserPool, user: User, *, takes_aliases: bool = False) -> None:
        def work(tx: Transaction) -> None:
            require_pool(tx, pool.place)
            key = user_key(pool, user.username)
            if find_by_alias(tx, pool, user.username) is not None:
                raise AlreadyExists("username")
            tx.add(pool.place.account, pool.place.region, USER, key, encode(tx, USER, key, user))
            for attribute, value in sorted(aliases(pool, user)):
                if takes_aliases and attribute not in pool.username_attributes:
                    take_alias(tx, pool, attribute, value)
                add_alias(tx, pool, attribute, value, user)

        await self._database.write(work)

    async def find_user(self, pool: UserPool, name: str) -> User | None:
        return await self._database.read(lambda tx: find_user(tx, pool, name))

    async def find_user_by_sub(self, pool: UserPool, sub: str) -> User | None:
        def work(tx: Transaction) -> User | None:
            username = find(tx, pool.place, ALIAS, alias_key(pool, "sub", sub), str)
            return None if username is None else find_by_username(tx, pool, username)

        return await self._database.read(work)

    async def change_user(
        self, pool: UserPool, user: User, change: Callable[[User], User], *, takes_aliases: bool = False
    ) -> User:
        def work(tx: Transaction) -> User:
            key = user_key(pool, user.username)
            before = find(tx, pool.place, USER, key, User)
            if before is None or before.sub != user.sub:
                raise Conflict("the user is gone")
            after = change(before)
            had, has = aliases(pool, before), aliases(pool, after)
            for attribute, value in had - has:
                tx.remove(pool.place.account, pool.place.region, ALIAS, alias_key(pool, attribute, value))
            for attribute, value in sorted(has - had):
                if takes_aliases:
                    take_alias(tx, pool, attribute, value)
                add_alias(tx, pool, attribute, value, after)
            tx.replace(pool.place.account, pool.place.region, USER, key, encode(tx, USER, key, after))
            return after

        return await self._database.write(work)

    async def remove_user(self, pool: UserPool, user: User) -> bool:
        place = pool.place

        def work(tx: Transaction) -> bool:
            key = user_key(pool, user.username)
            found = find(tx, place, USER, key, User)
            if found is None or found.sub != user.sub:
                return False
            for attribute, value in aliases(pool, found):
                tx.remove(place.account, place.region, ALIAS, alias_key(pool, attribute, value))
            prefix = key_of(place.pool_id, found.sub) + SEPARATOR
            for group in memberships(tx, place, found.sub):
                tx.remove(place.account, place.region, MEMBER, key_of(place.pool_id, group, found.sub))
            for kind in (MEMBERSHIP, SIGN_IN, CODE):
                remove_below(tx, place, kind, prefix)
            return tx.remove(place.account, place.region, USER, key)

        return await self._database.write(work)

    async def list_users(self, place: PoolPlace, *, after: str, limit: int) -> tuple[tuple[str, User], ...]:
        prefix = key_of(place.pool_id) + SEPARATOR

        def work(tx: Transaction) -> tuple[tuple[str, User], ...]:
            rows = scan(tx, place, USER, prefix, User, after=prefix + after if after else "", limit=limit)
            return tuple((key.removeprefix(prefix), user) for key, user in rows)

        return await self._database.read(work)

    async def count_users(self, place: PoolPlace) -> int:
        prefix = key_of(place.pool_id) + SEPARATOR
        return await self._database.read(lambda tx: tx.count(place.account, place.region, USER, prefix=prefix))

    # -- memberships: one document by user, one by group

    async def add_member(self, pool: UserPool, group: str, user: User) -> None:
        place = pool.place

        def work(tx: Transaction) -> None:
            if tx.find(place.account, place.region, GROUP, key_of(place.pool_id, group)) is None:
                raise Conflict("the group is gone")
            if tx.find(place.account, place.region, USER, user_key(pool, user.username)) is None:
                raise Conflict("the user is gone")
            name = msgspec.json.encode(group)
            username = msgspec.json.encode(user.username)
            tx.put(place.account, place.region, MEMBERSHIP, key_of(place.pool_id, user.sub, group), name)
            tx.put(place.account, place.region, MEMBER, key_of(place.pool_id, group, user.sub), username)

        await self._database.write(work)

    async def remove_member(self, place: PoolPlace, group: str, user: User) -> None:
        def work(tx: Transaction) -> None:
            tx.remove(place.account, place.region, MEMBERSHIP, key_of(place.pool_id, user.sub, group))
            tx.remove(place.account, place.region, MEMBER, key_of(place.pool_id, group, user.sub))

        await self._database.write(work)

    async def groups_of(self, place: PoolPlace, user: User) -> tuple[Group, ...]:
        def work(tx: Transaction) -> tuple[Group, ...]:
            names = memberships(tx, place, user.sub)
            found = (find(tx, place, GROUP, key_of(place.pool_id, name), Group) for name in names)
            return tuple(group for group in found if group is not None)

        return await self._database.read(work)

    async def members_of(self, pool: UserPool, group: str, *, after: str, limit: int) -> tuple[User, ...]:
        prefix = key_of(pool.place.pool_id, group) + SEPARATOR
        start = prefix + escaped(after) if after else ""

        def work(tx: Transaction) -> tuple[User, ...]:
            rows = scan(tx, pool.place, MEMBER, prefix, str, after=start, limit=limit)
            found = map(partial(find_by_username, tx, pool), (username for _, username in rows))
            return tuple(user for user in found if user is not None)

        return await self._database.read(work)


def require_pool(tx: Transaction, place: PoolPlace) -> UserPool:
    """The pool that something is to be put into.

    Raises:
        Conflict: It is gone.
    """
    pool = find(tx, place, POOL, key_of(place.pool_id), UserPool)
    if pool is None:
        raise Conflict("the user pool is gone")
    return pool


def remove_below(tx: Transaction, place: PoolPlace, kind: str, prefix: str) -> None:
    """Remove every document of the kind below the prefix."""
    for key, _ in tx.scan(place.account, place.region, kind, prefix=prefix):
        tx.remove(place.account, place.region, kind, key)


def user_key(pool: UserPool, username: str) -> str:
    """Where the user of this username lies."""
    return key_of(pool.place.pool_id, pool.fold(username))


def alias_key(pool: UserPool, attribute: str, value: str) -> str:
    """Where the username of whoever holds the alias lies."""
    return key_of(pool.place.pool_id, attribute, value)


def find_by_username(tx: Transaction, pool: UserPool, username: str) -> User | None:
    """The user of exactly this username."""
    return find(tx, pool.place, USER, user_key(pool, username), User)


def find_user(tx: Transaction, pool: UserPool, name: str) -> User | None:
    """The user of this username, sub or alias."""
    return find_by_username(tx, pool, name) or find_by_alias(tx, pool, name)


def find_by_alias(tx: Transaction, pool: UserPool, name: str) -> User | None:
    """The user of this sub or alias."""
    for attribute, value in lookups(pool, name):
        username = find(tx, pool.place, ALIAS, alias_key(pool, attribute, value), str)
        if username is not None:
            return find_by_username(tx, pool, username)
    return None


def add_alias(tx: Transaction, pool: UserPool, attribute: str, value: str, user: User) -> None:
    """Let the alias find the user.

    Raises:
        AlreadyExists: It finds another one.
    """
    body = msgspec.json.encode(user.username)
    try:
        tx.add(pool.place.account, pool.place.region, ALIAS, alias_key(pool, attribute, value), body)
    except AlreadyExists:
        raise AlreadyExists(attribute) from None


def take_alias(tx: Transaction, pool: UserPool, attribute: str, value: str) -> None:
    """Take the alias from whoever holds it; the address is then unverified there."""
    key = alias_key(pool, attribute, value)
    username = find(tx, pool.place, ALIAS, key, str)
    if username is None:
        return
    tx.remove(pool.place.account, pool.place.region, ALIAS, key)
    holder, verified = find_by_username(tx, pool, username), VERIFIED.get(attribute)
    if holder is None:
        return
    kept = dict(holder.attributes)
    if verified is None:
        kept.pop(attribute, None)
    else:
        kept[verified] = "false"
    at = user_key(pool, username)
    body = encode(tx, USER, at, msgspec.structs.replace(holder, attributes=kept))
    tx.replace(pool.place.account, pool.place.region, USER, at, body)


def memberships(tx: Transaction, place: PoolPlace, sub: str) -> tuple[str, ...]:
    """The names of the groups that the user is a member of."""
    prefix = key_of(place.pool_id, sub) + SEPARATOR
    return tuple(name for _, name in scan(tx, place, MEMBERSHIP, prefix, str))

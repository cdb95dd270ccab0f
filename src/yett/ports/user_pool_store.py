"""User pools and all that is in them."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from yett.ports.signing_keys import PoolKeys
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.groups import Group
from yett.rules.cognito_idp.resource_server import ResourceServer
from yett.rules.cognito_idp.sessions import Challenge, Code, SignIn
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.rules.cognito_idp.users import User
from yett.rules.sign_in.attempts import Failures

T = TypeVar("T")


class Shelf(Protocol[T]):
    """Things of one kind in a pool, each at a path of names.

    ``change`` reads, changes and writes in one transaction; the change may run more than once, and what it raises comes
    through with nothing written.
    """

    async def find(self, place: PoolPlace, *path: str) -> T | None:
        """What lies there, or None."""
        ...

    async def add(self, place: PoolPlace, *path: str, value: T) -> None:
        """Lay it there.

        Raises:
            AlreadyExists: Something lies there.
        """
        ...

    async def put(self, place: PoolPlace, *path: str, change: Callable[[T | None], T]) -> T:
        """Lay there what *change* makes of what lies there, if anything does."""
        ...

    async def change(self, place: PoolPlace, *path: str, change: Callable[[T], T]) -> T:
        """Put there what *change* makes of what lies there.

        Raises:
            Conflict: Nothing lies there.
        """
        ...

    async def remove(self, place: PoolPlace, *path: str) -> bool:
        """Take it away; whether something lay there."""
        ...

    async def list(self, place: PoolPlace, *path: str, after: str = "", limit: int | None = None) -> tuple[T, ...]:
        """What lies below the path, by the name that follows, from the one after *after*."""
        ...


class UserPoolStore(Protocol):
    """User pools by account and Region. Everything is durable when a method returns; secrets are sealed at rest.

    Ids of pools and clients, and domains, are unique across accounts. What a removed pool held is gone with it.
    """

    clients: Shelf[AppClient]  # by client id; read and change only: see add_client, remove_client
    resource_servers: Shelf[ResourceServer]  # by identifier
    groups: Shelf[Group]  # by name; see remove_group
    sign_ins: Shelf[SignIn]  # by sub, event id
    challenges: Shelf[Challenge]  # by time of expiry (ISO 8601), digest
    codes: Shelf[Code]  # by sub, purpose
    phantoms: Shelf[Failures]  # failed sign-ins by names that nobody has, by a few digits of the name's MAC

    async def place_of_pool(self, pool_id: str) -> PoolPlace | None:
        """Where the pool of this id is."""
        ...

    async def place_of_client(self, client_id: str) -> PoolPlace | None:
        """The pool of the app client of this id."""
        ...

    async def place_of_domain(self, domain: str) -> PoolPlace | None:
        """The pool of this domain (its prefix)."""
        ...

    async def add_pool(self, pool: UserPool, keys: PoolKeys) -> None:
        """Add a pool.

        Raises:
            AlreadyExists: The id is taken, in whatever account.
        """
        ...

    async def find_pool(self, place: PoolPlace) -> UserPool | None:
        """The pool, or None."""
        ...

    async def find_keys(self, place: PoolPlace) -> PoolKeys | None:
        """The keys of the pool, or None if there is no such pool."""
        ...

    async def list_pools(self, account: str, region: str, *, after: str, limit: int) -> tuple[UserPool, ...]:
        """Pools by id, from the one after *after*."""
        ...

    async def change_pool(self, place: PoolPlace, change: Callable[[UserPool], UserPool]) -> UserPool:
        """Put in its place what *change* makes of the pool; its domain finds it from then on.

        Raises:
            Conflict: There is no such pool.
            AlreadyExists: The domain is taken, in whatever account.
        """
        ...

    async def remove_pool(self, place: PoolPlace) -> bool:
        """Remove the pool with all it holds; whether there was one."""
        ...

    async def add_client(self, place: PoolPlace, client: AppClient) -> None:
        """Add an app client.

        Raises:
            AlreadyExists: The id is taken, in whatever account.
        """
        ...

    async def remove_client(self, place: PoolPlace, client_id: str) -> bool:
        """Remove the client; whether there was one."""
        ...

    async def remove_group(self, place: PoolPlace, name: str) -> bool:
        """Remove the group and all memberships in it; whether there was one."""
        ...

    async def add_user(self, pool: UserPool, user: User, *, takes_aliases: bool = False) -> None:
        """Add a user. For *takes_aliases* see ``change_user``.

        Raises:
            AlreadyExists: The username, or an alias of the user (rules/cognito_idp/users.py), is taken.
        """
        ...

    async def find_user(self, pool: UserPool, name: str) -> User | None:
        """The user of this username, sub or alias."""
        ...

    async def find_user_by_sub(self, pool: UserPool, sub: str) -> User | None:
        """The user of this sub, whatever others call themselves."""
        ...

    async def change_user(
        self, pool: UserPool, user: User, change: Callable[[User], User], *, takes_aliases: bool = False
    ) -> User:
        """Put in its place what *change* makes of the user as it is now.

        With *takes_aliases*, aliases that another user holds are taken away; the address is then unverified there.

        Raises:
            Conflict: The user is gone.
            AlreadyExists: Another user holds an alias that the change would bring.
        """
        ...

    async def remove_user(self, pool: UserPool, user: User) -> bool:
        """Remove the user with memberships, sign-ins and codes; whether there was one."""
        ...

    async def list_users(self, place: PoolPlace, *, after: str, limit: int) -> tuple[tuple[str, User], ...]:
        """Users with the keys they are ordered by, from the one after *after*."""
        ...

    async def count_users(self, place: PoolPlace) -> int:
        """How many users the pool has."""
        ...

    async def add_member(self, pool: UserPool, group: str, user: User) -> None:
        """Make the user a member of the group; being one already is no fault.

        Raises:
            Conflict: The group or the user is gone.
        """
        ...

    async def remove_member(self, place: PoolPlace, group: str, user: User) -> None:
        """Let the user be no member of the group."""
        ...

    async def groups_of(self, place: PoolPlace, user: User) -> tuple[Group, ...]:
        """The groups that the user is a member of."""
        ...

    async def members_of(self, pool: UserPool, group: str, *, after: str, limit: int) -> tuple[User, ...]:
        """The members of the group, by sub, from the one after *after*."""
        ...

"""Measure what finding a caller, a user or a role costs among many, beside among few.

    python -m bench.lookups [--users 100000] [--roles 10000] [--only sqlite,postgresql] [--name after-this-change]

Two stores of each database are open at once, one with ten users and ten roles, and take turns look-up by look-up, so
that a busy moment falls on both. Figures are microseconds of waiting, since PostgreSQL works in another process: the
median of the rounds' medians. `times` is the median of the rounds' quotients, `times_of_least` that of the two least
medians. PostgreSQL is asked at YETT_TEST_POSTGRESQL, else at 127.0.0.1:5432, where a server answers. A JSON file goes
to bench/results/; bench/README.md says how to read it.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final, cast

import msgspec
import psycopg
from sqlalchemy import insert, text
from tests.databases import SERVER

from bench.processes import describe_machine
from bench.results import write
from yett.adapters.callers import StoredCallers, load_session, load_user
from yett.adapters.session_tokens import SealedSessionTokens
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.iam_documents import KINDS, index_entity, key_of, store_access_key
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.schema import DOCUMENTS, POINTERS, REVISIONS
from yett.adapters.sql.sealing import Sealer
from yett.adapters.system import SystemRandomness
from yett.ports.iam_store import AccessKey, AccessKeyStatus, Entity, Group, Role, User
from yett.ports.session_tokens import OpenedToken
from yett.rules.sts.temporary_credentials import TemporarySession
from yett.values.secret import Secret

ACCOUNT: Final = "123456789012"
NOW: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FEW: Final = 10
ROUNDS: Final = 15
LOOK_UPS: Final = 100  # of each kind and store in a round
ROWS_AT_ONCE: Final = 10_000
BOUND: Final = 1.2  # times what it costs among few
POLICY: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",'
    '"Resource":"arn:aws:execute-api:us-east-1:123456789012:*/prod/GET/*"}]}'
)
TRUST: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
MANAGED: Final = "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"

Row = dict[str, Any]
LookUp = Callable[[], Awaitable[object]]


class Recorder:
    """Takes a transaction's place, and keeps in memory what the store writes, to be inserted in bulk."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.documents: list[Row] = []
        self.pointers: list[Row] = []
        self.scopes: set[str] = set()

    def put(self, account: str, region: str, kind: str, key: str, body: bytes) -> None:
        self.documents.append({"account": account, "region": region, "kind": kind, "key": key, "body": body})

    def point(self, kind: str, value: str, account: str, region: str, key: str) -> None:
        self.pointers.append({"kind": kind, "value": value, "account": account, "region": region, "key": key})

    def seal(self, secret: bytes, *, identity: str) -> bytes:
        return self._sealer.seal(secret, identity=identity)

    def touch(self, scope: str) -> None:
        self.scopes.add(scope)

    def add_entity(self, entity: Entity) -> None:
        """What `SqlIamStore.add` writes."""
        kind = type(entity)
        self.put(entity.account, "", KINDS[kind], key_of(kind, entity.name), msgspec.json.encode(entity))
        index_entity(cast(Transaction, self), entity, already=frozenset({MANAGED}))


class Store:
    """A database with so many users and roles, and the ways to find one of them."""

    def __init__(self, database: Database, *, users: int, roles: int) -> None:
        self.database = database
        self.users, self.roles = users, roles
        self.iam = SqlIamStore(database)
        self.callers = StoredCallers(database, SealedSessionTokens(Sealer(bytes(32)), SystemRandomness()))
        self.dice = random.Random(1)

    def fill(self, sealer: Sealer) -> None:
        """Make the users, each with an access key, two policies and a group, and the roles."""
        recorder = Recorder(sealer)
        group = Group(account=ACCOUNT, name="staff", path="/", id="AGPASTAFF", created_at=NOW)
        recorder.add_entity(group)
        for number in range(self.users):
            user = User(
                **common(f"user-{number}", f"AIDA{number:017}"),
                inline_policies={"invoke": POLICY},
                attached_policies=(MANAGED,),
                groups=("staff",),
            )
            recorder.add_entity(user)
            access_key = AccessKey(
                account=ACCOUNT,
                access_key_id=f"AKIA{number:016}",
                owner_id=user.id,
                user_name=user.name,
                status=AccessKeyStatus.ACTIVE,
                created_at=NOW,
                secret_access_key=Secret("bPxRfiCYEXAMPLEKEY0123456789abcdefghijkl"),
            )
            store_access_key(cast(Transaction, recorder), access_key)
        for number in range(self.roles):
            role = Role(**common(f"role-{number}", f"AROA{number:017}"), trust_policy=TRUST)
            recorder.add_entity(msgspec.structs.replace(role, inline_policies={"invoke": POLICY}))
        tables = (
            (DOCUMENTS, recorder.documents),
            (POINTERS, recorder.pointers),
            (REVISIONS, [{"scope": scope, "revision": 1} for scope in sorted(recorder.scopes)]),
        )
        with self.database.writers.begin() as connection:
            for table, rows in tables:
                for start in range(0, len(rows), ROWS_AT_ONCE):
                    connection.execute(insert(table), rows[start : start + ROWS_AT_ONCE])
            connection.execute(text("ANALYZE"))  # as autovacuum would, or a store that grew slowly

    def look_ups(self) -> dict[str, LookUp]:
        """The ways to find something, each of one drawn by lot."""
        return {
            "caller, by access key": self.find_caller,
            "caller, by session token": self.find_session,
            "caller, remembered": self.find_remembered,
            "user, by name": self.find_user,
            "user, by unique id": self.find_by_id,
            "role, by name": self.find_role,
            "a page of ten users": self.find_page,
        }

    async def find_caller(self) -> object:
        key = f"AKIA{self.dice.randrange(self.users):016}"
        return await self.database.read(partial(load_user, access_key_id=key))

    async def find_session(self) -> object:
        number = self.dice.randrange(self.roles)
        session = TemporarySession.of_role(
            account=ACCOUNT,
            role_id=f"AROA{number:017}",
            role_name=f"role-{number}",
            session_name="session",
            issued_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )
        opened = OpenedToken(access_key_id="ASIA", secret_access_key=Secret("x"), session=session)
        return await self.database.read(partial(load_session, opened=opened))

    async def find_remembered(self) -> object:
        key = f"AKIA{self.dice.randrange(FEW):016}"
        return self.callers.current(key, None, now=NOW) or await self.callers.resolve(key, None, now=NOW)

    async def find_user(self) -> object:
        return await self.iam.find(User, ACCOUNT, f"User-{self.dice.randrange(self.users)}")

    async def find_by_id(self) -> object:
        return await self.iam.find_by_id(f"AIDA{self.dice.randrange(self.users):017}")

    async def find_role(self) -> object:
        return await self.iam.find(Role, ACCOUNT, f"Role-{self.dice.randrange(self.roles)}")

    async def find_page(self) -> object:
        after = f"user-{self.dice.randrange(self.users)}" if self.users > FEW else ""
        return await self.iam.page(User, ACCOUNT, path_prefix="/", after=after, limit=FEW)


def common(name: str, unique_id: str) -> dict[str, Any]:
    """What every entity has."""
    return {"account": ACCOUNT, "name": name, "path": "/", "id": unique_id, "created_at": NOW}


@contextmanager
def places(kind: str, directory: Path) -> Iterator[Callable[[], str] | None]:
    """A maker of URLs of empty databases of a kind, which are gone afterwards; None where no server answers."""
    if kind == "sqlite":
        yield lambda: f"sqlite:///{directory / uuid.uuid4().hex}.db"
        return
    try:
        admin = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    made: list[str] = []

    def make() -> str:
        made.append(f"yett_bench_{uuid.uuid4().hex}")
        admin.execute(f'CREATE DATABASE "{made[-1]}"'.encode())
        return f"{SERVER}/{made[-1]}"

    with admin:
        try:
            yield make
        finally:
            for name in made:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@asynccontextmanager
async def store_at(url: str, *, users: int, roles: int) -> AsyncIterator[Store]:
    """A store, filled."""
    sealer = Sealer(bytes(32))
    database = Database.open(url, sealer=sealer)
    try:
        store = Store(database, users=users, roles=roles)
        await asyncio.to_thread(store.fill, sealer)
        yield store
    finally:
        await database.close()


async def time_one(look_up: LookUp) -> float:
    """Seconds of waiting for one look-up."""
    start = perf_counter()
    found = await look_up()
    taken = perf_counter() - start
    if found is None:
        raise AssertionError("something that is there was not found")
    return taken


async def compare(few: Store, many: Store) -> list[Row]:
    """What each look-up costs among few and among many; the two take turns."""
    rows = []
    for name, look_up in few.look_ups().items():
        other = many.look_ups()[name]
        rounds = []
        for _ in range(1 + ROUNDS):
            taken = [(await time_one(look_up), await time_one(other)) for _ in range(LOOK_UPS)]
            rounds.append([1e6 * statistics.median(each) for each in zip(*taken, strict=True)])
        small, large = zip(*rounds[1:], strict=True)  # the first one warms up
        rows.append(
            {
                "name": name,
                "few_us": round(statistics.median(small), 1),
                "many_us": round(statistics.median(large), 1),
                "times": round(statistics.median(b / a for a, b in zip(small, large, strict=True)), 3),
                "times_of_least": round(min(large) / min(small), 3),
            }
        )
    return rows


async def run(kind: str, *, users: int, roles: int) -> list[Row]:
    """The rows of one kind of database; none where no server answers."""
    with tempfile.TemporaryDirectory() as directory, places(kind, Path(directory)) as make:
        if make is None:
            print(f"{kind}: no server answers at {SERVER}; left out", file=sys.stderr)
            return []
        async with AsyncExitStack() as stack:
            few = await stack.enter_async_context(store_at(make(), users=FEW, roles=FEW))
            start = perf_counter()
            many = await stack.enter_async_context(store_at(make(), users=users, roles=roles))
            print(f"{kind}: {users} users and {roles} roles in {perf_counter() - start:.0f} s", file=sys.stderr)
            rows = await compare(few, many)
    for row in rows:
        bound = "" if row["times"] <= BOUND else f"   over {BOUND}"
        print(f"{kind:10} {row['name']:26} {row['few_us']:9.1f} {row['many_us']:9.1f} µs  {row['times']:6.2f}{bound}")
    return [{"database": kind, **row} for row in rows]


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--roles", type=int, default=10_000)
    parser.add_argument("--only", default="sqlite,postgresql")
    parser.add_argument("--name", default="lookups")
    asked = parser.parse_args()
    rows: list[Row] = []
    for kind in asked.only.split(","):
        rows += asyncio.run(run(kind, users=asked.users, roles=asked.roles))
    report = {
        "machine": describe_machine(),
        "few": {"users": FEW, "roles": FEW},
        "many": {"users": asked.users, "roles": asked.roles},
        "rows": rows,
    }
    print(write(report, f"{datetime.now(UTC):%Y-%m-%d}-{asked.name}"))


if __name__ == "__main__":
    main()

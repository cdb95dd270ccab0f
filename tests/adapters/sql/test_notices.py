"""What one node commits, the others on the same PostgreSQL hear of; and what they believe when they hear nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import psycopg
import pytest
from tests.databases import MASTER_KEY, emptied, postgresql_url

from yett.adapters.sql import notices
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.notices import Notices
from yett.adapters.sql.revisions import EVERYTHING
from yett.adapters.sql.sealing import Sealer
from yett.ports.errors import Unavailable

__all__ = ["postgresql_url"]


class Node:
    """A database as one node has it, and all that it was told."""

    def __init__(self, url: str) -> None:
        self.database = Database.open(url, sealer=Sealer(MASTER_KEY))
        self.told: list[frozenset[str]] = []
        self.database.on_commit(self.told.append)
        self.notices = Notices(url, self.database.origin, self.database.tell)

    async def touch(self, *scopes: str, fails: bool = False) -> None:
        def work(transaction: Transaction) -> None:
            for scope in scopes:
                transaction.touch(scope)
            if fails:
                raise RuntimeError

        await self.database.write(work)

    async def close(self) -> None:
        await self.notices.stop()
        await self.database.close()


@pytest.fixture
async def nodes(postgresql_url: str) -> AsyncIterator[tuple[Node, Node]]:
    url = emptied(postgresql_url)
    async with AsyncExitStack() as stack:
        made = Node(url), Node(url)
        for each in made:
            stack.push_async_callback(each.close)
            await each.notices.start()
            assert each.told.pop() == {EVERYTHING}
        yield made


async def until(happens: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happens():
            await asyncio.sleep(0.005)


async def test_a_commit_is_heard_by_the_other_node_once_and_not_by_its_own(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    await one.touch("principal:1:ann", "group:1:staff")
    await until(lambda: bool(other.told))
    assert other.told == [{"principal:1:ann", "group:1:staff"}]
    await other.touch("policy:p")
    await until(lambda: len(one.told) == 2)
    assert one.told == [{"principal:1:ann", "group:1:staff"}, {"policy:p"}]


async def test_what_is_undone_is_told_to_nobody(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    with pytest.raises(RuntimeError):
        await one.touch("principal:1:ann", fails=True)
    await one.touch("principal:1:bob")
    await until(lambda: bool(other.told))
    assert other.told == [{"principal:1:bob"}]


async def test_what_moves_without_being_stored_is_heard_too(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    await one.database.announce(frozenset({"authorizer-cache:1/a/prod"}))
    assert {"authorizer-cache:1/a/prod"} in one.told
    await until(lambda: bool(other.told))
    assert other.told == [{"authorizer-cache:1/a/prod"}]


async def test_more_than_a_notice_holds_moves_everything(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    await one.touch(*(f"principal:123456789012:user-{number:04}" for number in range(400)))
    await until(lambda: bool(other.told))
    assert other.told == [{EVERYTHING}]


async def test_a_connection_that_is_cut_is_made_again_and_everything_counts_as_moved(
    nodes: tuple[Node, Node], postgresql_url: str
) -> None:
    one, other = nodes
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        cut = admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')"
        ).fetchall()
    assert cut
    await until(lambda: {EVERYTHING} in other.told)
    await until(lambda: other.notices.is_listening)
    other.told.clear()
    await one.touch("policy:p")
    await until(lambda: bool(other.told))
    assert other.told == [{"policy:p"}]


async def test_a_server_that_cannot_be_had_for_long_makes_all_that_is_held_doubtful(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices, "STALE_SECONDS", 0.0)
    told: list[frozenset[str]] = []
    away = Notices("postgresql://nobody@127.0.0.1:9/none", "me", told.append)
    starting = asyncio.create_task(away.start())
    await until(lambda: bool(told))
    assert told[0] == {EVERYTHING}
    assert not away.is_listening
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await away.stop()


async def test_who_cannot_listen_from_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "CONNECT_SECONDS", 0.1)
    away = Notices("postgresql://nobody@127.0.0.1:9/none", "me", lambda _: None)
    with pytest.raises(Unavailable):
        await away.start()

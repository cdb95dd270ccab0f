"""What a transaction promises, on every database."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Pointer, Transaction, successor
from yett.adapters.sql.sealing import SealBroken, Sealer
from yett.ports.errors import AlreadyExists, Conflict

A, R, K = "111111111111", "us-east-1", "test.thing"


async def put_all(database: Database, *keys: str, account: str = A) -> None:
    def work(transaction: Transaction) -> None:
        for key in keys:
            transaction.put(account, R, K, key, key.encode())

    await database.write(work)


async def test_a_document_is_found_in_its_account_region_and_kind_only(database: Database) -> None:
    await put_all(database, "a")

    def work(transaction: Transaction) -> list[bytes | None]:
        places = [(A, R, K), ("222222222222", R, K), (A, "", K), (A, R, "test.other")]
        return [transaction.find(*place, "a") for place in places]

    assert await database.read(work) == [b"a", None, None, None]


async def test_a_key_is_added_once(database: Database) -> None:
    await database.write(lambda transaction: transaction.add(A, R, K, "a", b"1"))
    with pytest.raises(AlreadyExists):
        await database.write(lambda transaction: transaction.add(A, R, K, "a", b"2"))
    assert await database.read(lambda transaction: transaction.find(A, R, K, "a")) == b"1"


async def test_what_raises_is_undone_whole(database: Database) -> None:
    await put_all(database, "a")

    def work(transaction: Transaction) -> None:
        transaction.put(A, R, K, "b", b"b")
        transaction.add(A, R, K, "a", b"again")

    with pytest.raises(AlreadyExists):
        await database.write(work)
    assert await database.read(lambda transaction: transaction.count(A, R, K)) == 1


@pytest.mark.parametrize(("expected", "is_right"), [(None, True), (b"a", True), (b"b", False)])
async def test_replacing_holds_the_body_against_what_was_expected(
    database: Database, expected: bytes | None, is_right: bool
) -> None:
    await put_all(database, "a")
    work: Callable[[Transaction], None] = lambda transaction: transaction.replace(  # noqa: E731
        A, R, K, "a", b"new", expected=expected
    )
    if is_right:
        await database.write(work)
        assert await database.read(lambda transaction: transaction.find(A, R, K, "a")) == b"new"
    else:
        with pytest.raises(Conflict):
            await database.write(work)


async def test_what_is_gone_cannot_be_replaced(database: Database) -> None:
    await put_all(database, "a")
    assert await database.write(lambda transaction: transaction.remove(A, R, K, "a"))
    assert not await database.write(lambda transaction: transaction.remove(A, R, K, "a"))
    with pytest.raises(Conflict):
        await database.write(lambda transaction: transaction.replace(A, R, K, "a", b""))


async def test_a_scan_is_in_byte_order_by_prefix_and_after(database: Database) -> None:
    keys = ["B", "a", "a/1", "a/2", "a/é", "a/\U0001f600", "a0", "Z", "%", "a/_"]
    await put_all(database, *keys)
    ordered = sorted(keys, key=str.encode)

    def scan(**options: object) -> Callable[[Transaction], list[str]]:
        return lambda transaction: [key for key, _ in transaction.scan(A, R, K, **options)]  # type: ignore[arg-type]

    assert await database.read(scan()) == ordered
    assert await database.read(scan(prefix="a/")) == [key for key in ordered if key.startswith("a/")]
    assert await database.read(scan(prefix="a/", after="a/1", limit=2)) == ["a/2", "a/_"]
    assert await database.read(lambda transaction: transaction.count(A, R, K, prefix="a/")) == 5


@given(prefix=st.text(min_size=1), text=st.text())
def test_the_successor_ends_exactly_the_texts_of_the_prefix(prefix: str, text: str) -> None:
    end = successor(prefix)
    begins = prefix <= text and (end is None or text < end)
    assert begins == text.startswith(prefix)


async def test_a_key_holds_no_nul(database: Database) -> None:
    with pytest.raises(ValueError, match="U\\+0000"):
        await put_all(database, "a\0b")


async def test_a_pointer_names_one_document(database: Database) -> None:
    await database.write(lambda transaction: transaction.point("api", "abc", A, R, "k"))
    with pytest.raises(AlreadyExists):
        await database.write(lambda transaction: transaction.point("api", "abc", "222222222222", R, "k"))
    find = lambda transaction: transaction.find_pointer("api", "abc")  # noqa: E731
    assert await database.read(find) == Pointer(A, R, "k")
    await database.write(lambda transaction: transaction.unpoint("api", "abc"))
    assert await database.read(find) is None


async def test_revisions_move_and_listeners_know_before_the_writer(database: Database) -> None:
    told: list[frozenset[str]] = []
    database.on_commit(told.append)

    def work(transaction: Transaction) -> int:
        transaction.touch("stage:a/prod")
        transaction.touch("pool:b")
        return transaction.revision("stage:a/prod")

    assert [await database.write(work), await database.write(work)] == [1, 2]
    assert told == [frozenset({"stage:a/prod", "pool:b"})] * 2
    await put_all(database, "a")
    assert len(told) == 2
    assert await database.read(lambda transaction: transaction.revision("never")) == 0


async def test_a_write_that_fails_tells_nobody(database: Database) -> None:
    told: list[frozenset[str]] = []
    database.on_commit(told.append)

    def work(transaction: Transaction) -> None:
        transaction.touch("a")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(work)
    assert told == []
    assert await database.read(lambda transaction: transaction.revision("a")) == 0


async def test_concurrent_increments_are_all_counted(database: Database) -> None:
    def increment(transaction: Transaction) -> None:
        body = transaction.find(A, R, K, "counter") or b"0"
        transaction.put(A, R, K, "counter", str(int(body) + 1).encode())

    await asyncio.gather(*(database.write(increment) for _ in range(6)))
    assert await database.read(lambda transaction: transaction.find(A, R, K, "counter")) == b"6"


async def test_a_reader_sees_one_snapshot(database: Database) -> None:
    await put_all(database, "a")
    loop = asyncio.get_running_loop()

    def work(transaction: Transaction) -> tuple[int, int]:
        before = transaction.count(A, R, K)
        asyncio.run_coroutine_threadsafe(put_all(database, "b"), loop).result()
        return before, transaction.count(A, R, K)

    assert await database.read(work) == (1, 1)


async def test_a_caller_that_gives_up_does_not_keep_listeners_in_the_dark(database: Database) -> None:
    told = asyncio.Event()
    database.on_commit(lambda _: told.set())
    task = asyncio.create_task(database.write(lambda transaction: transaction.touch("a")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(told.wait(), 10)


async def test_what_is_written_is_there_for_the_next_process(database_url: str) -> None:
    for expected in (None, b"1", b"1"):
        database = Database.open(database_url, sealer=Sealer(b"k" * 32))
        assert await database.read(lambda transaction: transaction.find(A, R, K, "a")) == expected
        await database.write(lambda transaction: transaction.put(A, R, K, "a", b"1"))
        await database.close()


async def test_a_sealed_secret_opens_in_its_own_row_only(database: Database) -> None:
    sealed = await database.read(lambda transaction: transaction.seal(b"hush", identity="row:1"))
    assert b"hush" not in sealed
    assert await database.read(lambda transaction: transaction.open(sealed, identity="row:1")) == b"hush"
    with pytest.raises(SealBroken):
        await database.read(lambda transaction: transaction.open(sealed, identity="row:2"))

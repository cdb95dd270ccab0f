"""The database under force: killed writers, cancelled callers, wrong URLs."""

import os
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from yett.adapters.sql.database import BadDatabaseUrl, Database
from yett.adapters.sql.sealing import Sealer
from yett.ports.errors import Unavailable

ROUNDS = int(os.environ.get("YETT_CRASH_ROUNDS", "10"))
WRITERS, WRITES = 8, 25
WRITER = """
import asyncio, sys
from yett.adapters.sql.database import Database
from yett.adapters.sql.sealing import Sealer

async def main():
    database = Database.open(sys.argv[1], sealer=Sealer(b"k" * 32))
    number = int(sys.argv[2])
    while True:
        await asyncio.gather(*(write(database, number + i) for i in range(3)))
        number += 3

async def write(database, number):
    await database.write(lambda transaction: transaction.add("1", "", "n", f"{number:08}", b"x" * 500))
    print(number, flush=True)

asyncio.run(main())
"""


async def test_no_acknowledged_write_is_lost_when_the_writer_is_killed(database_url: str) -> None:
    url = database_url
    acknowledged: set[int] = set()
    for turn in range(ROUNDS):
        command = [sys.executable, "-c", WRITER, url, str(turn * 1_000_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(random.randrange(1, 40)):
                acknowledged.add(int(writer.stdout.readline()))
            writer.send_signal(signal.SIGKILL)
            # The last line may have been cut short by the kill: what was not told whole was not acknowledged.
            acknowledged.update(int(line) for line in writer.stdout if line.endswith("\n"))
    database = Database.open(url, sealer=Sealer(b"k" * 32))
    rows = await database.read(lambda transaction: transaction.scan("1", "", "n"))
    await database.close()
    assert acknowledged <= {int(key) for key, _ in rows}
    assert len(acknowledged) >= ROUNDS


COUNTER = """
import asyncio, sys
from yett.adapters.sql.database import Database
from yett.adapters.sql.sealing import Sealer

def count(name):
    def work(transaction):
        number = int(transaction.find("1", "", "n", "all") or b"0") + 1
        transaction.put("1", "", "n", "all", str(number).encode())
        transaction.add("1", "", "n", f"{name}/{number:08}", b"")
        transaction.touch("all")
        return number
    return work

async def main():
    database = Database.open(sys.argv[1], sealer=Sealer(b"k" * 32))
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[3])):
        print(await database.write(count(sys.argv[2])), flush=True)
    await database.close()

asyncio.run(main())
"""


async def test_eight_processes_that_count_together_lose_nothing(database_url: str) -> None:
    commands = [[sys.executable, "-c", COUNTER, database_url, f"writer{n}", str(WRITES)] for n in range(WRITERS)]
    writers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [writer.communicate()[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    every = range(1, WRITERS * WRITES + 1)
    assert sorted(int(number) for numbers in told for number in numbers) == list(every)
    database = Database.open(database_url, sealer=Sealer(b"k" * 32))
    rows = await database.read(lambda transaction: transaction.scan("1", "", "n", prefix="writer"))
    revision = await database.read(lambda transaction: transaction.revision("all"))
    await database.close()
    assert sorted(int(key.partition("/")[2]) for key, _ in rows) == list(every)
    assert revision == len(every)


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "yett.db"
    database = Database.open(f"sqlite:///{path}", sealer=Sealer(b"k" * 32))
    await database.write(lambda transaction: transaction.touch("a"))
    modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    await database.close()
    assert modes == {0o600}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "no url"])
def test_a_database_that_would_keep_nothing_is_refused(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="a database is"):
        Database.open(url, sealer=Sealer(b"k" * 32))


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Database.open("postgresql://root@127.0.0.1:1/x", sealer=Sealer(b"k" * 32))


async def test_closing_waits_for_what_was_begun(tmp_path: Path) -> None:
    import asyncio

    url = f"sqlite:///{tmp_path / 'yett.db'}"
    database = Database.open(url, sealer=Sealer(b"k" * 32))
    task = asyncio.create_task(database.write(lambda transaction: transaction.put("1", "", "n", "a", b"1")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await database.close()
    await task
    database = Database.open(url, sealer=Sealer(b"k" * 32))
    assert await database.read(lambda transaction: transaction.find("1", "", "n", "a")) == b"1"
    await database.close()

"""The database: SQLite in a file, or PostgreSQL by URL. Work runs in threads; the event loop never waits for a disk.

SQLite has one writer thread, WAL, and syncs at every commit; readers see the snapshot of their first read. PostgreSQL's
transactions are serializable and tried again when they collide, at last alone.
"""

import asyncio
import logging
import os
import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.notices import notify
from yett.adapters.sql.schema import STEPS
from yett.adapters.sql.sealing import Sealer
from yett.ports.errors import Unavailable
from yett.values.errors import Refusal

T = TypeVar("T")
Listener = Callable[[frozenset[str]], None]

FORMS: Final = "a database is `sqlite:///` with a file or `postgresql://`"
BUSY_TIMEOUT_SECONDS: Final = 10  # how long a SQLite writer waits for another process's
READERS: Final = 4
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")
READ_ONLY: Final = ("query_only=ON", "trusted_schema=OFF")
POSTGRESQL_WRITERS: Final = 8
ATTEMPTS: Final = 8
TOGETHER: Final = 4  # attempts beside other writers; then alone
BACK_OFF_SECONDS: Final = 0.01  # at most, times the attempt, before another
COLLISIONS: Final = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
MIGRATION_LOCK: Final = 0x79657474  # "yett": one process migrates, the others wait
MIGRATIONS: Final = Path(__file__).parent / "migrations"

logger = logging.getLogger(__name__)


class BadDatabaseUrl(Refusal, ValueError):
    """The URL names no database that can be used; the reason says what would do."""


class SchemaTooNew(Refusal):
    """A newer yett has brought the database's schema further than this one knows."""


class Database:
    """All state of the control plane. Made by ``open``."""

    def __init__(self, *, readers: Engine, writers: Engine, writer_count: int, sealer: Sealer) -> None:
        self._read_engine = readers
        self._write_engine = writers
        self._sealer = sealer
        self._read_threads = ThreadPoolExecutor(READERS, "yett-sql-read")
        self._write_threads = ThreadPoolExecutor(writer_count, "yett-sql-write")
        self._listeners: list[Listener] = []
        self._writing: set[asyncio.Task[object]] = set()
        self.origin = secrets.token_hex(8)  # of our notices, which we need not hear

    @classmethod
    def open(cls, url: str, *, sealer: Sealer) -> "Database":
        """Open the database, made or brought up to date if need be.

        ``sqlite:////var/lib/yett/yett.db`` or ``postgresql://user@host/name`` (psycopg is meant, named or not).

        Raises:
            Unavailable: It cannot be reached.
            BadDatabaseUrl: It is neither of the two, or SQLite without a file.
            SchemaTooNew: A newer yett has used it.
        """
        readers = reader_of(url)
        if readers.dialect.name == "postgresql":
            writers, writer_count = writing_engine(readers.url), POSTGRESQL_WRITERS
        else:
            os.close(os.open(str(readers.url.database), os.O_RDWR | os.O_CREAT, 0o600))
            writers, writer_count = sqlite_engine(readers.url, "BEGIN IMMEDIATE"), 1
        try:
            migrate(writers)
        except BaseException as error:
            writers.dispose()
            if isinstance(error, OperationalError):
                raise Unavailable(f"the database cannot be opened: {error.orig}") from error
            raise
        return cls(readers=readers, writers=writers, writer_count=writer_count, sealer=sealer)

    @classmethod
    def open_for_reading(cls, url: str, *, sealer: Sealer) -> "Database":
        """The database as another process keeps it: it is there and up to date, and nothing is written through this.

        Nothing is connected to until the first read.

        Raises:
            BadDatabaseUrl: As ``open``.
        """
        readers = reader_of(url, pragmas=READ_ONLY)
        return cls(readers=readers, writers=readers, writer_count=1, sealer=sealer)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """What *work* makes of one consistent snapshot; it runs in another thread.

        Raises:
            Unavailable: The database failed us.
        """
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._read, work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do *work* in one transaction, in another thread: all of it is on the disk when this returns, or nothing.

        *work* may run more than once (when PostgreSQL's transactions collide), so it has no effect but on its
        transaction. Its exceptions undo everything and come through. A caller that is cancelled does not undo what was
        begun.

        Raises:
            Unavailable: The database failed us.
        """
        task: asyncio.Task[T] = asyncio.get_running_loop().create_task(self._write_and_tell(work))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    def on_commit(self, listener: Listener) -> None:
        """Call *listener* with the scopes touched after every commit, on the event loop, before ``write`` returns."""
        self._listeners.append(listener)

    async def announce(self, scopes: frozenset[str]) -> None:
        """Commit that these moved, of which nothing is stored.

        Raises:
            Unavailable: The database failed us; the listeners of this process have been told.
        """
        self.tell(scopes)

        def touch(transaction: Transaction) -> None:
            for scope in scopes:
                transaction.touch(scope)

        await self.write(touch)

    def tell(self, touched: frozenset[str]) -> None:
        """Tell the listeners what was committed, here or by another process."""
        for listener in self._listeners:
            listener(touched)

    @property
    def writers(self) -> Engine:
        """The engine for writing, for work that nobody needs to be told of: the store is not being served."""
        return self._write_engine

    async def close(self) -> None:
        """Wait for what was begun, and let go."""
        if self._writing:
            await asyncio.wait(self._writing)
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._read_threads.shutdown()
        self._write_threads.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()

    async def _write_and_tell(self, work: Callable[[Transaction], T]) -> T:
        result, touched = await asyncio.get_running_loop().run_in_executor(self._write_threads, self._write, work)
        if touched:
            self.tell(touched)
        return result

    def _read(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._read_engine.begin() as connection:
                return work(Transaction(connection, self._sealer))
        except OperationalError as error:
            raise Unavailable(f"the database failed: {error.orig}") from error

    def _write(self, work: Callable[[Transaction], T]) -> tuple[T, frozenset[str]]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._write_engine.begin() as connection:
                    take_turn(connection, alone=attempt > TOGETHER)
                    transaction = Transaction(connection, self._sealer)
                    result = work(transaction)
                    if transaction.touched and connection.dialect.name == "postgresql":
                        notify(connection, self.origin, transaction.touched)
                return result, transaction.touched
            except DBAPIError as error:
                collided = getattr(error.orig, "sqlstate", None) in COLLISIONS
                if collided and attempt < ATTEMPTS:
                    logger.debug("a transaction collided, attempt %d", attempt)
                    time.sleep(random.uniform(0, BACK_OFF_SECONDS * attempt))  # noqa: S311 - only to part the two
                    continue
                if collided or isinstance(error, OperationalError):
                    raise Unavailable(f"the database failed: {error.orig}") from error
                raise
        raise AssertionError("unreachable: the last attempt returns or raises")


def reader_of(url: str, *, pragmas: tuple[str, ...] = PRAGMAS) -> Engine:
    """An engine for reading; nothing is connected to yet.

    Raises:
        BadDatabaseUrl: The URL is neither PostgreSQL's nor SQLite's with a file.
    """
    try:
        location = make_url(url)
    except ArgumentError:
        raise BadDatabaseUrl(f"the URL of the database cannot be read: {FORMS}") from None
    match location.get_backend_name():
        case "sqlite" if location.database and location.database != ":memory:":
            return sqlite_engine(location, "BEGIN", pragmas=pragmas)
        case "postgresql":
            return reading_engine(location.set(drivername="postgresql+psycopg"))
        case name:
            raise BadDatabaseUrl(f"{FORMS}, not `{name}`")


def sqlite_engine(url: str | URL, begin: str, *, pragmas: tuple[str, ...] = PRAGMAS) -> Engine:
    """An engine whose transactions start with *begin*: the driver's own guess when to begin is switched off."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=READERS, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def reading_engine(url: str | URL) -> Engine:
    """PostgreSQL, one snapshot a transaction, nothing written."""
    engine = create_engine(url, pool_size=READERS, isolation_level="REPEATABLE READ", pool_pre_ping=True)
    return engine.execution_options(postgresql_readonly=True)


def writing_engine(url: str | URL) -> Engine:
    """PostgreSQL, serializable, each commit on the disk before it is acknowledged."""
    return create_engine(
        url,
        pool_size=POSTGRESQL_WRITERS,
        isolation_level="SERIALIZABLE",
        pool_pre_ping=True,
        connect_args={"options": "-c synchronous_commit=on"},
    )


def take_turn(connection: Connection, *, alone: bool) -> None:
    """Write beside others, or alone once collisions do not end. SQLite's writers are alone anyway.

    A lock before the first query is before the transaction's snapshot: who has waited sees what was done meanwhile.

    Source: https://www.postgresql.org/docs/15/sql-lock.html
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE documents IN {'EXCLUSIVE' if alone else 'ROW EXCLUSIVE'} MODE")


def migrate(engine: Engine, *, scripts: Path = MIGRATIONS, steps: Sequence[str] = STEPS) -> None:
    """Bring the schema to the newest of its *steps*, whole or not at all.

    Alembic, slow to load, is asked only when something is to be done.

    Raises:
        SchemaTooNew: It is at a step that is none of these.
    """
    if engine.dialect.name == "postgresql":  # who has waited for the lock sees what was done meanwhile
        engine = engine.execution_options(isolation_level="READ COMMITTED")
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        step = current_step(connection)
        if step == steps[-1]:
            return
        refuse_unknown(step, steps)
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, steps[-1])


def refuse_unknown(step: str | None, steps: Sequence[str] = STEPS) -> None:
    """Raise SchemaTooNew for a step that is none of these."""
    if step is not None and step not in steps:
        raise SchemaTooNew(
            f"the database is at schema step `{step}`, and this yett knows steps up to `{steps[-1]}`: a newer yett has "
            "used it; start that one, or restore a backup from before"
        )


def current_step(connection: Connection) -> str | None:
    """The step that the schema is at; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found

"""Backups: all rows of one moment in a file of our own, the same from SQLite and from PostgreSQL, for either.

The file is an SQLite database with yett's tables at the schema step they had, and a table ``backup`` that says what it
is: format, time, step, row counts, a checksum of all rows. Secrets lie in it sealed, as they do in the database; the
master keys only if asked for.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import URL, Connection, Engine, MetaData, Table, delete, func, insert, select, text
from sqlalchemy.exc import DatabaseError

from yett.adapters.sql.database import current_step, migrate, reader_of, refuse_unknown, sqlite_engine
from yett.adapters.sql.schema import AUDIT, HEAD, METADATA, STEPS
from yett.values.errors import Refusal

FORMAT: Final = "yett backup 1"
ROWS: Final = 32  # copied at a time; one has a mebibyte at most
MODE: Final = 0o600
FIRST_BYTES: Final = b"SQLite format 3\0"


class NoBackup(Refusal):
    """The file is no backup, or not what was written when it was made."""


class NotEmpty(Refusal):
    """There is something where the backup should go."""


class BackupHeader(Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    format: str
    made_at: datetime
    step: str  # of the schema
    rows: Mapping[str, int]  # by table
    sha256: str  # of all rows
    master_keys: tuple[str, ...] = ()  # in base64, the current one first; only if asked for


def back_up(url: str, file: Path, *, now: datetime, master_keys: tuple[str, ...] = ()) -> BackupHeader:
    """Write all rows, as they are at one moment, into a new file (0600); servers go on writing meanwhile.

    The file has its name only once it is whole and on the disk.

    Raises:
        NotEmpty: There is such a file.
        NoBackup: The database holds nothing of ours.
        SchemaTooNew: A newer yett has used the database.
    """
    if file.exists():
        raise NotEmpty(f"`{file}` exists: give another name, or remove it")
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE))
    source, copy = reader_of(url), sqlite_engine(URL.create("sqlite", database=str(partial)), "BEGIN")
    try:
        with source.begin() as reading:
            step = current_step(reading)
            if step is None:
                raise NoBackup("the database holds nothing of yett's: there is nothing to back up")
            refuse_unknown(step)
            migrate(copy, steps=STEPS[: STEPS.index(step) + 1])
            with copy.begin() as writing:
                copy_rows(reading, writing, tables_of(writing))
        header = BackupHeader(
            format=FORMAT, made_at=now, step=step, master_keys=master_keys, rows=counts(copy), sha256=checksum(copy)
        )
        with copy.begin() as writing:
            writing.exec_driver_sql("CREATE TABLE backup (header TEXT NOT NULL)")
            writing.execute(
                text("INSERT INTO backup VALUES (:header)"), {"header": msgspec.json.encode(header).decode()}
            )
        settle(copy, partial)
        partial.rename(file)
    except BaseException:
        copy.dispose()
        for suffix in ("", "-wal", "-shm"):
            partial.with_name(partial.name + suffix).unlink(missing_ok=True)
        raise
    finally:
        source.dispose()
    return header


def settle(engine: Engine, path: Path) -> None:
    """Bring everything into the one file, and onto the disk."""
    engine.dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Backup:
    """A backup that was found to be whole. Made by ``open_backup``."""

    def __init__(self, engine: Engine, header: BackupHeader) -> None:
        self.engine = engine
        self.header = header

    def close(self) -> None:
        """Let the file go."""
        self.engine.dispose()

    def restore(self, target: Engine, *, replaces: bool) -> None:
        """Put the rows into a database that has the newest schema, in one transaction: all of them, or none.

        Raises:
            NotEmpty: The database holds rows already, and they are not to be *replaced*.
        """
        with self.engine.begin() as reading, target.begin() as writing:
            tables = list(METADATA.sorted_tables)
            if any(holds_rows(writing, table) for table in tables):
                if not replaces:
                    raise NotEmpty("the database is not empty: use another home or database, or --force to replace all")
                for table in tables:
                    writing.execute(delete(table))
            copy_rows(reading, writing, tables)
            if writing.dialect.name == "postgresql":
                newest = select(func.coalesce(func.max(AUDIT.c.number), 0) + 1).scalar_subquery()
                sequence = func.pg_get_serial_sequence(AUDIT.name, AUDIT.c.number.name)
                writing.execute(select(func.setval(sequence, newest, False)))


def open_backup(file: Path, scratch: Path) -> Backup:
    """Read a backup and check every row of it. One of an older schema is brought up to date in a copy, in *scratch*.

    Raises:
        NoBackup: It is none, is damaged, or was made by a newer yett.
    """
    try:
        with file.open("rb") as opened:
            if opened.read(len(FIRST_BYTES)) != FIRST_BYTES:
                raise NoBackup(f"`{file}` is no backup of yett's")
    except OSError as error:
        raise NoBackup(f"`{file}` cannot be read: {error.strerror}") from None
    copy = scratch / "backup.db"
    copyfile(file, copy)
    engine = sqlite_engine(URL.create("sqlite", database=str(copy)), "BEGIN")
    try:
        header = read_header(engine, file)
        if header.step != HEAD:
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Backup(engine, header)


def read_header(engine: Engine, file: Path) -> BackupHeader:
    """What the backup says of itself, held against what it holds."""
    damaged = NoBackup(f"`{file}` is damaged: what it holds is not what was written when it was made")
    try:
        with engine.begin() as connection:
            found = connection.exec_driver_sql("SELECT header FROM backup").scalar()
            is_sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        header = msgspec.json.decode(str(found), type=BackupHeader)
        is_whole = is_sound and header.rows == counts(engine) and header.sha256 == checksum(engine)
    except (DatabaseError, sqlite3.DatabaseError, msgspec.MsgspecError, UnicodeError):
        raise damaged from None
    if header.format != FORMAT or header.step not in STEPS:
        raise NoBackup(
            f"`{file}` was made by a newer yett (`{header.format}`, schema step `{header.step}`): use that one"
        )
    if not is_whole:
        raise damaged
    return header


# -- rows


def tables_of(connection: Connection) -> list[Table]:
    """Our tables as the database has them, whatever its step."""
    found = MetaData()
    with suppress(KeyError):
        found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in {"alembic_version", "backup"}]


def copy_rows(reading: Connection, writing: Connection, tables: list[Table]) -> None:
    """Copy all rows of the tables."""
    for table in tables:
        for rows in chunks(reading, table):
            writing.execute(insert(table), rows)


def chunks(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """A table's rows, some at a time, by their keys."""
    query = select(*(table.c[each.name] for each in table.columns)).order_by(*table.primary_key.columns)
    for part in connection.execute(query.execution_options(yield_per=ROWS)).mappings().partitions():
        yield [dict(row) for row in part]


def holds_rows(connection: Connection, table: Table) -> bool:
    """Whether there is anything in it."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one() > 0


def counts(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with engine.begin() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables_of(connection)
        }


def checksum(engine: Engine) -> str:
    """The SHA-256 of all rows, table by table, by their keys."""
    digest = hashlib.sha256()
    with engine.begin() as connection:
        for table in sorted(tables_of(connection), key=lambda each: each.name):
            digest.update(table.name.encode() + b"\n")
            for rows in chunks(connection, table):
                for row in rows:
                    digest.update(msgspec.msgpack.encode([row[name] for name in sorted(row)]))
    return digest.hexdigest()

"""The databases that stores and servers are tried on: SQLite in a file, and PostgreSQL where a server answers."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from yett.adapters.sql.database import Database
from yett.adapters.sql.sealing import Sealer

SERVER = os.environ.get("YETT_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432")
MASTER_KEY = b"k" * 32


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A database of this test process's own on the PostgreSQL server, dropped at the end."""
    name = f"yett_test_{uuid.uuid4().hex}"
    try:
        admin = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            pytest.fail(f"no PostgreSQL server answers at {SERVER}: {error}")
        pytest.skip(f"NOT TESTED ON POSTGRESQL: no server answers at {SERVER} (set YETT_TEST_POSTGRESQL): {error}")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{SERVER}/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.close()


def emptied(url: str) -> str:
    """The PostgreSQL database, with nothing in it."""
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    connection.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'yett.db'}"
    return emptied(request.getfixturevalue("postgresql_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, empty database."""
    opened = Database.open(database_url, sealer=Sealer(MASTER_KEY))
    yield opened
    await opened.close()

"""The databases that stores and servers are tried on: SQLite in a file, and PostgreSQL where there is a server."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.postgresql_server import postgresql_server

from yett.adapters.sql.database import Database
from yett.adapters.sql.sealing import Sealer

MASTER_KEY = b"k" * 32


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A database of this test process's own on a PostgreSQL server, dropped at the end."""
    name = f"yett_test_{uuid.uuid4().hex}"
    with postgresql_server() as server:
        if server is None:
            if os.environ.get("CI"):
                pytest.fail("no PostgreSQL server answers, and none is installed")
            pytest.skip("NOT TESTED ON POSTGRESQL: no server answers (YETT_TEST_POSTGRESQL), and none is installed")
        with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=3) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
            try:
                yield f"{server}/{name}"
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

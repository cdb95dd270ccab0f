"""Upgrades: a database of every former schema, filled as that yett would have, is read by this one."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import Engine, column, insert, inspect, select, table, text
from sqlalchemy.exc import DatabaseError

from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.database import (
    MIGRATIONS,
    Database,
    SchemaTooNew,
    current_step,
    migrate,
    sqlite_engine,
    writing_engine,
)
from yett.adapters.sql.documents import Pointer
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.schema import HEAD, METADATA, STEPS
from yett.adapters.sql.sealing import Sealer
from yett.ports.iam_store import Role, User

FILLINGS: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "cases" / "adapters" / "sql" / "former_schemas.json").read_text()
)["steps"]
SEALER = Sealer(b"k" * 32)

ANOTHER_STEP = '''
"""A step of the future."""

import sqlalchemy as sa
from alembic import op

revision = "{step}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.execute({statement!r})
'''


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The empty database, as writers see it."""
    if database_url.startswith("sqlite"):
        made = sqlite_engine(database_url, "BEGIN IMMEDIATE")
    else:
        made = writing_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.dispose()


def fill(engine: Engine, step: str) -> None:
    """Put in what the fixture has for this step, byte strings written as text."""
    with engine.begin() as connection:
        for name, rows in FILLINGS[step].items():
            for row in rows:
                values = {key: value.encode() if key == "body" else value for key, value in row.items()}
                connection.execute(insert(table(name, *map(column, values))).values(values))


def test_the_steps_are_those_of_the_scripts() -> None:
    assert [path.name[:4] for path in sorted((MIGRATIONS / "versions").glob("0*.py"))] == list(STEPS)
    assert list(FILLINGS) == list(STEPS), "every step has a filling, so that upgrades from it are tried"


@pytest.mark.parametrize("step", STEPS)
async def test_a_database_of_a_former_schema_is_upgraded_and_keeps_everything(
    engine: Engine, database_url: str, step: str
) -> None:
    migrate(engine, steps=STEPS[: STEPS.index(step) + 1])
    fill(engine, step)
    database = Database.open(database_url, sealer=SEALER)
    try:
        assert await database.read(lambda tx: current_step(tx.connection)) == HEAD
        for row in FILLINGS[step]["documents"]:
            place = (row["account"], row["region"], row["kind"], row["key"])
            assert await database.read(lambda tx, place=place: tx.find(*place)) == row["body"].encode()
        for row in FILLINGS[step]["pointers"]:
            name = (row["kind"], row["value"])
            found = await database.read(lambda tx, name=name: tx.find_pointer(*name))
            assert found == Pointer(row["account"], row["region"], row["key"])
        for row in FILLINGS[step]["revisions"]:
            assert await database.read(lambda tx, row=row: tx.revision(row["scope"])) == row["revision"]
        entries = await SqlAuditTrail(database).recent("123456789012", limit=10)
        assert [entry.request_id for entry in entries] == ["second", "first"]
        found = [await SqlIamStore(database).find_by_id(each) for each in ("AIDAEXAMPLEANN", "AROAEXAMPLEOPS")]
        assert [(type(each), each and each.name) for each in found] == [(User, "Ann"), (Role, "Ops")]
    finally:
        await database.close()


async def test_the_scripts_make_the_schema_that_the_code_reads(engine: Engine, database_url: str) -> None:
    await Database.open(database_url, sealer=SEALER).close()
    found = {
        name: {each["name"] for each in inspect(engine).get_columns(name)}
        for name in inspect(engine).get_table_names()
        if name != "alembic_version"
    }
    assert found == {name: {each.name for each in made.columns} for name, made in METADATA.tables.items()}


def future(tmp_path: Path, statement: str) -> tuple[Path, tuple[str, ...]]:
    """The scripts and one more, that ends with this statement."""
    scripts = copytree(MIGRATIONS, tmp_path / "migrations")
    (scripts / "versions" / "9999_more.py").write_text(
        ANOTHER_STEP.format(step="9999", before=HEAD, statement=statement)
    )
    return scripts, (*STEPS, "9999")


def test_a_new_step_changes_a_filled_database_and_an_old_yett_then_refuses_it(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    scripts, steps = future(tmp_path, "UPDATE revisions SET revision = revision + 100")
    migrate(engine)
    fill(engine, HEAD)
    migrate(engine, scripts=scripts, steps=steps)
    with engine.begin() as connection:
        assert current_step(connection) == "9999"
        assert set(connection.execute(text("SELECT version FROM documents")).scalars()) == {1}
        assert connection.execute(text("SELECT min(revision) FROM revisions")).scalar() == 101
    with pytest.raises(SchemaTooNew, match=rf"step `9999`.*up to `{HEAD}`.*a newer yett has used it"):
        Database.open(database_url, sealer=SEALER)


def test_a_step_that_fails_leaves_the_database_as_it_was(engine: Engine, tmp_path: Path) -> None:
    scripts, steps = future(tmp_path, "UPDATE nowhere SET nothing = 1")
    migrate(engine)
    fill(engine, HEAD)
    with pytest.raises(DatabaseError):
        migrate(engine, scripts=scripts, steps=steps)
    with engine.begin() as connection:
        assert current_step(connection) == HEAD
        assert "version" not in {each["name"] for each in inspect(connection).get_columns("documents")}
        kinds = connection.execute(select(METADATA.tables["documents"].c.kind)).scalars()
        assert len(list(kinds)) == len(FILLINGS[HEAD]["documents"])

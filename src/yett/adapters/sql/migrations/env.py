"""Alembic's way in: `database.py` hands over a connection that is already in a transaction."""

from alembic import context

from yett.adapters.sql.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite's DDL is transactional too, since we begin ourselves
)
context.run_migrations()

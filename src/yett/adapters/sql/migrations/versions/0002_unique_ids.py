"""Users and roles are found by their unique ids: pointers to those that are there."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KIND = "iam.unique-id"
DOCUMENTS = sa.table("documents", *(sa.column(name) for name in ("account", "kind", "key", "body")))
POINTERS = sa.table("pointers", *(sa.column(name) for name in ("kind", "value", "account", "region", "key")))


def upgrade() -> None:
    """Point at every user and role."""
    connection = op.get_bind()
    query = sa.select(DOCUMENTS).where(DOCUMENTS.c.kind.in_(["iam.user", "iam.role"]))
    rows = [
        {
            "kind": KIND,
            "value": json.loads(bytes(row.body))["id"],
            "account": row.account,
            "region": "",
            "key": f"{row.kind}/{row.key}",
        }
        for row in connection.execute(query)
    ]
    if rows:
        connection.execute(sa.insert(POINTERS), rows)


def downgrade() -> None:
    """Point at nothing."""
    op.get_bind().execute(sa.delete(POINTERS).where(POINTERS.c.kind == KIND))

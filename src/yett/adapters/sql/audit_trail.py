"""The audit trail in the database."""

import msgspec
from sqlalchemy import insert, select

from yett.adapters.sql.database import Database
from yett.adapters.sql.schema import AUDIT
from yett.ports.audit_trail import AuditEntry


class SqlAuditTrail:
    """Entries in the order in which they were committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: AuditEntry) -> None:
        """Keep an entry; it is durable once this returns."""
        row = {"account": entry.account, "body": msgspec.json.encode(entry)}
        await self._database.write(
            lambda transaction: transaction.connection.execute(insert(AUDIT).values(row)) and None
        )

    async def recent(self, account: str, *, limit: int) -> tuple[AuditEntry, ...]:
        """The newest entries of the account, newest first."""
        query = select(AUDIT.c.body).where(AUDIT.c.account == account).order_by(AUDIT.c.number.desc()).limit(limit)
        bodies = await self._database.read(lambda transaction: list(transaction.connection.execute(query).scalars()))
        return tuple(msgspec.json.decode(bytes(body), type=AuditEntry) for body in bodies)

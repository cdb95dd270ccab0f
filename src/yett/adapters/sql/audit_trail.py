"""The audit trail in the database."""

from functools import partial
from typing import Final

import msgspec
from sqlalchemy import insert, select

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.schema import AUDIT
from yett.ports.audit_trail import EVERYTHING, AuditEntry, AuditFilter

CHUNK: Final = 1000  # entries read at a time


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

    async def recent(self, account: str, *, limit: int, wanted: AuditFilter = EVERYTHING) -> tuple[AuditEntry, ...]:
        """The newest entries of the account that are wanted, newest first."""
        found: list[AuditEntry] = []
        before: int | None = None
        while len(found) < limit:
            numbers, entries = await self._database.read(partial(read_chunk, account=account, before=before))
            found += [entry for entry in entries if wanted.admits(entry)]
            if len(numbers) < CHUNK or (wanted.since is not None and entries[-1].at < wanted.since):
                break
            before = numbers[-1]
        return tuple(found[:limit])


def read_chunk(transaction: Transaction, *, account: str, before: int | None) -> tuple[list[int], list[AuditEntry]]:
    """Numbers and entries of an account that come before a number, newest first."""
    query = select(AUDIT.c.number, AUDIT.c.body).where(AUDIT.c.account == account)
    if before is not None:
        query = query.where(AUDIT.c.number < before)
    rows = list(transaction.connection.execute(query.order_by(AUDIT.c.number.desc()).limit(CHUNK)))
    return [row[0] for row in rows], [msgspec.json.decode(bytes(row[1]), type=AuditEntry) for row in rows]

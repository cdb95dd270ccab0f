"""What the audit trail promises, on every database."""

from datetime import UTC, datetime

from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.database import Database
from yett.ports.audit_trail import AuditEntry


def entry(number: int, account: str) -> AuditEntry:
    return AuditEntry(
        request_id=str(number),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        account=account,
        principal="arn:aws:iam::1:root",
        source_ip="127.0.0.1",
        action="iam:CreateUser",
        resource="*",
        outcome="allowed",
    )


async def test_the_newest_of_the_account_come_first(database: Database) -> None:
    trail = SqlAuditTrail(database)
    for number in range(5):
        await trail.record(entry(number, "1" * 12 if number % 2 else "2" * 12))
    assert await trail.recent("2" * 12, limit=2) == (entry(4, "2" * 12), entry(2, "2" * 12))
    assert await trail.recent("3" * 12, limit=2) == ()

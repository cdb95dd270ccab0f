"""What the audit trail promises, on every database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.database import Database
from yett.ports.audit_trail import AuditEntry, AuditFilter

MIDDAY = datetime(2026, 1, 1, 12, tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "dcba"),
        ({"principal": "*:user/ann"}, "da"),
        ({"principal": "carol"}, "c"),
        ({"source_ip": "192.0.2.*"}, "b"),
        ({"action": "IAM:create*"}, "ba"),
        ({"action": "iam:Create"}, ""),
        ({"resource": "arn:aws:iam::1:user/x"}, "d"),
        ({"outcome": "AccessDenied"}, "b"),
        ({"is_refused": True}, "cb"),
        ({"since": MIDDAY}, "dc"),
        ({"until": MIDDAY}, "ba"),
        ({"since": MIDDAY, "is_refused": True}, "c"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 1000])
async def test_what_is_wanted_is_found_however_far_back_it_lies(
    database: Database, wanted: dict[str, Any], expected: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yett.adapters.sql.audit_trail.CHUNK", chunk)
    trail, account = SqlAuditTrail(database), "1" * 12
    ann, role = "arn:aws:iam::1:user/ann", "arn:aws:sts::1:assumed-role/r/s"
    later, plain = MIDDAY + timedelta(hours=1), entry(0, account)
    for each in (
        structs.replace(plain, request_id="a", principal=ann),
        structs.replace(plain, request_id="b", source_ip="192.0.2.7", outcome="AccessDenied"),
        structs.replace(
            plain, request_id="c", at=MIDDAY, principal=role, source_identity="carol", action="sts:AssumeRole",
            outcome="ValidationError",
        ),
        structs.replace(
            plain, request_id="d", at=later, principal=ann, action="iam:DeleteUser",
            resource="arn:aws:iam::1:user/w arn:aws:iam::1:user/x",
        ),
    ):  # fmt: skip
        await trail.record(each)
    found = await trail.recent(account, limit=10, wanted=AuditFilter(**wanted))
    assert "".join(each.request_id for each in found) == expected
    if expected:
        assert len(await trail.recent(account, limit=1, wanted=AuditFilter(**wanted))) == 1

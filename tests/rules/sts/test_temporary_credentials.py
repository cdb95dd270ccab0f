from datetime import UTC, datetime

import pytest

from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        (SessionKind.ASSUMED_ROLE, "arn:aws:sts::123456789012:assumed-role/name/session"),
        (SessionKind.FEDERATED_USER, "arn:aws:sts::123456789012:federated-user/session"),
        (SessionKind.ROOT, "arn:aws:iam::123456789012:root"),
    ],
)
def test_a_session_is_named_as_aws_names_it(kind: SessionKind, arn: str) -> None:
    assert session(kind).arn == arn


def test_a_users_session_is_named_by_its_user() -> None:
    with pytest.raises(ValueError, match="user's ARN"):
        _ = session(SessionKind.USER).arn


def session(kind: SessionKind) -> TemporarySession:
    return TemporarySession(
        kind=kind,
        account="123456789012",
        principal_id="X",
        principal_name="name",
        session_name="session",
        issued_at=NOW,
        expires_at=NOW,
    )

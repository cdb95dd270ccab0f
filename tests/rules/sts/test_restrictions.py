from datetime import UTC, datetime

import pytest

from yett.policy import Kind, parse_policy
from yett.rules.sts.restrictions import FEDERATED, WITH_MFA, WITHOUT_MFA, restrictions
from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "mfa", "policy", "expected"),
    [
        (SessionKind.USER, None, None, (WITHOUT_MFA,)),
        (SessionKind.ROOT, None, None, (WITHOUT_MFA,)),
        (SessionKind.USER, NOW, None, (WITH_MFA,)),
        (SessionKind.FEDERATED_USER, None, "{}", (FEDERATED,)),
        (SessionKind.FEDERATED_USER, None, None, (FEDERATED,)),
        (SessionKind.ASSUMED_ROLE, None, "{}", ()),
    ],
)
def test_each_kind_of_session_has_its_limits(
    kind: SessionKind, mfa: datetime | None, policy: str | None, expected: tuple[str, ...]
) -> None:
    session = TemporarySession(
        kind=kind,
        account="1",
        principal_id="1",
        principal_name="1",
        issued_at=NOW,
        expires_at=NOW,
        session_policy=policy,
        mfa_authenticated_at=mfa,
    )
    assert restrictions(session) == expected


@pytest.mark.parametrize("text", [WITH_MFA, WITHOUT_MFA, FEDERATED])
def test_the_limits_are_policies(text: str) -> None:
    parse_policy(text, kind=Kind.SESSION)

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from tests.adapters.functions.support import Shelf

from yett.adapters.functions.credentials import RoleCredentials
from yett.ports.iam_store import Role
from yett.ports.session_tokens import IssuedCredentials
from yett.rules.sts.temporary_credentials import TemporarySession
from yett.values.secret import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROLE = Role(account="123456789012", name="subject", path="/", id="AROAEXAMPLE", created_at=NOW, trust_policy="{}")


class World:
    """A role, a clock and an issuer."""

    def __init__(self, *, role: Role | None, trusts: bool) -> None:
        self.role = role
        self.trusts = trusts
        self.sessions: list[TemporarySession] = []

    def now(self) -> datetime:
        return NOW

    async def find(self, kind: type, account: str, name: str) -> Role | None:
        return self.role if (kind, account, name) == (Role, "123456789012", "subject") else None

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> object | None:
        assert service == "lambda.amazonaws.com"
        return object() if self.trusts else None

    def issue(self, session: TemporarySession) -> IssuedCredentials:
        self.sessions.append(session)
        return IssuedCredentials(
            access_key_id="ASIA", secret_access_key=Secret("s"), session_token="t", expires_at=session.expires_at
        )


def credentials(world: World) -> RoleCredentials:
    played = cast(Any, world)
    return RoleCredentials(callers=played, roles=played, session_tokens=played, clock=played)


async def test_a_function_acts_as_its_role_under_its_own_name() -> None:
    world = World(role=ROLE, trusts=True)
    session = await credentials(world).issue(Shelf().put(""))
    assert session is not None
    assert (session.access_key_id, session.good_for_seconds) == ("ASIA", 12 * 3600)
    assert world.sessions[0].arn == "arn:aws:sts::123456789012:assumed-role/subject/subject"
    assert world.sessions[0].principal_id == "AROAEXAMPLE"


@pytest.mark.parametrize(
    "world", [World(role=None, trusts=True), World(role=ROLE, trusts=False)], ids=["no role", "no trust"]
)
async def test_without_a_role_that_trusts_lambda_there_are_no_credentials(world: World) -> None:
    assert await credentials(world).issue(Shelf().put("")) is None
    assert world.sessions == []

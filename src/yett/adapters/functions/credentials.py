"""What a function's process may sign with: a session of its execution role, and nothing else."""

from datetime import timedelta
from typing import Final

from yett.adapters.functions.pool import RoleSession
from yett.ports.callers import Callers
from yett.ports.clock import Clock
from yett.ports.functions import Function
from yett.ports.iam_store import IamStore, Role
from yett.ports.session_tokens import SessionTokens
from yett.rules.sts.temporary_credentials import TemporarySession
from yett.values.arn import Arn, NotAnArn
from yett.values.secret import Secret

LAMBDA: Final = "lambda.amazonaws.com"
# Ours: a process is ended before its credentials are; AWS renews them in place.
SESSION_SECONDS: Final = 12 * 3600


class RoleCredentials:
    """Issues sessions of execution roles, as long as they trust Lambda."""

    def __init__(self, *, callers: Callers, roles: IamStore, session_tokens: SessionTokens, clock: Clock) -> None:
        self._callers = callers
        self._roles = roles
        self._session_tokens = session_tokens
        self._clock = clock

    async def issue(self, function: Function) -> RoleSession | None:
        """A session of its role, named after the function; None if the role is gone or trusts Lambda no more."""
        now = self._clock.now()
        trusting = await self._callers.service_role(function.role_arn, function.name, service=LAMBDA, now=now)
        if trusting is None:
            return None
        try:
            arn = Arn.parse(function.role_arn)
        except NotAnArn:
            return None
        role = await self._roles.find(Role, arn.account, arn.resource.rpartition("/")[2])
        if role is None:
            return None
        session = TemporarySession.of_role(
            account=role.account,
            role_id=role.id,
            role_name=role.name,
            session_name=function.name,
            issued_at=now,
            expires_at=now + timedelta(seconds=SESSION_SECONDS),
        )
        issued = self._session_tokens.issue(session)
        return RoleSession(
            access_key_id=issued.access_key_id,
            secret_access_key=issued.secret_access_key,
            session_token=Secret(issued.session_token),
            good_for_seconds=(issued.expires_at - now).total_seconds(),
        )

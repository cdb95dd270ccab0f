"""Callers less the root users of accounts: for listeners that the world can reach."""

from datetime import datetime

from yett.ports.callers import Caller, Callers, CredentialFault, CredentialsRefused


class RootlessCallers:
    """``ports.callers.Callers`` to whom root's credentials, and sessions that root made for itself, are unknown."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def current(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller | None:
        """See the port; root is never in memory."""
        caller = self._callers.current(access_key_id, session_token, now=now)
        return None if caller is None or caller.policies.is_root else caller

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller:
        """See the port; root's key is an unknown one."""
        caller = await self._callers.resolve(access_key_id, session_token, now=now)
        if caller.policies.is_root:
            raise CredentialsRefused(CredentialFault.UNKNOWN_ACCESS_KEY, "root is not accepted on this port")
        return caller

    async def user(self, user_arn: str) -> Caller | None:
        """See the port."""
        return await self._callers.user(user_arn)

    async def role(self, role_arn: str, session_name: str, *, now: datetime) -> Caller | None:
        """See the port."""
        return await self._callers.role(role_arn, session_name, now=now)

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> Caller | None:
        """See the port."""
        return await self._callers.service_role(role_arn, session_name, service=service, now=now)

    async def root(self, account: str) -> Caller:
        """Nobody acts as root here."""
        raise CredentialsRefused(
            CredentialFault.UNKNOWN_ACCESS_KEY, f"root of {account} does not act through this port"
        )

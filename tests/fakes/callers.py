"""Callers in a dictionary, as if all were in memory already."""

from datetime import datetime

from yett.ports.callers import Caller, CredentialFault, CredentialsRefused


class MemoryCallers:
    """``ports.callers.Callers``; roles by ARN, each with the services that it trusts."""

    def __init__(self, *callers: Caller) -> None:
        self.by_key = {caller.identity.access_key_id: caller for caller in callers}
        self.expired: set[str] = set()  # access keys whose session token ran out
        self.service_roles: dict[str, tuple[Caller, frozenset[str]]] = {}

    def current(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller | None:
        return None if access_key_id in self.expired else self.by_key.get(access_key_id)

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller:
        if access_key_id in self.expired:
            raise CredentialsRefused(CredentialFault.SESSION_TOKEN_EXPIRED)
        raise CredentialsRefused(CredentialFault.UNKNOWN_ACCESS_KEY)

    async def user(self, user_arn: str) -> Caller | None:
        return next((caller for caller in self.by_key.values() if caller.identity.arn == user_arn), None)

    async def role(self, role_arn: str, session_name: str, *, now: datetime) -> Caller | None:
        found = self.service_roles.get(role_arn)
        return None if found is None else found[0]

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> Caller | None:
        found = self.service_roles.get(role_arn)
        return found[0] if found is not None and service in found[1] else None

    async def root(self, account: str) -> Caller:
        raise AssertionError("nobody acts as root here")

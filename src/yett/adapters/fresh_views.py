"""Views of the store in a process that does not write to it: each look-up first drops what was committed elsewhere."""

from collections.abc import Callable
from datetime import datetime

from yett.ports.callers import Caller, Callers
from yett.ports.functions import Function, Functions
from yett.ports.jwks import KeySets
from yett.ports.plans import Plans
from yett.rules.execute_api.plan import StagePlan
from yett.tokens import KeySet

CatchUp = Callable[[], None]  # `CommitReader.catch_up`


class FreshCallers:
    """``ports.callers.Callers``."""

    def __init__(self, callers: Callers, catch_up: CatchUp) -> None:
        self._callers = callers
        self._catch_up = catch_up

    def current(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller | None:
        """See the port."""
        self._catch_up()
        return self._callers.current(access_key_id, session_token, now=now)

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller:
        """See the port."""
        self._catch_up()
        return await self._callers.resolve(access_key_id, session_token, now=now)

    async def user(self, user_arn: str) -> Caller | None:
        """See the port."""
        self._catch_up()
        return await self._callers.user(user_arn)

    async def role(self, role_arn: str, session_name: str, *, now: datetime) -> Caller | None:
        """See the port."""
        self._catch_up()
        return await self._callers.role(role_arn, session_name, now=now)

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> Caller | None:
        """See the port."""
        self._catch_up()
        return await self._callers.service_role(role_arn, session_name, service=service, now=now)

    async def root(self, account: str) -> Caller:
        """See the port."""
        self._catch_up()
        return await self._callers.root(account)


class FreshPlans:
    """``ports.plans.Plans``."""

    def __init__(self, plans: Plans, catch_up: CatchUp) -> None:
        self._plans = plans
        self._catch_up = catch_up

    def current(self, api_id: str, stage: str) -> StagePlan | None:
        """See the port."""
        self._catch_up()
        return self._plans.current(api_id, stage)

    async def resolve(self, api_id: str, stage: str) -> StagePlan | None:
        """See the port."""
        self._catch_up()
        return await self._plans.resolve(api_id, stage)


class FreshFunctions:
    """``ports.functions.Functions``."""

    def __init__(self, functions: Functions, catch_up: CatchUp) -> None:
        self._functions = functions
        self._catch_up = catch_up

    def current(self, function_arn: str) -> Function | None:
        """See the port."""
        self._catch_up()
        return self._functions.current(function_arn)

    async def resolve(self, function_arn: str) -> Function | None:
        """See the port."""
        self._catch_up()
        return await self._functions.resolve(function_arn)

    def missing_runtime(self, runtime: str) -> str | None:
        """See the port."""
        return self._functions.missing_runtime(runtime)


class FreshKeySets:
    """``ports.jwks.KeySets``."""

    def __init__(self, key_sets: KeySets, catch_up: CatchUp) -> None:
        self._key_sets = key_sets
        self._catch_up = catch_up

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        """See the port."""
        self._catch_up()
        return self._key_sets.current(issuer)

    async def resolve(self, issuer: str, *, now: datetime, unknown_kid: bool = False) -> tuple[KeySet, int] | None:
        """See the port."""
        self._catch_up()
        return await self._key_sets.resolve(issuer, now=now, unknown_kid=unknown_kid)

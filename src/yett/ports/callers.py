"""Who may be behind an access key: its secret, identity and policies, ready to be weighed."""

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, Protocol

from msgspec import Struct

from yett.policy import CallerPolicies, CompiledPolicies
from yett.rules.execute_api.call import Standing
from yett.sigv4 import SigningKeys
from yett.values.errors import Refusal
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret


class CredentialFault(StrEnum):
    """Why credentials are not good."""

    UNKNOWN_ACCESS_KEY = "UNKNOWN_ACCESS_KEY"
    INACTIVE_ACCESS_KEY = "INACTIVE_ACCESS_KEY"
    SESSION_TOKEN_INVALID = "SESSION_TOKEN_INVALID"  # noqa: S105
    SESSION_TOKEN_EXPIRED = "SESSION_TOKEN_EXPIRED"  # noqa: S105


WORDS: Final = {
    CredentialFault.UNKNOWN_ACCESS_KEY: "the access key id is not known here",
    CredentialFault.INACTIVE_ACCESS_KEY: "the access key is inactive",
    CredentialFault.SESSION_TOKEN_INVALID: "the session token is none of this server's, or not this access key's",
    CredentialFault.SESSION_TOKEN_EXPIRED: "the session token has expired",
}


class CredentialsRefused(Refusal):
    """The access key or its session token is not good."""

    def __init__(self, fault: CredentialFault, reason: str = "") -> None:
        super().__init__(reason or WORDS[fault])
        self.fault = fault


class Caller(Struct, frozen=True, kw_only=True, dict=True):
    """An IAM principal with what is needed to check its signature and to weigh its policies."""

    identity: IamIdentity
    secret_access_key: Secret
    policies: CallerPolicies
    invocation_policies: CallerPolicies | None = None  # the same, for execute-api's actions alone; None: use `policies`
    resource_control: tuple[CompiledPolicies, ...] = ()  # levels of what binds the resources of the caller's account
    expires_at: datetime | None = None  # temporary credentials only

    @cached_property
    def signing_keys(self) -> SigningKeys:
        """What its signatures are checked with."""
        return SigningKeys(self.secret_access_key)

    @cached_property
    def used(self) -> str | None:
        """What its calls are a use of: a long-term access key, or a role, by its unique id; None for other sessions."""
        identity = self.identity
        if identity.principal_type is PrincipalType.ASSUMED_ROLE:
            return identity.user_id.partition(":")[0]
        return identity.access_key_id if self.expires_at is None else None

    @cached_property
    def standing(self) -> Standing:
        """Its standing in calls whose signature is good: made once, with all that policies are told of it."""
        return Standing(
            identity=self.identity,
            caller_policies=self.policies,
            invocation_policies=self.invocation_policies,
            established_by="a good signature",
        )


class Callers(Protocol):
    """Callers by access key. A change of keys, users, groups, roles, policies or organization is seen by the next call.

    ``current`` answers from memory and never waits; ``resolve`` goes to the store for what memory lacks. Neither
    checks a
    signature. Unknown keys cost the same work as known ones.
    """

    def current(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller | None:
        """The caller if it is in memory and its credentials are still good at *now*; None means: ask ``resolve``."""
        ...

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller:
        """The caller behind these credentials.

        Raises:
            CredentialsRefused: The key is unknown or inactive, or the token forged, foreign, missing or expired.
        """
        ...

    async def role(self, role_arn: str, session_name: str, *, now: datetime) -> Caller | None:
        """A session of the role as the gateway or a function would act in it, without its keys; None if there is no
        role.
        """
        ...

    async def user(self, user_arn: str) -> Caller | None:
        """The user as it would act by an access key of its own, without any; None if there is no user."""
        ...

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> Caller | None:
        """As ``role``, for an AWS service (``apigateway.amazonaws.com``); None also if the role's trust policy does
        not let it.
        """
        ...

    async def root(self, account: str) -> Caller:
        """The account's root user, as whoever holds the home directory may act (`yett up`)."""
        ...

"""What a temporary credential stands for: a session of a role, a user, the root user or a federated user."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Self

from msgspec import Struct


class SessionKind(StrEnum):
    """Which operation of STS makes such a session."""

    ASSUMED_ROLE = "assumed-role"  # AssumeRole, AssumeRoleWith…; a function's or the gateway's own use of a role
    USER = "user"  # GetSessionToken by a user
    ROOT = "root"  # GetSessionToken by the root user
    FEDERATED_USER = "federated-user"  # GetFederationToken


class TemporarySession(Struct, frozen=True, kw_only=True):
    """A session, whole: with it and the principal's present policies its permissions are known.

    It is what a session token seals, so it holds no secret, and nothing that may change while it lasts.
    """

    kind: SessionKind
    account: str
    principal_id: (
        str  # "AROA…" or "AIDA…"; the account for root. A re-created entity has another, and the session is void
    )
    principal_name: str  # the role's or user's name; "root" for root
    session_name: str = ""  # role session name, or the federated user's name
    issued_at: datetime
    expires_at: datetime
    session_policy: str | None = None  # the inline one
    policy_arns: tuple[str, ...] = ()  # managed session policies
    tags: Mapping[str, str] = {}  # session tags
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa_authenticated_at: datetime | None = None
    federated_provider: str | None = None
    federation_keys: Mapping[str, str | tuple[str, ...]] = {}

    @classmethod
    def of_role(
        cls,
        *,
        account: str,
        role_id: str,
        role_name: str,
        session_name: str,
        issued_at: datetime,
        expires_at: datetime,
    ) -> Self:
        """A plain session of a role, as a Lambda function (session name: the function's name) or the gateway has it."""
        return cls(
            kind=SessionKind.ASSUMED_ROLE,
            account=account,
            principal_id=role_id,
            principal_name=role_name,
            session_name=session_name,
            issued_at=issued_at,
            expires_at=expires_at,
        )

    @property
    def has_session_policy(self) -> bool:
        """Whether a session policy of either sort limits it."""
        return self.session_policy is not None or bool(self.policy_arns)

    @property
    def arn(self) -> str:
        """Who the session is in messages and Principal elements, but for users, whose path is not known here.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        """
        match self.kind:
            case SessionKind.ASSUMED_ROLE:
                return f"arn:aws:sts::{self.account}:assumed-role/{self.principal_name}/{self.session_name}"
            case SessionKind.FEDERATED_USER:
                return f"arn:aws:sts::{self.account}:federated-user/{self.session_name}"
            case SessionKind.ROOT:
                return f"arn:aws:iam::{self.account}:root"
            case SessionKind.USER:
                raise ValueError("a user's session has its user's ARN")

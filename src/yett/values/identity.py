"""Who a call turned out to be."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from yett.values.secret import Secret


class PrincipalType(StrEnum):
    """The values of ``aws:PrincipalType``."""

    ACCOUNT = "Account"
    USER = "User"
    FEDERATED_USER = "FederatedUser"
    ASSUMED_ROLE = "AssumedRole"


class IamIdentity(Struct, frozen=True, kw_only=True):
    """A caller whose Signature Version 4 was verified.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (principal key values)
    """

    account: str  # 12 digits
    arn: str  # of the user, root, assumed-role session or federated user: what messages and Principal elements name
    user_id: str  # "AIDA…", "AROA…:session", the account id for root, "account:name" for a federated user
    principal_type: PrincipalType
    access_key_id: str
    principal_arn: str  # aws:PrincipalArn: for a role session the role's ARN with its path, else the same as arn
    user_name: str | None = None  # IAM users only
    organization_id: str | None = None  # o-…
    organization_paths: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}  # user tags; role tags overridden by session tags
    token_issued_at: datetime | None = None  # temporary credentials only
    mfa_authenticated_at: datetime | None = None
    transitive_tag_keys: tuple[str, ...] = ()  # of the session tags, those that a further role session inherits
    source_identity: str | None = None
    federated_provider: str | None = None
    federation_keys: Mapping[str, str | tuple[str, ...]] = {}  # "{oidc host}:sub" and the like

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user."""
        return self.principal_type is PrincipalType.ACCOUNT


class PoolIdentity(Struct, frozen=True, kw_only=True):
    """A user (or client) whose user-pool token was verified."""

    pool_arn: str
    claims: Mapping[str, object]  # as in the token
    scopes: tuple[str, ...]
    subject: str


class AuthorizerIdentity(Struct, frozen=True, kw_only=True):
    """The principal that a Lambda authorizer vouched for."""

    authorizer_id: str
    principal_id: str
    context: Mapping[str, str]  # values as strings (spec 04, section 7)
    usage_identifier_key: Secret | None = None
    latency_ms: int = 0  # of the authorizer's call; 0 where its answer was kept from another


class Anonymous(Struct, frozen=True):
    """Nobody in particular."""


Identity = IamIdentity | PoolIdentity | AuthorizerIdentity | Anonymous
ANONYMOUS = Anonymous()

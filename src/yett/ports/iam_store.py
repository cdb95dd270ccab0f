"""IAM's entities: users, groups, roles, instance profiles, managed policies, access keys, identity providers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from msgspec import Struct

from yett.values.errors import Refusal
from yett.values.secret import Secret

AWS_ACCOUNT = "aws"  # the account in the ARNs of AWS's managed policies


class TooMany(Refusal):
    """One more would be over the quota that the caller named."""


class PolicyNotFound(Refusal):
    """A managed policy that was to be attached does not exist."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"no managed policy `{arn}`")
        self.arn = arn


class AccessKeyStatus(StrEnum):
    """Whether an access key may sign."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class Entity(Struct, frozen=True, kw_only=True):
    """What users, groups, roles and instance profiles share. Names differ by more than case within one kind, but those
    of OpenID Connect providers.
    """

    account: str
    name: str
    path: str  # "/" or "/…/"
    id: str  # "AIDA…", "AGPA…", "AROA…", "AIPA…"; never used again
    created_at: datetime
    tags: Mapping[str, str] = {}  # in the order given; none for groups
    inline_policies: Mapping[str, str] = {}  # name -> document as given
    attached_policies: tuple[str, ...] = ()  # ARNs of managed policies, in the order attached
    permissions_boundary: str | None = None  # ARN of a managed policy; users and roles


class User(Entity, frozen=True, kw_only=True):
    """An IAM user."""

    groups: tuple[str, ...] = ()  # names, in the order joined


class Group(Entity, frozen=True, kw_only=True):
    """A group of users. It is no principal."""


class Role(Entity, frozen=True, kw_only=True):
    """A role."""

    trust_policy: str  # document as given, but users and roles of accounts kept here by unique id
    description: str | None = None
    max_session_seconds: int = 3600


class InstanceProfile(Entity, frozen=True, kw_only=True):
    """What an EC2 instance would be given: at most one role. Kept for templates that name one."""

    roles: tuple[str, ...] = ()


class OidcProvider(Entity, frozen=True, kw_only=True):
    """An OpenID Connect provider. Its name is its URL without the scheme; here alone case counts, as in URLs."""

    url: str  # as the tokens' `iss` has it
    client_ids: tuple[str, ...] = ()  # audiences
    thumbprints: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        """The provider's ARN."""
        return f"arn:aws:iam::{self.account}:oidc-provider/{self.name}"


class AssertionEncryptionMode(StrEnum):
    """Whether a SAML provider must encrypt its assertions."""

    REQUIRED = "Required"
    ALLOWED = "Allowed"


class SamlPrivateKey(Struct, frozen=True, kw_only=True):
    """A private key that a SAML provider may encrypt for."""

    id: str
    added_at: datetime
    pem: Secret


class SamlProvider(Entity, frozen=True, kw_only=True):
    """A SAML provider. Its id is its SAMLProviderUUID; what its metadata says was read when that was handed in."""

    metadata: str  # the document as given
    entity_id: str
    certificates: tuple[bytes, ...]  # DER, of the keys that it may sign with
    valid_until: datetime
    encryption_mode: AssertionEncryptionMode = AssertionEncryptionMode.ALLOWED
    private_keys: tuple[SamlPrivateKey, ...] = ()  # in the order added

    @property
    def arn(self) -> str:
        """The provider's ARN."""
        return f"arn:aws:iam::{self.account}:saml-provider/{self.name}"


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """One document that a managed policy has, or had."""

    version_id: str  # "v1"
    document: str
    created_at: datetime


class ManagedPolicy(Struct, frozen=True, kw_only=True):
    """A managed policy: the account's own, or AWS's."""

    account: str  # "aws" for AWS's
    name: str
    path: str
    id: str  # "ANPA…"
    description: str | None = None
    created_at: datetime
    updated_at: datetime
    versions: tuple[PolicyVersion, ...]  # newest first
    default_version_id: str
    last_version: int  # the number of the newest ever made
    tags: Mapping[str, str] = {}

    @property
    def arn(self) -> str:
        """The policy's ARN."""
        return f"arn:aws:iam::{self.account}:policy{self.path}{self.name}"

    @property
    def document(self) -> str:
        """The default version's document."""
        return next(each.document for each in self.versions if each.version_id == self.default_version_id)


class Attachment(Struct, frozen=True, kw_only=True):
    """One use of a managed policy."""

    kind: str  # "user", "group", "role"
    name: str
    id: str
    is_boundary: bool


class AccessKey(Struct, frozen=True, kw_only=True):
    """A long-term access key."""

    account: str
    access_key_id: str
    owner_id: str  # "AIDA…"; the account for root
    user_name: str | None  # None for root
    status: AccessKeyStatus
    created_at: datetime
    secret_access_key: Secret


class Dependents(Struct, frozen=True, kw_only=True):
    """How many others hold on to an entity, by what they are."""

    access_keys: int = 0  # of a user
    mfa_devices: int = 0  # of a user
    login_profiles: int = 0  # of a user: one at most
    members: int = 0  # of a group
    instance_profiles: int = 0  # of a role


class LastUse(Struct, frozen=True, kw_only=True):
    """When and for what an access key or a role was last used."""

    at: datetime
    service: str
    region: str


E = TypeVar("E", bound=Entity)
Account = str


class IamStore(Protocol):
    """Entities by account. Names are looked up whatever their case (but providers'), and keep the case they were given.

    Each method is one transaction. A *change* or *check* handed in is pure, may be called more than once, in another
    thread; what it raises undoes the whole and comes through. Whatever changes here is seen by the next `Callers` call.
    """

    async def find(self, kind: type[E], account: Account, name: str) -> E | None: ...

    async def find_by_id(self, unique_id: str) -> User | Role | None:
        """The user or role of this unique id (``AIDA…``, ``AROA…``), of whatever account."""
        ...

    async def add(self, entity: Entity, *, at_most: int | None = None) -> None:
        """Raises:
        AlreadyExists: There is one of this kind and name.
        TooMany: The account has *at_most* of this kind already.
        PolicyNotFound: It attaches a managed policy that does not exist.
        """
        ...

    async def update(self, kind: type[E], account: Account, name: str, change: Callable[[E], E]) -> E | None:
        """Replace an entity by what *change* makes of it (a new name moves it), and return that; None if there is none.

        Raises:
            AlreadyExists: The new name is taken.
            PolicyNotFound: It newly attaches a managed policy that does not exist.
        """
        ...

    async def remove(self, kind: type[E], account: Account, name: str, check: Callable[[E, Dependents], None]) -> bool:
        """Remove an entity unless *check* raises; whether there was one.

        *check* gets the entity, and what holds on to it.
        """
        ...

    async def page(self, kind: type[E], account: Account, *, path_prefix: str, after: str, limit: int) -> list[E]:
        """Entities below a path, by name (case aside), that come after the name *after*; at most *limit*."""
        ...

    async def count(self, kind: type[E], account: Account) -> int: ...

    async def members(self, account: Account, group: str, *, after: str = "", limit: int | None = None) -> list[User]:
        """The users of a group whose name comes after *after*, whatever its case, by name; *limit* of them at most."""
        ...

    async def find_policy(self, arn: str) -> ManagedPolicy | None:
        """A managed policy, the account's own or AWS's."""
        ...

    async def add_policy(self, policy: ManagedPolicy, *, at_most: int | None = None) -> None:
        """Raises:
        TooMany: The account has *at_most* already.
        AlreadyExists: The account has one of this name, on whatever path.
        """
        ...

    async def update_policy(self, arn: str, change: Callable[[ManagedPolicy], ManagedPolicy]) -> ManagedPolicy | None:
        """Replace one of the account's own policies by what *change* makes of it; None if there is none."""
        ...

    async def remove_policy(self, arn: str, check: Callable[[ManagedPolicy, int], None]) -> bool:
        """Remove a policy unless *check*, which gets the number of its uses, raises; whether there was one."""
        ...

    async def policies(self, account: Account) -> list[ManagedPolicy]:
        """Every managed policy of the account ("aws": AWS's), by name."""
        ...

    async def uses(self, account: Account, arn: str = "") -> Mapping[str, list[Attachment]]:
        """Who in the account uses which managed policies, by ARN; of one policy only if its ARN is given."""
        ...

    async def add_access_key(self, access_key: AccessKey, *, at_most: int) -> None:
        """Raises:
        TooMany: The owner has *at_most* already.
        AlreadyExists: The id is taken, in whatever account.
        """
        ...

    async def access_keys(self, account: Account, owner_id: str) -> list[AccessKey]: ...

    async def find_access_key(self, access_key_id: str) -> AccessKey | None:
        """An access key of whatever account."""
        ...

    async def set_access_key_status(self, access_key_id: str, status: AccessKeyStatus) -> bool:
        """Whether there was one."""
        ...

    async def remove_access_key(self, access_key_id: str) -> bool:
        """Whether there was one."""
        ...

    async def last_use(self, used: str) -> LastUse | None:
        """The last use that is known of an access key, or of a role by its unique id; none once it is removed."""
        ...

    def note_use(self, used: str, use: LastUse) -> None:
        """Remember a use of an access key, or of a role by its unique id, without waiting; it may be lost in a crash,
        and is written now and then.
        """
        ...

    async def use_once(self, account: Account, mark: str, *, until: datetime, now: datetime) -> bool:
        """Whether nobody in the account has used what has this mark; from now on, and until then, somebody has.

        Two that ask at once are never both the first. *until* is the same whenever the mark is.
        """
        ...

    async def alias(self, account: Account) -> str | None: ...

    async def set_alias(self, account: Account, alias: str | None) -> None:
        """Raises:
        AlreadyExists: Some account has this alias.
        """
        ...

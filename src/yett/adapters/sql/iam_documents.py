"""How IAM's entities lie in documents, and the index documents beside them."""

from datetime import datetime
from typing import Final, TypeVar

import msgspec

from yett.adapters.sql.aws_managed_policies import aws_managed_policies
from yett.adapters.sql.documents import Pointer, Transaction
from yett.adapters.sql.revisions import group_scope, principal_scope
from yett.adapters.sql.sealed_documents import decode_sealed, encode_sealed
from yett.ports.iam_store import (
    AccessKey,
    AccessKeyStatus,
    Attachment,
    Entity,
    Group,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    PolicyNotFound,
    Role,
    SamlProvider,
    TooMany,
    User,
)
from yett.values.arn import Arn, NotAnArn
from yett.values.identifiers import ROLE_ID
from yett.values.secret import Secret

E = TypeVar("E", bound=Entity)

SAML_PROVIDER: Final = "iam.saml-provider"  # its private keys are sealed
KINDS: Final[dict[type[Entity], str]] = {
    User: "iam.user",
    Group: "iam.group",
    Role: "iam.role",
    InstanceProfile: "iam.instance-profile",
    OidcProvider: "iam.oidc-provider",
    SamlProvider: SAML_PROVIDER,
}
POLICY: Final = "iam.policy"
ACCESS_KEY: Final = "iam.access-key"  # key: owner id / access key id; pointed at by the access key id
LAST_USE: Final = "iam.last-use"  # key: access key id, or unique id of a role
ATTACHMENT: Final = "iam.attachment"  # key: policy ARN, line feed, kind / name / how
MEMBER: Final = "iam.member"  # key: group / user
PROFILE_ROLE: Final = "iam.profile-role"  # key: role / instance profile
USED: Final = "iam.used-assertion"  # key: seconds until when it is remembered / its mark
ALIAS: Final = "iam.alias"
LOGIN_PROFILE: Final = "iam.login-profile"  # key: user id
PASSWORD_POLICY: Final = "iam.password-policy"  # noqa: S105
REPORT_REQUEST: Final = "iam.report-request"
MFA_DEVICE: Final = "iam.mfa-device"  # key: path and name
MFA_OWNER: Final = "iam.mfa-owner"  # key: owner id / path and name of the device
UNIQUE_ID: Final = "iam.unique-id"  # pointer: unique id of a user or role -> kind / name


class StoredAccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An access key as it lies in its document."""

    access_key_id: str
    owner_id: str
    user_name: str | None
    status: AccessKeyStatus
    created_at: datetime
    sealed_secret: bytes


def fold(name: str) -> str:
    """The name as a key: IAM's names differ by more than case.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    return name.lower()


def key_of(kind: type[Entity], name: str) -> str:
    """The name of an entity as its document's key: of OpenID Connect providers alone the case counts."""
    return name if kind is OidcProvider else fold(name)


def scope_of(entity: Entity) -> str:
    """The scope that moves when the entity changes."""
    scope = group_scope if isinstance(entity, Group) else principal_scope
    return scope(entity.account, entity.id)


def load_entity(transaction: Transaction, kind: type[E], account: str, name: str) -> E | None:
    """The entity of this name, whatever its case."""
    key = key_of(kind, name)
    body = transaction.find(account, "", KINDS[kind], key)
    return None if body is None else decode_entity(transaction, kind, account, key, body)


def encode_entity(transaction: Transaction, entity: Entity) -> bytes:
    """An entity as its document, any secret in it sealed for that place."""
    kind = type(entity)
    identity = entity_identity(KINDS[kind], entity.account, key_of(kind, entity.name))
    return encode_sealed(transaction, entity, identity=identity)


def decode_entity(transaction: Transaction, kind: type[E], account: str, key: str, body: bytes) -> E:
    """The entity in a document, its secrets open."""
    return decode_sealed(transaction, body, kind, identity=entity_identity(KINDS[kind], account, key))


def entity_identity(kind: str, account: str, key: str) -> str:
    """What the secrets of an entity are bound to: those of a SAML provider; no other kind has any."""
    return f"{kind}:{account}:{key}"


def load_by_id(transaction: Transaction, unique_id: str) -> User | Role | None:
    """The user or role of this unique id, of whatever account."""
    pointer = transaction.find_pointer(UNIQUE_ID, unique_id)
    if pointer is None:
        return None
    kind, _, name = pointer.key.partition("/")
    if kind == KINDS[User]:
        return load_entity(transaction, User, pointer.account, name)
    return load_entity(transaction, Role, pointer.account, name)


def refuse_more(transaction: Transaction, account: str, kind: str, *, than: int | None) -> None:
    """Undo what has just added one too many to the account; None: there is no bound.

    Raises:
        TooMany: There are more documents of the kind.
    """
    if than is not None and transaction.has_more(account, "", kind, than=than):
        raise TooMany(f"{than} documents `{kind}`")


def locate_used(transaction: Transaction, used: str) -> Pointer | None:
    """Where what was used lies: an access key, or a role, which is used by its sessions."""
    return transaction.find_pointer(UNIQUE_ID if used.startswith(ROLE_ID) else ACCESS_KEY, used)


def load_policy(transaction: Transaction, arn: str) -> ManagedPolicy | None:
    """One of the account's own managed policies, by its exact ARN."""
    try:
        parsed = Arn.parse(arn)
    except NotAnArn:
        return None
    body = transaction.find(parsed.account, "", POLICY, fold(parsed.resource.rpartition("/")[2]))
    if body is None:
        return None
    policy = msgspec.json.decode(body, type=ManagedPolicy)
    return policy if policy.arn == arn else None


def index_entity(transaction: Transaction, entity: Entity, *, already: frozenset[str]) -> None:
    """Write the entity's index documents.

    Raises:
        PolicyNotFound: It attaches a managed policy that does not exist and was not attached *already*.
    """
    for key, attachment in uses(entity):
        arn = key.partition("\n")[0]
        is_known = arn in already or arn in aws_managed_policies() or load_policy(transaction, arn) is not None
        if not is_known:
            raise PolicyNotFound(arn)
        transaction.put(entity.account, "", ATTACHMENT, key, msgspec.json.encode(attachment))
    for kind, key in holds(entity):
        transaction.put(entity.account, "", kind, key, b"")
    if isinstance(entity, User | Role):
        transaction.point(UNIQUE_ID, entity.id, entity.account, "", f"{KINDS[type(entity)]}/{fold(entity.name)}")


def unindex_entity(transaction: Transaction, entity: Entity) -> None:
    """Remove the entity's index documents."""
    for key, _ in uses(entity):
        transaction.remove(entity.account, "", ATTACHMENT, key)
    for kind, key in holds(entity):
        transaction.remove(entity.account, "", kind, key)
    if isinstance(entity, User | Role):
        transaction.unpoint(UNIQUE_ID, entity.id)


def uses(entity: Entity) -> list[tuple[str, Attachment]]:
    """The managed policies that the entity uses, as index documents."""
    kind = type(entity).__name__.lower()
    found = [(arn, False) for arn in entity.attached_policies]
    if entity.permissions_boundary is not None:
        found.append((entity.permissions_boundary, True))
    return [
        (
            f"{arn}\n{kind}/{fold(entity.name)}/{'boundary' if is_boundary else 'policy'}",
            Attachment(kind=kind, name=entity.name, id=entity.id, is_boundary=is_boundary),
        )
        for arn, is_boundary in found
    ]


def holds(entity: Entity) -> list[tuple[str, str]]:
    """The groups that a user is in, the roles that an instance profile holds: kind and key of index documents."""
    name = fold(entity.name)
    match entity:
        case User():
            return [(MEMBER, f"{fold(group)}/{name}") for group in entity.groups]
        case InstanceProfile():
            return [(PROFILE_ROLE, f"{fold(role)}/{name}") for role in entity.roles]
        case _:
            return []


def store_access_key(transaction: Transaction, access_key: AccessKey) -> None:
    """Write an access key and point at it; its secret is sealed."""
    secret = access_key.secret_access_key.reveal().encode()
    stored = StoredAccessKey(
        access_key_id=access_key.access_key_id,
        owner_id=access_key.owner_id,
        user_name=access_key.user_name,
        status=access_key.status,
        created_at=access_key.created_at,
        sealed_secret=transaction.seal(secret, identity=seal_identity(access_key.account, access_key.access_key_id)),
    )
    key = f"{access_key.owner_id}/{access_key.access_key_id}"
    transaction.put(access_key.account, "", ACCESS_KEY, key, msgspec.json.encode(stored))
    transaction.point(ACCESS_KEY, access_key.access_key_id, access_key.account, "", key)
    transaction.touch(principal_scope(access_key.account, access_key.owner_id))


def rename_owner(transaction: Transaction, user: User) -> None:
    """Let the user's access keys know it by its new name."""
    for key, body in transaction.scan(user.account, "", ACCESS_KEY, prefix=f"{user.id}/"):
        stored = msgspec.structs.replace(msgspec.json.decode(body, type=StoredAccessKey), user_name=user.name)
        transaction.put(user.account, "", ACCESS_KEY, key, msgspec.json.encode(stored))


def load_access_key(transaction: Transaction, access_key_id: str) -> AccessKey | None:
    """The access key of this id, of whatever account."""
    pointer = transaction.find_pointer(ACCESS_KEY, access_key_id)
    if pointer is None:
        return None
    body = transaction.find(pointer.account, "", ACCESS_KEY, pointer.key)
    return None if body is None else access_key_of(transaction, pointer.account, body)


def access_key_of(transaction: Transaction, account: str, body: bytes) -> AccessKey:
    """The access key in a document, its secret opened."""
    stored = msgspec.json.decode(body, type=StoredAccessKey)
    secret = transaction.open(stored.sealed_secret, identity=seal_identity(account, stored.access_key_id))
    return AccessKey(
        account=account,
        access_key_id=stored.access_key_id,
        owner_id=stored.owner_id,
        user_name=stored.user_name,
        status=stored.status,
        created_at=stored.created_at,
        secret_access_key=Secret(secret.decode()),
    )


def seal_identity(account: str, access_key_id: str) -> str:
    """What the sealed secret of an access key is bound to."""
    return f"{ACCESS_KEY}:{account}:{access_key_id}"

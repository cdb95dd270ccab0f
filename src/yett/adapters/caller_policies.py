"""What bears on a principal, read from one snapshot of the database and compiled."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from yett.adapters.sql.aws_managed_policies import aws_managed_policies
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.iam_documents import load_entity, load_policy, scope_of
from yett.adapters.sql.organization_store import organization_of
from yett.adapters.sql.revisions import membership_scope, organization_scope, policy_scope, principal_scope
from yett.policy import (
    CallerPolicies,
    Kind,
    MalformedPolicyDocument,
    NamedPolicy,
    PolicyDocument,
    compile_policies,
    parse_stored_policy,
)
from yett.ports.errors import Unavailable
from yett.ports.iam_store import Entity, Group, User
from yett.rules.organizations.tree import Organization, PolicyType, path, policy_levels

INVOCATIONS: Final = frozenset({"execute-api:Invoke", "execute-api:InvalidateCache", "execute-api:ManageConnections"})
PARSED_DOCUMENTS: Final = 2048  # kept parsed; equal texts share one


class Bearing(Struct, frozen=True, kw_only=True):
    """Everything that bears on a principal, and the scopes whose change makes it stale."""

    identity: tuple[NamedPolicy, ...]
    boundary: NamedPolicy | None
    session: tuple[NamedPolicy, ...] | None  # None: no session policy was passed
    scp: tuple[tuple[NamedPolicy, ...], ...]
    is_root: bool
    organization: Organization | None
    scopes: frozenset[str]

    def compile(self, actions: frozenset[str] | None) -> CallerPolicies:
        """The policies, for these actions or for all."""
        return CallerPolicies(
            identity=compile_policies(self.identity, actions=actions),
            boundary=None if self.boundary is None else compile_policies((self.boundary,), actions=actions),
            session=None if self.session is None else compile_policies(self.session, actions=actions),
            scp=tuple(compile_policies(level, actions=actions) for level in self.scp),
            rcp=(),
            is_root=self.is_root,
        )

    @property
    def organization_id(self) -> str | None:
        """The value of aws:PrincipalOrgID."""
        return None if self.organization is None else self.organization.id

    def organization_paths(self, account: str) -> tuple[str, ...]:
        """The values of aws:PrincipalOrgPaths."""
        return () if self.organization is None else (path(self.organization, account),)


def load_bearing(
    transaction: Transaction,
    *,
    account: str,
    entity: Entity | None,
    session_policy: str | None = None,
    session_policy_arns: Iterable[str] = (),
    further_session: Iterable[NamedPolicy] = (),
) -> Bearing:
    """What bears on a user or role, or without an entity on the account's root user.

    Raises:
        Unavailable: A stored policy does not parse, or a boundary is gone. Dropping it might drop a Deny.
    """
    scopes = {membership_scope(account)}
    identity: list[NamedPolicy] = []
    boundary = None
    if entity is None:
        scopes.add(principal_scope(account, account))
    else:
        for holder in (entity, *groups_of(transaction, entity)):
            scopes.add(scope_of(holder))
            identity += inline(holder)
            identity += managed(transaction, holder.attached_policies, scopes, Kind.IDENTITY)
        if entity.permissions_boundary is not None:
            found = managed(transaction, (entity.permissions_boundary,), scopes, Kind.BOUNDARY)
            if not found:
                raise Unavailable(f"the permissions boundary of `{entity.name}` is gone")
            boundary = found[0]
    session_policy_arns = tuple(session_policy_arns)
    session: list[NamedPolicy] = managed(transaction, session_policy_arns, scopes, Kind.SESSION)
    if session_policy is not None:
        session.append(NamedPolicy("session", parse(session_policy, Kind.SESSION)))
    session += further_session
    organization = organization_of(transaction, account)
    levels: tuple[tuple[str, ...], ...] = ()
    if organization is not None:
        scopes.add(organization_scope(organization.id))
        levels = policy_levels(organization, account, PolicyType.SERVICE_CONTROL_POLICY) or ()
    return Bearing(
        identity=tuple(identity),
        boundary=boundary,
        session=tuple(session) if session or session_policy_arns else None,
        scp=tuple(tuple(NamedPolicy("scp", parse(text, Kind.SCP)) for text in level) for level in levels),
        is_root=entity is None,
        organization=organization,
        scopes=frozenset(scopes),
    )


def groups_of(transaction: Transaction, entity: Entity) -> list[Group]:
    """The groups that a user is in."""
    names = entity.groups if isinstance(entity, User) else ()
    found = (load_entity(transaction, Group, entity.account, name) for name in names)
    return [group for group in found if group is not None]


def inline(entity: Entity) -> list[NamedPolicy]:
    """The policies embedded in the entity."""
    return [NamedPolicy(name, parse(text, Kind.IDENTITY)) for name, text in entity.inline_policies.items()]


def managed(transaction: Transaction, arns: Iterable[str], scopes: set[str], kind: Kind) -> list[NamedPolicy]:
    """The managed policies of these ARNs, those that exist; their scopes are added to *scopes*."""
    found: list[NamedPolicy] = []
    for arn in arns:
        policy = aws_managed_policies().get(arn)
        if policy is None:
            scopes.add(policy_scope(arn))
            policy = load_policy(transaction, arn)
        if policy is not None:
            found.append(NamedPolicy(arn, parse(policy.document, kind)))
    return found


@lru_cache(PARSED_DOCUMENTS)
def parse(text: str, kind: Kind) -> PolicyDocument:
    """A stored policy, parsed once."""
    try:
        return parse_stored_policy(text, kind=kind)
    except MalformedPolicyDocument as error:
        raise Unavailable(f"a stored policy does not parse: {error.detail}") from error

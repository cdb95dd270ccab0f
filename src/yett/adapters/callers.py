"""Callers by access key, in memory, dropped when what they were made of changes."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from yett.adapters.caller_policies import INVOCATIONS, Bearing, load_bearing, parse
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.iam_documents import load_access_key, load_by_id, load_entity
from yett.adapters.sql.organization_store import organization_of
from yett.adapters.sql.revisions import EVERYTHING, IAM_SCOPES
from yett.policy import (
    AuthorizationRequest,
    CompiledPolicies,
    Kind,
    NamedPolicy,
    Outcome,
    Principal,
    RequestContext,
    compile_policies,
)
from yett.ports.callers import Caller, CredentialFault, CredentialsRefused
from yett.ports.iam_store import AccessKeyStatus, Entity, Role, User
from yett.ports.session_tokens import OpenedToken, SessionTokens
from yett.rules.organizations.resource_control import resource_control
from yett.rules.sts.restrictions import restrictions
from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession
from yett.values.arn import Arn, NotAnArn
from yett.values.identifiers import is_temporary
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret

REMEMBERED: Final = 4096  # callers
ROLE_SESSION: Final = timedelta(hours=1)  # how long a role's own use of itself is kept before it is made anew
NO_SECRET: Final = Secret("")

Key = tuple[str, str | None]
Load = Callable[[Transaction], "Loaded | None"]


class Loaded(Struct, frozen=True):
    """A caller, and the scopes that make it stale."""

    caller: Caller
    scopes: frozenset[str]


class StoredCallers:
    """The port's answer over the database of IAM.

    A caller that is being read while something changes is used once and not remembered: so nothing stale is ever kept.
    """

    def __init__(self, database: Database, session_tokens: SessionTokens) -> None:
        self._database = database
        self._session_tokens = session_tokens
        self._callers: dict[Key, Loaded] = {}
        self._dependents: dict[str, set[Key]] = {}
        self._generation = 0
        database.on_commit(self._drop)

    def current(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller | None:
        """The caller if it is in memory and its credentials are still good. Who is kept without keys signs nothing."""
        loaded = self._callers.get((access_key_id, session_token))
        if loaded is None or loaded.caller.secret_access_key is NO_SECRET:
            return None
        caller = loaded.caller
        return caller if caller.expires_at is None or now < caller.expires_at else None

    def _remembered(self, key: Key, *, now: datetime) -> Caller | None:
        loaded = self._callers.get(key)
        if loaded is None:
            return None
        caller = loaded.caller
        return caller if caller.expires_at is None or now < caller.expires_at else None

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller:
        """The caller behind these credentials."""
        if session_token is None and not is_temporary(access_key_id):
            loaded = await self._load((access_key_id, None), lambda transaction: load_user(transaction, access_key_id))
        else:
            opened = self._open(access_key_id, session_token, now=now)
            loaded = await self._load(
                (access_key_id, session_token), lambda transaction: load_session(transaction, opened)
            )
        if loaded is None:
            raise CredentialsRefused(CredentialFault.UNKNOWN_ACCESS_KEY)
        return loaded.caller

    def _open(self, access_key_id: str, session_token: str | None, *, now: datetime) -> OpenedToken:
        opened = None if session_token is None else self._session_tokens.open(session_token)
        if opened is None or not hmac.compare_digest(opened.access_key_id.encode(), access_key_id.encode()):
            raise CredentialsRefused(CredentialFault.SESSION_TOKEN_INVALID)
        if now >= opened.session.expires_at:
            raise CredentialsRefused(CredentialFault.SESSION_TOKEN_EXPIRED)
        return opened

    async def user(self, user_arn: str) -> Caller | None:
        """The user without an access key; None if there is no user."""
        known = self._callers.get((user_arn, None))
        loaded = known or await self._load(
            (user_arn, None), lambda transaction: load_user_by_arn(transaction, user_arn)
        )
        return None if loaded is None else loaded.caller

    async def role(self, role_arn: str, session_name: str, *, now: datetime) -> Caller | None:
        """A session of the role, without its keys; None if there is no role."""
        return await self._role(role_arn, session_name, service=None, now=now)

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> Caller | None:
        """As ``role``, if the role's trust policy lets this AWS service assume it."""
        return await self._role(role_arn, session_name, service=service, now=now)

    async def _role(self, role_arn: str, session_name: str, *, service: str | None, now: datetime) -> Caller | None:
        key = (role_arn, f"{service or ''}/{session_name}")  # no access key looks like an ARN
        known = self._remembered(key, now=now)
        if known is not None:
            return known
        loaded = await self._load(
            key, lambda transaction: load_role(transaction, role_arn, session_name, service=service, now=now)
        )
        return None if loaded is None else loaded.caller

    async def root(self, account: str) -> Caller:
        """The account's root user."""

        def load(transaction: Transaction) -> Loaded:
            return loaded_root(load_bearing(transaction, account=account, entity=None), account, "", NO_SECRET)

        key = (f"arn:aws:iam::{account}:root", None)
        loaded = self._callers.get(key) or await self._load(key, load)
        assert loaded is not None  # root always loads
        return loaded.caller

    async def _load(self, key: Key, load: Load) -> Loaded | None:
        generation = self._generation
        loaded = await self._database.read(load)
        if loaded is not None and generation == self._generation:
            self._remember(key, loaded)
        return loaded

    def _remember(self, key: Key, loaded: Loaded) -> None:
        self._forget(key)
        while len(self._callers) >= REMEMBERED:
            self._forget(next(iter(self._callers)))
        self._callers[key] = loaded
        for scope in loaded.scopes:
            self._dependents.setdefault(scope, set()).add(key)

    def _forget(self, key: Key) -> None:
        loaded = self._callers.pop(key, None)
        if loaded is None:
            return
        for scope in loaded.scopes:
            dependents = self._dependents.get(scope)
            if dependents is not None:
                dependents.discard(key)
                if not dependents:
                    del self._dependents[scope]

    def _drop(self, touched: frozenset[str]) -> None:
        if EVERYTHING in touched:
            self._generation += 1
            self._callers.clear()
            self._dependents.clear()
        for scope in touched:
            if scope.startswith(IAM_SCOPES):
                self._generation += 1
                for key in tuple(self._dependents.get(scope, ())):
                    self._forget(key)


def load_user(transaction: Transaction, access_key_id: str) -> Loaded | None:
    """The user or root behind a long-term access key; None without one.

    Raises:
        CredentialsRefused: The access key is inactive.
    """
    access_key = load_access_key(transaction, access_key_id)
    if access_key is None:
        return None
    if access_key.status is not AccessKeyStatus.ACTIVE:
        raise CredentialsRefused(CredentialFault.INACTIVE_ACCESS_KEY)
    account = access_key.account
    if access_key.user_name is None:
        bearing = load_bearing(transaction, account=account, entity=None)
        return loaded_root(bearing, account, access_key_id, access_key.secret_access_key)
    user = load_same(transaction, User, account, access_key.user_name, access_key.owner_id)
    if user is None:
        return None
    bearing = load_bearing(transaction, account=account, entity=user)
    return make(bearing, user_identity(bearing, user, access_key_id), access_key.secret_access_key, expires_at=None)


def load_user_by_arn(transaction: Transaction, user_arn: str) -> Loaded | None:
    """The user of an ARN, without an access key; None if there is none."""
    try:
        arn = Arn.parse(user_arn)
    except NotAnArn:
        return None
    user = load_entity(transaction, User, arn.account, arn.resource.rpartition("/")[2])
    if user is None or f"arn:aws:iam::{user.account}:user{user.path}{user.name}" != user_arn:
        return None
    bearing = load_bearing(transaction, account=user.account, entity=user)
    return make(bearing, user_identity(bearing, user, ""), NO_SECRET, expires_at=None)


def load_same(
    transaction: Transaction, kind: type["User | Role"], account: str, name: str, unique_id: str
) -> Entity | None:
    """The user or role that had this name, whatever it is called now; None if it is gone, whoever has its name."""
    found = load_entity(transaction, kind, account, name)
    if found is not None and found.id == unique_id:
        return found
    moved = load_by_id(transaction, unique_id)
    return moved if isinstance(moved, kind) and moved.account == account else None


def loaded_root(bearing: Bearing, account: str, access_key_id: str, secret_access_key: Secret) -> Loaded:
    """The root user."""
    return make(bearing, root_identity(bearing, account, access_key_id), secret_access_key, expires_at=None)


def load_session(transaction: Transaction, opened: OpenedToken) -> Loaded | None:
    """The session of a genuine token; None if its role or user is gone."""
    session = opened.session
    account = session.account
    entity: Entity | None = None
    if session.kind is SessionKind.ASSUMED_ROLE:
        entity = load_same(transaction, Role, account, session.principal_name, session.principal_id)
    elif session.principal_id != account:
        entity = load_same(transaction, User, account, session.principal_name, session.principal_id)
    if entity is None and session.principal_id != account:
        return None
    bearing = load_bearing(
        transaction,
        account=account,
        entity=entity,
        session_policy=session.session_policy,
        session_policy_arns=session.policy_arns,
        further_session=[NamedPolicy(session.kind, parse(text, Kind.SESSION)) for text in restrictions(session)],
    )
    match entity, session.kind:
        case Role(), _:
            identity = role_identity(bearing, entity, session, opened.access_key_id)
        case _, SessionKind.FEDERATED_USER:
            identity = federated_identity(bearing, session, opened.access_key_id)
        case User(), _:
            identity = user_identity(bearing, entity, opened.access_key_id)
        case _:
            identity = root_identity(bearing, account, opened.access_key_id)
    identity = structs.replace(
        identity,
        token_issued_at=session.issued_at,
        mfa_authenticated_at=session.mfa_authenticated_at,
        source_identity=session.source_identity,
    )
    return make(bearing, identity, opened.secret_access_key, expires_at=session.expires_at)


def load_role(
    transaction: Transaction, role_arn: str, session_name: str, *, service: str | None, now: datetime
) -> Loaded | None:
    """A plain session of the role; None if there is none, or it does not trust the service."""
    try:
        arn = Arn.parse(role_arn)
    except NotAnArn:
        return None
    role = load_entity(transaction, Role, arn.account, arn.resource.rpartition("/")[2])
    if role is None or role_arn_of(role) != role_arn:
        return None
    guardrails = () if service is None else resource_control(organization_of(transaction, arn.account), arn.account)
    if service is not None and not trusts(role, service, guardrails):
        return None
    bearing = load_bearing(transaction, account=role.account, entity=role)
    session = TemporarySession.of_role(
        account=role.account,
        role_id=role.id,
        role_name=role.name,
        session_name=session_name,
        issued_at=now,
        expires_at=now + ROLE_SESSION,
    )
    identity = structs.replace(role_identity(bearing, role, session, ""), token_issued_at=now)
    return make(bearing, identity, NO_SECRET, expires_at=session.expires_at)


def trusts(role: Role, service: str, guardrails: tuple[CompiledPolicies, ...]) -> bool:
    """Whether the role's trust policy, within its account's guardrails, lets an AWS service assume it for resources of
    that account.
    """
    request = AuthorizationRequest(
        action="sts:AssumeRole",
        resource=role_arn_of(role),
        principal=Principal.service(service),
        resource_account=role.account,
        context=RequestContext.of({"aws:SourceAccount": role.account, "aws:PrincipalIsAWSService": "true"}),
    )
    trust_policy = compile_policies([NamedPolicy("trust", parse(role.trust_policy, Kind.TRUST))], actions=None)
    return all(each.evaluate(request).outcome is Outcome.ALLOW for each in (trust_policy, *guardrails))


def make(bearing: Bearing, identity: IamIdentity, secret_access_key: Secret, *, expires_at: datetime | None) -> Loaded:
    """The caller, with its policies compiled for everything and for invocations."""
    caller = Caller(
        identity=identity,
        secret_access_key=secret_access_key,
        policies=bearing.compile(None),
        invocation_policies=bearing.compile(INVOCATIONS),
        resource_control=resource_control(bearing.organization, identity.account),
        expires_at=expires_at,
    )
    return Loaded(caller, bearing.scopes)


def role_arn_of(role: Role) -> str:
    """The ARN of a role, with its path."""
    return f"arn:aws:iam::{role.account}:role{role.path}{role.name}"


def user_identity(bearing: Bearing, user: Entity, access_key_id: str) -> IamIdentity:
    """A user, by whichever credentials."""
    arn = f"arn:aws:iam::{user.account}:user{user.path}{user.name}"
    return IamIdentity(
        account=user.account,
        arn=arn,
        user_id=user.id,
        principal_type=PrincipalType.USER,
        access_key_id=access_key_id,
        principal_arn=arn,
        user_name=user.name,
        organization_id=bearing.organization_id,
        organization_paths=bearing.organization_paths(user.account),
        tags=user.tags,
    )


def root_identity(bearing: Bearing, account: str, access_key_id: str) -> IamIdentity:
    """The root user, by whichever credentials."""
    arn = f"arn:aws:iam::{account}:root"
    return IamIdentity(
        account=account,
        arn=arn,
        user_id=account,
        principal_type=PrincipalType.ACCOUNT,
        access_key_id=access_key_id,
        principal_arn=arn,
        organization_id=bearing.organization_id,
        organization_paths=bearing.organization_paths(account),
    )


def role_identity(bearing: Bearing, role: Role, session: TemporarySession, access_key_id: str) -> IamIdentity:
    """A session of a role; session tags override the role's of the same key, whatever its case."""
    overridden = {key.lower() for key in session.tags}
    kept = {key: value for key, value in role.tags.items() if key.lower() not in overridden}
    return IamIdentity(
        account=role.account,
        arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{session.session_name}",
        user_id=f"{role.id}:{session.session_name}",
        principal_type=PrincipalType.ASSUMED_ROLE,
        access_key_id=access_key_id,
        principal_arn=role_arn_of(role),
        organization_id=bearing.organization_id,
        organization_paths=bearing.organization_paths(role.account),
        tags={**kept, **session.tags},
        transitive_tag_keys=session.transitive_tag_keys,
        source_identity=session.source_identity,
        federated_provider=session.federated_provider,
        federation_keys=session.federation_keys,
    )


def federated_identity(bearing: Bearing, session: TemporarySession, access_key_id: str) -> IamIdentity:
    """A federated user."""
    return IamIdentity(
        account=session.account,
        arn=session.arn,
        user_id=f"{session.account}:{session.session_name}",
        principal_type=PrincipalType.FEDERATED_USER,
        access_key_id=access_key_id,
        principal_arn=session.arn,
        organization_id=bearing.organization_id,
        organization_paths=bearing.organization_paths(session.account),
        tags=session.tags,
    )

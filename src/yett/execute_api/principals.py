"""Principals by name: those that a simulation presumes, and all whose calls an access matrix weighs."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.iam_store import Role, User
from yett.rules.execute_api.call import Standing
from yett.values.arn import Arn, NotAnArn
from yett.values.errors import Refusal
from yett.values.identifiers import is_account_id
from yett.values.identity import IamIdentity, PrincipalType

ANONYMOUS_NAME: Final = "anonymous"
SESSION_NAME: Final = "simulated"
PRINCIPALS: Final = 200  # users, and as many roles, that a matrix has room for


class UnknownPrincipal(Refusal):
    """No user or role goes by this name."""


class Named(Struct, frozen=True, kw_only=True):
    """A principal as people call it: ``user/alice``, ``role/auditor``."""

    name: str
    caller: Caller


async def find_principal(name: str, *, ports: Ports, account: str, now: datetime) -> Caller | None:
    """The caller behind ``user/alice``, ``role/auditor`` (of *account*) or an ARN; None for ``anonymous``.

    Raises:
        UnknownPrincipal: There is none.
    """
    if name == ANONYMOUS_NAME:
        return None
    caller = await _find(await _arn_of(name, ports=ports, account=account), ports=ports, now=now)
    if caller is None:
        raise UnknownPrincipal(
            f"there is no principal `{name}`: write user/NAME, role/NAME, the ARN of a user, role or session, or "
            f"{ANONYMOUS_NAME}"
        )
    return caller


async def known_principals(ports: Ports, *, account: str, now: datetime) -> list[Named]:
    """The users and roles of an account, by name; of very many the first."""
    found: list[Named] = []
    for user in await ports.iam_store.page(User, account, path_prefix="/", after="", limit=PRINCIPALS):
        caller = await ports.callers.user(f"arn:aws:iam::{account}:user{user.path}{user.name}")
        if caller is not None:
            found.append(Named(name=f"user/{user.name}", caller=caller))
    for role in await ports.iam_store.page(Role, account, path_prefix="/", after="", limit=PRINCIPALS):
        arn = f"arn:aws:iam::{account}:role{role.path}{role.name}"
        caller = await ports.callers.role(arn, SESSION_NAME, now=now)
        if caller is not None:
            found.append(Named(name=f"role/{role.name}", caller=caller))
    return found


async def own_policies(standing: Standing | None, ports: Ports) -> frozenset[str]:
    """Names of the identity-based policies that the caller has for itself: inline, and called as no group's is."""
    identity = standing.identity if standing is not None else None
    if not isinstance(identity, IamIdentity):
        return frozenset()
    name = Arn.parse(identity.principal_arn).resource.rpartition("/")[2]
    if identity.principal_type is PrincipalType.ASSUMED_ROLE:
        role = await ports.iam_store.find(Role, identity.account, name)
        return frozenset(role.inline_policies if role is not None else ())
    user = await ports.iam_store.find(User, identity.account, name)
    if user is None:
        return frozenset()
    shared = standing.caller_policies.identity.sources if standing is not None and standing.caller_policies else ()
    names = [source.name for source in shared]
    return frozenset(each for each in user.inline_policies if names.count(each) == 1)


def label_of(standing: Standing) -> str:
    """A principal's short name, as the matrix has it."""
    identity = standing.identity
    if not isinstance(identity, IamIdentity):
        return ANONYMOUS_NAME
    return Arn.parse(identity.principal_arn).resource


async def _arn_of(name: str, *, ports: Ports, account: str) -> str:
    kind, slash, rest = name.partition("/")
    if name.startswith("arn:") or not slash or not rest:
        return name
    bare = rest.rpartition("/")[2]
    found: User | Role | None = None
    if kind == "user":
        found = await ports.iam_store.find(User, account, bare)
    elif kind == "role":
        found = await ports.iam_store.find(Role, account, bare)
    return name if found is None else f"arn:aws:iam::{account}:{kind}{found.path}{found.name}"


async def _find(text: str, *, ports: Ports, now: datetime) -> Caller | None:
    try:
        arn = Arn.parse(text)
    except NotAnArn:
        return None
    kind, _, rest = arn.resource.partition("/")
    match arn.service, kind:
        case "iam", "root" if is_account_id(arn.account):
            return await ports.callers.root(arn.account)
        case "iam", "user":
            return await ports.callers.user(text)
        case "iam", "role":
            return await ports.callers.role(text, SESSION_NAME, now=now)
        case "sts", "assumed-role":
            role_name, _, session_name = rest.partition("/")
            role = await ports.iam_store.find(Role, arn.account, role_name)
            if role is None or not session_name:
                return None
            return await ports.callers.role(
                f"arn:aws:iam::{role.account}:role{role.path}{role.name}", session_name, now=now
            )
        case _:
            return None

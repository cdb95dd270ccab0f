"""What is asked of policies: an action on a resource by a principal, in a context."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final, Self

from msgspec import Struct

from yett.values.arn import Arn, NotAnArn
from yett.values.identity import IamIdentity, PrincipalType

Scalar = str | bool | int | float | Decimal | datetime | bytes
ContextValue = Scalar | Sequence[Scalar] | None
LazyValue = Callable[[], ContextValue]


class RequestContext(Mapping[str, tuple[str, ...]]):
    """The condition keys of one request: lower-case name to its values as text. A key without a value is absent.

    A value may be a function: it is called when a condition first asks for the key, and never otherwise. A context that
    knows its keys by other means gives them in `look_up`.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, tuple[str, ...] | LazyValue]) -> None:
        """Take keys already in lower case and values already in tuples; see `of` for everything else."""
        self._values: dict[str, tuple[str, ...] | LazyValue] = dict(values)

    @classmethod
    def of(cls, values: Mapping[str, ContextValue | LazyValue]) -> Self:
        """Build a context from keys in any case, and values as they come."""
        return cls({key.lower(): value if callable(value) else _texts(value) for key, value in values.items()})

    def with_values(self, values: Mapping[str, ContextValue | LazyValue]) -> Self:
        """These keys and further ones, in any case; a key of both has the further value. What is lazy stays so."""
        return type(self)(self._values | type(self).of(values)._values)

    def find(self, key: str) -> tuple[str, ...] | None:
        """The values of a key, which is given in lower case; None where the request has none."""
        value = self._values.get(key)
        if value is None:
            value = self.look_up(key)
            if value is None:
                return None
            self._values[key] = value
        if type(value) is not tuple:
            value = self._values[key] = _texts(value())  # type: ignore[operator]
        return value or None

    def look_up(self, key: str) -> tuple[str, ...] | None:  # noqa: ARG002
        """The values of a key that is not among those that were given; None where the request has none."""
        return None

    def __getitem__(self, key: str) -> tuple[str, ...]:
        value = self.find(key.lower())
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key for key in self.names() if self.find(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def names(self) -> tuple[str, ...]:
        """Every key that may have a value, in lower case; nothing is computed."""
        return tuple(self._values)

    def __repr__(self) -> str:
        # Values may be personal: names only, and nothing is computed.
        return f"RequestContext({', '.join(sorted(self.names()))})"


NO_CONTEXT: Final = RequestContext({})


class PrincipalKind(StrEnum):
    """What kind of caller a principal is."""

    ANONYMOUS = "anonymous"
    SERVICE = "service"
    FEDERATED = "federated"  # of AssumeRoleWithWebIdentity and AssumeRoleWithSAML: not yet a session
    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "role-session"
    FEDERATED_USER = "federated-user"


class Grant(IntEnum):
    """How directly a resource policy's Allow names the caller; the higher, the more it makes up for (spec 03, 6.3)."""

    __hash__ = int.__hash__  # as of Outcome

    ACCOUNT = 1  # by its account: delegates only
    ISSUER = 2  # by the role or the user that its session comes from
    DIRECT = 3  # itself, or everybody


ANYONE: Final = "*"


class Principal(Struct, frozen=True, kw_only=True):
    """Who asks, and under which names a Principal element may mean them."""

    kind: PrincipalKind
    names: Mapping[str, Grant]  # as `principal.read_names` writes them: "*", "account:…", ARNs, unique ids, "service:…"
    account: str | None = None  # 12 digits
    arn: str | None = None  # as in messages
    has_boundary: bool = False  # set by `decide`: NotPrincipal with Deny always hits principals with a boundary

    @classmethod
    def anonymous(cls) -> Self:
        """Nobody in particular."""
        return cls(kind=PrincipalKind.ANONYMOUS, names={ANYONE: Grant.DIRECT})

    @classmethod
    def service(cls, name: str) -> Self:
        """An AWS service acting for itself, such as ``apigateway.amazonaws.com``."""
        return cls(kind=PrincipalKind.SERVICE, names={f"service:{name}": Grant.DIRECT, ANYONE: Grant.DIRECT}, arn=name)

    @classmethod
    def federated(cls, provider: str) -> Self:
        """A caller vouched for by an identity provider: its host name, or the provider's ARN."""
        names = {f"federated:{provider}": Grant.DIRECT, ANYONE: Grant.DIRECT}
        return cls(kind=PrincipalKind.FEDERATED, names=names, arn=provider)

    @classmethod
    def iam(cls, identity: IamIdentity, *, federated_by: str | None = None) -> Self:
        """A verified caller. *federated_by* is the ARN of the user who called GetFederationToken, if known."""
        issuer = identity.principal_arn if identity.principal_type is PrincipalType.ASSUMED_ROLE else federated_by
        unique_id = identity.user_id.partition(":")[0]
        return cls._of_account(
            _KINDS[identity.principal_type],
            account=identity.account,
            arn=identity.arn,
            issuer=issuer,
            unique_id=unique_id if unique_id[:4] in {"AIDA", "AROA"} else None,
        )

    @classmethod
    def from_arn(cls, arn: str, *, account: str | None = None, issuer: str | None = None) -> Self:
        """A caller of whom only the ARN is known: a user's, a role's, a session's, a federated user's or root's.

        *account* is the ARN's own if absent. *issuer* is the ARN, with its path, of the role or the user that a session
        comes from; if absent, a role is taken to have no path and a federating user to be unknown.

        Raises:
            NotAnArn: It is no ARN of a principal.
        """
        parsed = Arn.parse(arn)
        account = account or parsed.account
        kind, _, name = parsed.resource.partition("/")
        match parsed.service, kind:
            case "iam", "root":
                return cls._of_account(PrincipalKind.ROOT, account=account, arn=arn)
            case "iam", "user" if name:
                return cls._of_account(PrincipalKind.USER, account=account, arn=arn)
            case "iam", "role" if name:
                return cls._of_account(PrincipalKind.ROLE_SESSION, account=account, arn=arn, issuer=arn)
            case "sts", "assumed-role" if "/" in name:
                role = f"arn:{parsed.partition}:iam::{account}:role/{name.partition('/')[0]}"
                return cls._of_account(PrincipalKind.ROLE_SESSION, account=account, arn=arn, issuer=issuer or role)
            case "sts", "federated-user" if name:
                return cls._of_account(PrincipalKind.FEDERATED_USER, account=account, arn=arn, issuer=issuer)
            case _:
                raise NotAnArn(f"not the ARN of a principal: `{arn}`")

    @classmethod
    def _of_account(
        cls, kind: PrincipalKind, *, account: str, arn: str, issuer: str | None = None, unique_id: str | None = None
    ) -> Self:
        names: dict[str, Grant] = {ANYONE: Grant.DIRECT, f"account:{account}": Grant.ACCOUNT}
        if kind is not PrincipalKind.ROOT:
            names[arn] = Grant.DIRECT
        if issuer is not None:
            names[issuer] = Grant.ISSUER
        if unique_id is not None:
            names[unique_id] = Grant.DIRECT if kind is PrincipalKind.USER else Grant.ISSUER
        return cls(kind=kind, names=names, account=account, arn=arn)


_KINDS: Final = {
    PrincipalType.ACCOUNT: PrincipalKind.ROOT,
    PrincipalType.USER: PrincipalKind.USER,
    PrincipalType.ASSUMED_ROLE: PrincipalKind.ROLE_SESSION,
    PrincipalType.FEDERATED_USER: PrincipalKind.FEDERATED_USER,
}


class AuthorizationRequest(Struct, frozen=True, kw_only=True):
    """One question to the policies."""

    action: str  # "execute-api:Invoke"
    resource: str  # an ARN, with the actual path
    principal: Principal
    resource_account: str  # 12 digits
    context: RequestContext


def principal_context(identity: IamIdentity) -> dict[str, str | tuple[str, ...] | datetime]:
    """The condition keys, in lower case, that a verified caller brings along; ready for `RequestContext.of`.

    ``aws:MultiFactorAuthAge`` depends on the time of the request and is left to whoever knows it.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    keys: dict[str, str | tuple[str, ...] | datetime] = {
        "aws:principalarn": identity.principal_arn,
        "aws:principalaccount": identity.account,
        "aws:principaltype": identity.principal_type.value,
        "aws:userid": identity.user_id,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
    }
    if identity.user_name is not None:
        keys["aws:username"] = identity.user_name
    if identity.organization_id is not None:
        keys["aws:principalorgid"] = identity.organization_id
    if identity.organization_paths:
        keys["aws:principalorgpaths"] = identity.organization_paths
    if identity.token_issued_at is not None:
        keys["aws:tokenissuetime"] = identity.token_issued_at
        keys["aws:multifactorauthpresent"] = "false"
    if identity.mfa_authenticated_at is not None:
        keys["aws:multifactorauthpresent"] = "true"
    if identity.source_identity is not None:
        keys["aws:sourceidentity"] = identity.source_identity
    if identity.federated_provider is not None:
        keys["aws:federatedprovider"] = identity.federated_provider
    keys.update((f"aws:principaltag/{name.lower()}", value) for name, value in identity.tags.items())
    keys.update((name.lower(), value) for name, value in identity.federation_keys.items())
    return keys


def principal_values(identity: IamIdentity) -> dict[str, tuple[str, ...]]:
    """The same as text: what a `RequestContext` takes as it is."""
    return {key: _texts(value) for key, value in principal_context(identity).items()}


def _texts(value: ContextValue) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return tuple(_text(item) for item in value)
    return (_text(value),)


def _text(value: Scalar) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return str(value)

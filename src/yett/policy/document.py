"""JSON text to a policy, or a refusal that points at the fault.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct

SHORTHAND: Final = "execute-api:/"  # how a resource policy may spell the ARN of its own API


class Kind(StrEnum):
    """What a policy is for; the grammar differs a little."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    AUTHORIZER = "authorizer"  # what a Lambda authorizer answers


class Effect(StrEnum):
    """What a statement does when it applies."""

    ALLOW = "Allow"
    DENY = "Deny"


OLDEST_VERSION: Final = "2008-10-17"  # what an absent Version means
CURRENT_VERSION: Final = "2012-10-17"


class Patterns(Struct, frozen=True):
    """An Action or a Resource element, or the negation of one."""

    values: tuple[str, ...]
    negated: bool = False


class PrincipalElement(Struct, frozen=True):
    """A Principal element or NotPrincipal: pairs of type and value; ``("*", "*")`` for the bare star."""

    entries: tuple[tuple[str, str], ...]
    negated: bool = False


class ConditionEntry(Struct, frozen=True):
    """One operator and one key of a Condition element. Numbers and booleans are the text that JSON has for them."""

    operator: str  # as written, with prefix and suffix
    key: str  # as written
    values: tuple[str, ...]


class Statement(Struct, frozen=True, kw_only=True):
    """One statement."""

    index: int  # from 0
    pointer: str  # "/Statement/0", or "/Statement" where it stands without an array
    effect: Effect
    action: Patterns
    resource: Patterns | None  # None: in trust policies
    sid: str | None = None
    principal: PrincipalElement | None = None
    conditions: tuple[ConditionEntry, ...] = ()


class PolicyDocument(Struct, frozen=True, kw_only=True):
    """A policy that keeps the grammar of its kind."""

    version: str
    statements: tuple[Statement, ...]
    id: str | None = None

    def render(self) -> str:
        """The policy as JSON text: parsed again it is the same value."""
        rendered = [_render_statement(statement) for statement in self.statements]
        alone = len(rendered) == 1 and self.statements[0].pointer == "/Statement"
        document: dict[str, object] = {"Version": self.version}
        if self.id is not None:
            document["Id"] = self.id
        document["Statement"] = rendered[0] if alone else rendered
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


class NamedPolicy(Struct, frozen=True):
    """A policy and what to call it when it decides: its name or its ARN."""

    name: str
    document: PolicyDocument


class StatementRef(Struct, frozen=True):
    """Which statement of which policy."""

    policy: str
    index: int
    sid: str | None
    pointer: str


def reference(policy: NamedPolicy, statement: Statement) -> StatementRef:
    """The reference to a statement of a policy."""
    return StatementRef(policy.name, statement.index, statement.sid, statement.pointer)


def name_policies(documents: Iterable[NamedPolicy | PolicyDocument]) -> tuple[NamedPolicy, ...]:
    """The same, each with a name: a bare document is called by its Id, if any."""
    return tuple(
        document if isinstance(document, NamedPolicy) else NamedPolicy(document.id or "", document)
        for document in documents
    )


def _render_statement(statement: Statement) -> dict[str, object]:
    rendered: dict[str, object] = {}
    if statement.sid is not None:
        rendered["Sid"] = statement.sid
    if statement.principal is not None:
        rendered["NotPrincipal" if statement.principal.negated else "Principal"] = _render_principal(
            statement.principal
        )
    rendered["Effect"] = statement.effect.value
    rendered["NotAction" if statement.action.negated else "Action"] = _render_values(statement.action.values)
    if statement.resource is not None:
        rendered["NotResource" if statement.resource.negated else "Resource"] = _render_values(
            statement.resource.values
        )
    if statement.conditions:
        block: dict[str, dict[str, object]] = {}
        for entry in statement.conditions:
            block.setdefault(entry.operator, {})[entry.key] = _render_values(entry.values)
        rendered["Condition"] = block
    return rendered


def _render_principal(element: PrincipalElement) -> object:
    if element.entries == (("*", "*"),):
        return "*"
    types: dict[str, list[str]] = {}
    for principal_type, value in element.entries:
        types.setdefault(principal_type, []).append(value)
    return {principal_type: _render_values(tuple(values)) for principal_type, values in types.items()}


def _render_values(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)

"""Every statement that was looked at, and why it did or did not apply."""

from collections.abc import Iterable

from msgspec import Struct

from yett.policy.decide import PolicyType
from yett.policy.document import (
    Effect,
    NamedPolicy,
    Patterns,
    PolicyDocument,
    Statement,
    StatementRef,
    name_policies,
    reference,
)
from yett.policy.evaluate import Evaluation, Outcome
from yett.policy.request import AuthorizationRequest
from yett.policy.statement import Element, Match, Mismatch, examine

Json = dict[str, object]


class Failure(Struct, frozen=True, kw_only=True):
    """The first element of a statement that did not match: what it wants, and what the request has."""

    element: Element
    expected: tuple[str, ...]
    actual: tuple[str, ...] | None  # None: the request has no such key
    negated: bool = False  # NotAction and the like; a condition's operator says it by its name
    operator: str | None = None
    key: str | None = None


class StatementTrace(Struct, frozen=True, kw_only=True):
    """One statement; it applied where there is no failure."""

    policy_type: PolicyType
    level: int | None  # of an SCP or an RCP: 0 is the organization's root
    statement: StatementRef
    effect: Effect
    failure: Failure | None

    def describe(self) -> Json:
        """The trace as a JSON object."""
        described: Json = {
            "type": self.policy_type.value,
            "policy": self.statement.policy,
            "statement": self.statement.index,
            "sid": self.statement.sid,
            "path": self.statement.pointer,
            "effect": self.effect.value,
            "matched": self.failure is None,
        }
        if self.level is not None:
            described["level"] = self.level
        if self.failure is not None:
            described["failed"] = _describe_failure(self.failure)
        return described


class Trace(Struct, frozen=True):
    """All the statements of one kind of policy, in their order."""

    statements: tuple[StatementTrace, ...]

    @property
    def outcome(self) -> Outcome:
        """What the statements that applied come to: the same as `evaluate` says."""
        effects = {statement.effect for statement in self.statements if statement.failure is None}
        if Effect.DENY in effects:
            return Outcome.EXPLICIT_DENY
        return Outcome.ALLOW if Effect.ALLOW in effects else Outcome.IMPLICIT_DENY

    def describe(self) -> list[Json]:
        """The trace as a JSON array."""
        return [statement.describe() for statement in self.statements]


def trace(
    policies: Iterable[NamedPolicy | PolicyDocument],
    request: AuthorizationRequest,
    *,
    policy_type: PolicyType,
    level: int | None = None,
) -> Trace:
    """Look at every statement of the policies of one kind."""
    return Trace(
        tuple(
            StatementTrace(
                policy_type=policy_type,
                level=level,
                statement=reference(policy, statement),
                effect=statement.effect,
                failure=_failure(statement, examine(statement, request, version=policy.document.version), request),
            )
            for policy in name_policies(policies)
            for statement in policy.document.statements
        )
    )


def describe_evaluation(policy_type: PolicyType, evaluation: Evaluation) -> Json:
    """One line of a "because": a kind of policy, what it says, and by which statement."""
    described: Json = {"type": policy_type.value, "outcome": evaluation.outcome.value}
    if evaluation.statement is not None:
        described |= describe_reference(evaluation.statement)
    return described


def describe_reference(statement: StatementRef) -> Json:
    """A reference to a statement as members of a JSON object."""
    return {
        "policy": statement.policy,
        "statement": statement.index,
        "sid": statement.sid,
        "path": statement.pointer,
    }


def _failure(statement: Statement, examined: Match | Mismatch, request: AuthorizationRequest) -> Failure | None:
    if isinstance(examined, Match):
        return None
    entry = examined.entry
    if entry is not None:
        actual = request.context.find(entry.key.lower())
        return Failure(
            element=Element.CONDITION, expected=entry.values, actual=actual, operator=entry.operator, key=entry.key
        )
    if examined.element is Element.PRINCIPAL and statement.principal is not None:
        return Failure(
            element=Element.PRINCIPAL,
            expected=tuple(value for _, value in statement.principal.entries),
            actual=(request.principal.arn or "anonymous",),
            negated=statement.principal.negated,
        )
    if examined.element is Element.RESOURCE and statement.resource is not None:
        return _pattern_failure(Element.RESOURCE, statement.resource, request.resource)
    return _pattern_failure(Element.ACTION, statement.action, request.action)


def _pattern_failure(element: Element, patterns: Patterns, actual: str) -> Failure:
    return Failure(element=element, expected=patterns.values, actual=(actual,), negated=patterns.negated)


def _describe_failure(failure: Failure) -> Json:
    element = f"Not{failure.element.value}" if failure.negated else failure.element.value
    described: Json = {"element": element}
    if failure.operator is not None:
        described |= {"operator": failure.operator, "key": failure.key}
    return described | {
        "expected": list(failure.expected),
        "actual": None if failure.actual is None else list(failure.actual),
    }

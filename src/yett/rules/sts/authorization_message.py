"""What an encoded authorization message says of a denial, once it is decoded.

OBSERVED: the form, in messages of the service that its clients have decoded; NotAction and NotResource stand where
Action and Resource do.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from yett.policy import AuthorizationRequest, CallerPolicies, Decision, Effect, Outcome, PolicyType, Statement
from yett.policy.statement import Match, examine
from yett.values.errors import Refusal
from yett.values.identity import IamIdentity


class Denial(Struct, frozen=True, kw_only=True):
    """A question that policies did not answer with yes."""

    request: AuthorizationRequest
    decision: Decision
    identity: IamIdentity
    policies: CallerPolicies


# How much is left out of a message that would be too long, step by step: values of conditions, then statements.
FEWER_CONDITIONS: Final = (None, 20, 12, 5, 0)


def render_denial(denial: Denial, *, conditions: int | None, statements: bool) -> dict[str, object]:
    """The message: all *conditions* (None), or so many of them; the statements that denied, or none."""
    identity, request = denial.identity, denial.request
    name = {} if identity.user_name is None else {"name": identity.user_name}
    found = list(denying(denial)) if statements else []
    return {
        "allowed": False,
        "explicitDeny": denial.decision.outcome is Outcome.EXPLICIT_DENY,
        "matchedStatements": items(render_statement(each, identity) for each in found),
        "failures": items(()),
        "context": {
            "principal": {"id": identity.user_id, **name, "arn": identity.arn},
            "action": request.action,
            "resource": request.resource,
            "conditions": items(list(known_conditions(request))[:conditions]),
        },
    }


def denying(denial: Denial) -> Iterator[Statement]:
    """The statement that denied, where a policy of the caller's own account holds it.

    Guardrails are their organization's, and a resource policy is its owner's: neither is shown.
    UNCERTAIN: whether AWS shows a guardrail's statement.
    """
    decision, policies = denial.decision, denial.policies
    if decision.outcome is not Outcome.EXPLICIT_DENY or decision.statement is None:
        return
    own = {
        PolicyType.IDENTITY: policies.identity,
        PolicyType.BOUNDARY: policies.boundary,
        PolicyType.SESSION: policies.session,
    }
    compiled = own.get(decision.decided_by) if decision.decided_by is not None else None
    for policy in () if compiled is None else compiled.sources:
        if policy.name != decision.statement.policy:
            continue
        for statement in policy.document.statements:
            is_the_one = statement.index == decision.statement.index and statement.effect is Effect.DENY
            if is_the_one and isinstance(
                examine(statement, denial.request, version=policy.document.version), Match
            ):  # two policies may share a name
                yield statement
                return


def render_statement(statement: Statement, identity: IamIdentity) -> dict[str, object]:
    """A statement, with the caller for the principal that it was attached to."""
    resource = () if statement.resource is None else statement.resource.values
    conditions = (
        {"key": entry.key, "values": items({"value": value} for value in entry.values)}
        for entry in statement.conditions
    )
    return {
        "statementId": statement.sid or "",
        "effect": "DENY",
        "principals": items([{"value": identity.user_id}]),
        "principalGroups": items(()),
        "actions": items({"value": value} for value in statement.action.values),
        "resources": items({"value": value} for value in resource),
        "conditions": items(conditions),
    }


def known_conditions(request: AuthorizationRequest) -> Iterator[dict[str, object]]:
    """The condition keys that the request has, those of tags at the end; one that nobody can tell is left out."""
    for key in sorted(request.context.names(), key=lambda each: ("/" in each, each)):
        try:
            values = request.context.find(key)
        except Refusal:
            continue
        if values is not None:
            yield {"key": key, "values": items({"value": value} for value in values)}


def items(found: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """A list as these messages have lists."""
    return {"items": list(found)}

"""One statement against one request: the definition, which says as well which element failed."""

from enum import StrEnum

from msgspec import Struct

from yett.policy.action import matches_action
from yett.policy.condition.block import find_unmet
from yett.policy.document import ConditionEntry, Statement
from yett.policy.principal import match_principal, read_names
from yett.policy.request import AuthorizationRequest, Grant
from yett.policy.resource import matches_resource


class Element(StrEnum):
    """The elements that a request must match, in the order in which they are looked at."""

    PRINCIPAL = "Principal"
    ACTION = "Action"
    RESOURCE = "Resource"
    CONDITION = "Condition"


class Mismatch(Struct, frozen=True):
    """The first element that did not match."""

    element: Element
    entry: ConditionEntry | None = None  # of a Condition


class Match(Struct, frozen=True):
    """The statement applies."""

    grant: Grant | None  # how directly it names the caller; None where the statement has no principal


def examine(statement: Statement, request: AuthorizationRequest, *, version: str) -> Match | Mismatch:
    """Whether the statement of a policy of this *version* applies to the request, and if not, why.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    grant: Grant | None = None
    if statement.principal is not None:
        names = read_names(statement.principal)
        negated = statement.principal.negated
        grant = match_principal(names, request.principal, negated=negated, effect=statement.effect)
        if grant is None:
            return Mismatch(Element.PRINCIPAL)
    if not matches_action(statement.action, request.action):
        return Mismatch(Element.ACTION)
    if statement.resource is not None and not matches_resource(
        statement.resource, request.resource, request.context, version=version
    ):
        return Mismatch(Element.RESOURCE)
    unmet = find_unmet(statement.conditions, request.context, version=version)
    return Match(grant) if unmet is None else Mismatch(Element.CONDITION, unmet)

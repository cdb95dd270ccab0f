"""One kind of policy against one request: the definition that `compile` must keep."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from yett.policy.document import Effect, NamedPolicy, PolicyDocument, StatementRef, name_policies, reference
from yett.policy.request import AuthorizationRequest, Grant
from yett.policy.statement import Match, examine


class Outcome(StrEnum):
    """What policies say to a request."""

    __hash__ = str.__hash__  # a looked-up member costs a call otherwise: an enumeration's own is written in Python

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit_deny"
    IMPLICIT_DENY = "implicit_deny"


class Evaluation(Struct, frozen=True):
    """The outcome of one kind of policy, and the statement that made it; None where no statement applied."""

    outcome: Outcome
    statement: StatementRef | None = None
    grant: Grant | None = None  # of an Allow in a policy with principals: the most direct one


SILENT = Evaluation(Outcome.IMPLICIT_DENY)


def evaluate(documents: Iterable[NamedPolicy | PolicyDocument], request: AuthorizationRequest) -> Evaluation:
    """Weigh every statement: an applicable Deny wins, else an applicable Allow, else nothing was said.

    Of several the first is named; of Allows the first that names the caller most directly.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    allowed = SILENT
    for policy in name_policies(documents):
        for statement in policy.document.statements:
            examined = examine(statement, request, version=policy.document.version)
            if not isinstance(examined, Match):
                continue
            if statement.effect is Effect.DENY:
                return Evaluation(Outcome.EXPLICIT_DENY, reference(policy, statement))
            if allowed is SILENT or (examined.grant or 0) > (allowed.grant or 0):
                allowed = Evaluation(Outcome.ALLOW, reference(policy, statement), examined.grant)
    return allowed

"""Which row of the service's outcome tables a decision was read from, found when somebody asks.

`policy/decide.py` decides; here its two sides are told apart again, for people. A property test holds the two together.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from yett.policy import Evaluation, Outcome, PolicyType, PrincipalKind, combine
from yett.policy.decide import MAKES_UP_FOR
from yett.rules.execute_api.authorization_flow import SILENT
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType, EndpointType
from yett.rules.execute_api.weighing import Weighed, weighed
from yett.values.identity import IamIdentity

OWN: Final = frozenset({PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION})
GUARDRAILS: Final = frozenset({PolicyType.SCP, PolicyType.RCP})


class Table(StrEnum):
    """What a decision was read from. A and B are named as in the guide."""

    A = "A"  # the caller's side and the API belong to one account
    B = "B"  # the caller belongs to another account than the API
    RESOURCE_POLICY = "resource policy"  # it alone decides, and must allow
    ORGANIZATION = "organization"  # an SCP or RCP leaves the call out, whatever the tables say


class OutcomeRow(Struct, frozen=True, kw_only=True):
    """One row: what each side said, and what comes of it."""

    table: Table
    caller: Outcome | None  # IAM's policies, or a Lambda authorizer's; None where that side has no part
    resource: Outcome  # the API's resource policy; an implicit deny too where there is none
    outcome: Outcome


def find_row(question: Question, standing: Standing | None) -> OutcomeRow | None:
    """The row of a call that came as far as its policies; None where no policy restricts the method.

    Without a *standing* the call was refused before its Lambda authorizer was asked.
    """
    policy = question.plan.resource_policy
    kind = question.method.authorization_type
    if policy is None and question.plan.endpoint_type is EndpointType.PRIVATE:
        return _alone(Outcome.IMPLICIT_DENY)
    if policy is None and kind in {AuthorizationType.NONE, AuthorizationType.COGNITO_USER_POOLS}:
        return None
    sides = list(weighed(question, standing))
    resource = next((_evaluate(each) for each in sides if each.type is PolicyType.RESOURCE), SILENT)
    if kind in {AuthorizationType.NONE, AuthorizationType.COGNITO_USER_POOLS}:
        return _alone(resource.outcome)
    if standing is None:
        return OutcomeRow(table=Table.A, caller=None, resource=resource.outcome, outcome=resource.outcome)
    if kind is AuthorizationType.CUSTOM:
        caller = next((_evaluate(each).outcome for each in sides if each.of_authorizer), Outcome.IMPLICIT_DENY)
        return _read(Table.A, caller, resource.outcome)
    return _of_iam(question, standing, sides)


def _of_iam(question: Question, standing: Standing, sides: list[Weighed]) -> OutcomeRow | None:
    identity, caller = standing.identity, standing.caller_policies
    if not isinstance(identity, IamIdentity) or caller is None:
        return None
    said = [(each.type, _evaluate(each)) for each in sides]
    resource = next((evaluation for policy_type, evaluation in said if policy_type is PolicyType.RESOURCE), SILENT)
    own = {policy_type: evaluation.outcome for policy_type, evaluation in said if policy_type in OWN}
    if caller.is_root and own[PolicyType.IDENTITY] is Outcome.IMPLICIT_DENY:
        own[PolicyType.IDENTITY] = Outcome.ALLOW
    if sides[0].request.principal.kind is PrincipalKind.FEDERATED_USER:
        own.setdefault(PolicyType.SESSION, Outcome.IMPLICIT_DENY)
    guardrails = {evaluation.outcome for policy_type, evaluation in said if policy_type in GUARDRAILS}
    is_same_account = identity.account == question.plan.account
    table = Table.A if is_same_account else Table.B
    if Outcome.EXPLICIT_DENY in {*own.values(), *guardrails}:
        return _read(table, Outcome.EXPLICIT_DENY, resource.outcome)
    silent = {policy_type for policy_type, outcome in own.items() if outcome is Outcome.IMPLICIT_DENY}
    said_by_resource = resource.outcome
    if Outcome.IMPLICIT_DENY in guardrails and said_by_resource is not Outcome.EXPLICIT_DENY:
        of_caller = Outcome.IMPLICIT_DENY if silent else Outcome.ALLOW
        return OutcomeRow(
            table=Table.ORGANIZATION, caller=of_caller, resource=said_by_resource, outcome=Outcome.IMPLICIT_DENY
        )
    if is_same_account and silent and said_by_resource is Outcome.ALLOW:
        made_up_for = frozenset() if resource.grant is None else MAKES_UP_FOR[resource.grant]
        if silent - made_up_for:  # the Allow does not reach this far
            said_by_resource = Outcome.IMPLICIT_DENY
    return _read(table, Outcome.IMPLICIT_DENY if silent else Outcome.ALLOW, said_by_resource)


def _evaluate(each: Weighed) -> Evaluation:
    return each.policies.evaluate(each.request)


def _alone(said: Outcome) -> OutcomeRow:
    return OutcomeRow(table=Table.RESOURCE_POLICY, caller=None, resource=said, outcome=said)


def _read(table: Table, caller: Outcome, resource: Outcome) -> OutcomeRow:
    outcome = combine(caller, resource, same_account=table is Table.A)
    return OutcomeRow(table=table, caller=caller, resource=resource, outcome=outcome)

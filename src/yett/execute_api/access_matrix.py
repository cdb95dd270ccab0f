"""Routes by principals: who may call what, decided as calls are, without making one."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from yett.execute_api.principals import ANONYMOUS_NAME, Named, label_of
from yett.execute_api.rest import route
from yett.policy import Decision, Outcome
from yett.rules.execute_api.authorization_flow import decide_call, screen_denies
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.errors import GatewayError
from yett.rules.execute_api.plan import MethodPlan, StagePlan
from yett.rules.execute_api.policy_changes import Cell
from yett.rules.execute_api.routing.rest import ANY, ANY_COVERS
from yett.values.http import Headers, HttpRequest, VpcOrigin
from yett.values.identity import ANONYMOUS

NEEDS_TOKEN: Final = "needs_token"  # noqa: S105 - which an authorizer weighs
UNAUTHENTICATED: Final = "unauthenticated"
EXAMPLE: Final = "1"  # stands for a path parameter
OTHER_ADDRESS: Final = "192.0.2.1"  # of the documentation's range: nobody's
NEIGHBOURS: Final = 2000  # cells that a proposal is held against
PARAMETER: Final = re.compile(r"\{[^}]+\}")
VARIABLE: Final = re.compile(r"[*?]|\$\{")
NOBODY: Final = Standing(identity=ANONYMOUS)


class Row(Struct, frozen=True, kw_only=True):
    """One call that could be made."""

    method: str
    path: str
    plan: MethodPlan


class Column(Struct, frozen=True, kw_only=True):
    """One caller, at one address."""

    principal: str
    source_ip: str
    standing: Standing


class Verdict(Struct, frozen=True, kw_only=True):
    """What one caller may expect of one call."""

    outcome: str  # a decision's, or NEEDS_TOKEN or UNAUTHENTICATED
    decision: Decision | None


class Matrix(Struct, frozen=True, kw_only=True):
    """All of it."""

    plan: StagePlan
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    verdicts: tuple[tuple[Verdict, ...], ...]  # by row, then by column

    def describe(self) -> dict[str, object]:
        """The matrix as a JSON object."""
        return {
            "api": self.plan.api_id,
            "name": self.plan.api_name,
            "stage": self.plan.stage,
            "callers": [{"principal": each.principal, "sourceIp": each.source_ip} for each in self.columns],
            "routes": [
                {
                    "method": row.method,
                    "path": row.path,
                    "resource": row.plan.resource_path,
                    "authorization": row.plan.authorization_type.value,
                    "authorizer": row.plan.authorizer.name if row.plan.authorizer is not None else None,
                    "outcomes": [verdict.outcome for verdict in verdicts],
                }
                for row, verdicts in zip(self.rows, self.verdicts, strict=True)
            ],
        }


def make_matrix(plan: StagePlan, principals: Sequence[Named], *, addresses: Sequence[str], now: datetime) -> Matrix:
    """Decide every call of the stage for every principal, and for nobody, from every address."""
    columns = tuple(
        Column(principal=name, source_ip=address, standing=standing)
        for name, standing in [(ANONYMOUS_NAME, NOBODY), *((each.name, standing_of(each)) for each in principals)]
        for address in addresses
    )
    rows = tuple(rows_of(plan, columns))
    verdicts = tuple(tuple(_verdict(row, column, plan, now) for column in columns) for row in rows)
    return Matrix(plan=plan, rows=rows, columns=columns, verdicts=verdicts)


def standing_of(named: Named) -> Standing:
    """A principal that has signed well."""
    return Standing(identity=named.caller.identity, caller_policies=named.caller.policies)


def rows_of(plan: StagePlan, columns: Sequence[Column] = ()) -> Iterator[Row]:
    """A call of every method, and one of every path that the callers' policies name."""
    seen: set[tuple[str, str]] = set()
    for method in sorted(plan.methods, key=lambda each: (each.resource_path, each.http_method)):
        path = PARAMETER.sub(EXAMPLE, method.resource_path)
        for verb in sorted(ANY_COVERS) if method.http_method == ANY else (method.http_method,):
            found = plan.router.find(verb, path)
            if found is not None and found[0] is method:
                seen.add((verb, path))
                yield Row(method=verb, path=path, plan=method)
    for verb, path in sorted(_named_paths(plan, columns)):
        found = plan.router.find(verb, path)
        if found is not None and (verb, path) not in seen:
            yield Row(method=verb, path=path, plan=found[0])


def question_of(
    plan: StagePlan, method: str, path: str, *, source_ip: str, now: datetime, vpc_origin: VpcOrigin | None = None
) -> Question | None:
    """What policies would be asked of a call; None where the stage has no such method."""
    request = HttpRequest(
        method=method,
        target=path,
        path=path,
        query="",
        headers=Headers(),
        body=b"",
        host="",
        source_ip=source_ip,
        vpc_origin=vpc_origin,
        scheme="https",
        request_id="",
        received_at=now,
    )
    try:
        routed = route(request, request, path, plan)
    except GatewayError:
        return None
    return None if routed is None else routed.question


def cells_beside(question: Question, standing: Standing, principals: Sequence[Named]) -> tuple[Cell, ...]:
    """The other cells of the matrix: every call for every principal, less that of this method by this caller."""
    plan, now = question.plan, question.facts.received_at
    address = question.facts.source_ip
    mine = label_of(standing)
    columns = [
        Column(principal=ANONYMOUS_NAME, source_ip=each, standing=NOBODY)
        for each in dict.fromkeys((address, OTHER_ADDRESS))
    ]
    columns += [Column(principal=label_of(it), source_ip=address, standing=it) for it in map(standing_of, principals)]
    cells: list[Cell] = []
    for row in rows_of(plan):
        is_iam = row.plan.authorization_type is AuthorizationType.AWS_IAM
        for column in columns:
            if is_iam is (column.standing is NOBODY) or row.plan.authorization_type is AuthorizationType.CUSTOM:
                continue
            same_caller = (column.principal == mine or not is_iam) and column.source_ip == address
            if row.plan is question.method and same_caller:
                continue
            origin = question.facts.vpc_origin if column.source_ip == address else None
            asked = question_of(plan, row.method, row.path, source_ip=column.source_ip, now=now, vpc_origin=origin)
            if asked is not None:
                whom = column.principal if is_iam else f"address {column.source_ip}"
                cells.append(Cell(name=f"{row.method} {row.path} for {whom}", question=asked, standing=column.standing))
            if len(cells) == NEIGHBOURS:
                return tuple(cells)
    return tuple(cells)


def _named_paths(plan: StagePlan, columns: Sequence[Column]) -> set[tuple[str, str]]:
    """The paths without a wildcard that policies name below this stage, with their methods."""
    policies = [plan.resource_policy] if plan.resource_policy is not None else []
    policies += [each.standing.caller_policies.identity for each in columns if each.standing.caller_policies]
    found: set[tuple[str, str]] = set()
    for compiled in policies:
        for source in compiled.sources:
            for statement in source.document.statements:
                for value in statement.resource.values if statement.resource is not None else ():
                    _, _, tail = value.partition(f":{plan.api_id}/")
                    stage, _, rest = tail.partition("/")
                    verb, slash, path = rest.partition("/")
                    if stage in {plan.stage, "*"} and slash and verb in ANY_COVERS and not VARIABLE.search(path):
                        found.add((verb, f"/{path}"))
    return found


def _verdict(row: Row, column: Column, plan: StagePlan, now: datetime) -> Verdict:
    question = question_of(plan, row.method, row.path, source_ip=column.source_ip, now=now)
    assert question is not None  # the row was routed
    standing = column.standing
    match row.plan.authorization_type:
        case AuthorizationType.AWS_IAM if standing is NOBODY:
            return Verdict(outcome=UNAUTHENTICATED, decision=None)
        case AuthorizationType.CUSTOM:
            decision = screen_denies(question)
            return Verdict(outcome=NEEDS_TOKEN if decision is None else decision.outcome.value, decision=decision)
        case AuthorizationType.COGNITO_USER_POOLS:
            decision = decide_call(question, standing)
            allowed = decision.outcome is Outcome.ALLOW
            return Verdict(outcome=NEEDS_TOKEN if allowed else decision.outcome.value, decision=decision)
        case _:
            decision = decide_call(question, standing)
            return Verdict(outcome=decision.outcome.value, decision=decision)

"""What of a stage lets in more than it may be meant to, or can never let in anybody."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from yett.policy import CompiledPolicies, Effect, Kind, NamedPolicy, Statement, lint
from yett.policy.document import SHORTHAND
from yett.policy.statement import Element, Match, examine
from yett.rules.execute_api.authorization_flow import anonymous_request
from yett.rules.execute_api.authorizer_code import Answers, CodeHint
from yett.rules.execute_api.call import Question
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import AuthorizerPlan, MethodPlan, StagePlan

ADDRESS_KEYS: Final = frozenset({"aws:sourceip", "aws:vpcsourceip"})
UNSATISFIABLE: Final = frozenset(
    {"RESOURCE_MATCHES_NOTHING", "NO_CONDITION_VALUES", "CONDITION_VALUE", "ALLOW_IS_DEAD", "UNKNOWN_ACTION"}
)


class Code(StrEnum):
    """Kinds of finding."""

    OPEN_TO_ANYONE = "OPEN_TO_ANYONE"
    OPEN_TO_WHO_SIGNS_UP = "OPEN_TO_WHO_SIGNS_UP"
    ONE_ADDRESS_CONDITION = "ONE_ADDRESS_CONDITION"
    AUTHORIZER_ALLOWS_EVERYTHING = "AUTHORIZER_ALLOWS_EVERYTHING"
    AUTHORIZER_NAMES_ONE_METHOD = "AUTHORIZER_NAMES_ONE_METHOD"
    UNSATISFIABLE_STATEMENT = "UNSATISFIABLE_STATEMENT"


class AuditFinding(Struct, frozen=True, kw_only=True):
    """One thing to look at."""

    code: Code
    where: str  # a route, an authorizer or a statement
    message: str


def audit_route(question: Question) -> AuditFinding | None:
    """Whether anyone can make this call, or whoever has a certain address."""
    if question.method.authorization_type is not AuthorizationType.NONE:
        return None
    where = question.method.name
    policy = question.plan.resource_policy
    if policy is None:
        return AuditFinding(
            code=Code.OPEN_TO_ANYONE, where=where, message="anyone can call it: it asks for nothing, nor does the API"
        )
    covering = list(_covering(policy, question))
    allows = [each for each in covering if each.effect is Effect.ALLOW]
    denies = [each for each in covering if each.effect is Effect.DENY]
    if not allows or any(not each.conditions for each in denies):
        return None
    free = next((each for each in allows if not each.conditions), None)
    guards = [*denies, *(allows if free is None else ())]
    if not guards and free is not None:
        message = f"anyone can call it: {_name(free)} of the resource policy has no condition"
        return AuditFinding(code=Code.OPEN_TO_ANYONE, where=where, message=message)
    keys = {entry.key.lower() for each in guards for entry in each.conditions}
    if keys <= ADDRESS_KEYS:
        return AuditFinding(
            code=Code.ONE_ADDRESS_CONDITION,
            where=where,
            message=f"whoever has the address can call it: nothing else stands in {_name(guards[0])}",
        )
    return None


def audit_sign_up(plan: StagePlan, open_pools: frozenset[str]) -> Iterator[AuditFinding]:
    """Methods that a token of a pool opens with which anyone can sign up; those with scopes ask for more than that."""
    for method in plan.methods:
        pools = method.authorizer.pool_arns & open_pools if method.authorizer is not None else ()
        if pools and not method.scopes:
            names = ", ".join(sorted(arn.rpartition("/")[2] for arn in pools))
            yield AuditFinding(
                code=Code.OPEN_TO_WHO_SIGNS_UP,
                where=method.name,
                message=f"anyone can call it who signs up with user pool {names}, which lets anyone",
            )


def audit_statements(policies: Iterable[tuple[str, NamedPolicy, Kind]]) -> Iterator[AuditFinding]:
    """Statements that can never match; each policy with whose it is."""
    seen: set[tuple[str, str]] = set()
    for owner, policy, kind in policies:
        for finding in lint(policy.document.render(), kind=kind):
            where = f"{policy.name}{finding.path}"
            if finding.code in UNSATISFIABLE and (owner, where) not in seen:
                seen.add((owner, where))
                yield AuditFinding(
                    code=Code.UNSATISFIABLE_STATEMENT, where=f"{owner}: {where}", message=finding.message
                )


def audit_answer(answer: CompiledPolicies, authorizer: AuthorizerPlan, plan: StagePlan) -> AuditFinding | None:
    """What a Lambda authorizer's answer does to the calls after this one, for as long as it is cached."""
    statements = [each for source in answer.sources for each in source.document.statements]
    allows = [each for each in statements if each.effect is Effect.ALLOW]
    values = [value for each in allows if each.resource is not None for value in each.resource.values]
    where = f"authorizer {authorizer.name}"
    if len(allows) == len(statements) and any(_is_everything(value, plan) for value in values):
        return AuditFinding(
            code=Code.AUTHORIZER_ALLOWS_EVERYTHING,
            where=where,
            message="it answered an Allow of everything: whoever it lets in may call every method that it guards",
        )
    is_one = len(set(values)) == 1 and not any(each in values[0] for each in "*?")
    if authorizer.ttl_seconds > 0 and is_one and len(_served(authorizer, plan)) > 1:
        covered = values[0].removeprefix(plan.arn_prefix.removesuffix(f"{plan.stage}/"))
        return AuditFinding(
            code=Code.AUTHORIZER_NAMES_ONE_METHOD,
            where=where,
            message=f"this Allow covers {covered} only, and is cached for {authorizer.ttl_seconds} s: the next method "
            "gets 403",
        )
    return None


def audit_code(hint: CodeHint, file: str, authorizer: AuthorizerPlan, plan: StagePlan) -> AuditFinding | None:
    """What a Lambda authorizer's code will do to the calls after the first, as far as it can be read."""
    where, place = f"authorizer {authorizer.name}", f"its code ({file}, line {hint.line})"
    if hint.answers is Answers.EVERYTHING:
        return AuditFinding(
            code=Code.AUTHORIZER_ALLOWS_EVERYTHING,
            where=where,
            message=f"{place} allows everything: whoever it lets in may call every method that it guards",
        )
    if authorizer.ttl_seconds == 0 or len(_served(authorizer, plan)) < 2:
        return None
    return AuditFinding(
        code=Code.AUTHORIZER_NAMES_ONE_METHOD,
        where=where,
        message=f"{place} allows the method called and no other, and is cached for {authorizer.ttl_seconds} s: the "
        "next method gets 403",
    )


def _served(authorizer: AuthorizerPlan, plan: StagePlan) -> list[MethodPlan]:
    """The methods that the authorizer guards."""
    return [each for each in plan.methods if each.authorizer is not None and each.authorizer.id == authorizer.id]


def _covering(policy: CompiledPolicies, question: Question) -> Iterator[Statement]:
    """The statements that are about this call by anybody, whatever their conditions."""
    request = anonymous_request(question)
    for source in policy.sources:
        for statement in source.document.statements:
            examined = examine(statement, request, version=source.document.version)
            if isinstance(examined, Match) or examined.element is Element.CONDITION:
                yield statement


def _is_everything(value: str, plan: StagePlan) -> bool:
    base = plan.arn_prefix.removesuffix(f"/{plan.stage}/")
    everything = {"*", f"{SHORTHAND}*", f"{base}/*", f"{base}/{plan.stage}/*", f"{base}/*/*", f"{base}/*/*/*"}
    return value in everything


def _name(statement: Statement) -> str:
    return f"statement {statement.sid or statement.pointer}"

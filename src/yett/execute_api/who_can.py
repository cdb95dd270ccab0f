"""Who can call a method: principals by name, and in words whoever comes with a token or from an address."""

from collections.abc import Iterator, Sequence

from msgspec import structs

from yett.execute_api.access_matrix import NOBODY, Column, standing_of
from yett.execute_api.principals import ANONYMOUS_NAME, Named
from yett.policy import Effect, Outcome, PolicyType, Statement
from yett.policy.principal import read_account
from yett.policy.statement import Element, Match, examine
from yett.rules.execute_api.authorization_flow import decide_call, screen_denies
from yett.rules.execute_api.call import Question
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.wanted import wanted_token
from yett.rules.execute_api.weighing import weighed

Json = dict[str, object]


def who_can(question: Question, principals: Sequence[Named]) -> Json:
    """Everybody who can call the method of *question* from its address, and under which conditions others could."""
    method = question.method
    kind = method.authorization_type
    is_iam = kind is AuthorizationType.AWS_IAM
    columns = [Column(principal=each.name, source_ip="", standing=standing_of(each)) for each in principals]
    if not is_iam:
        columns = [Column(principal=ANONYMOUS_NAME, source_ip="", standing=NOBODY)]
    callers = [each for column in columns if (each := _weigh(question, column)) is not None]
    authorizer, origin = method.authorizer, question.facts.vpc_origin
    return {
        "api": question.plan.api_id,
        "stage": question.plan.stage,
        "method": method.http_method,
        "path": method.resource_path,
        "arn": question.arn,
        "sourceIp": question.facts.source_ip,
        "sourceVpc": None if origin is None else origin.vpc,
        "sourceVpce": None if origin is None else origin.endpoint,
        "authorization": kind.value,
        "callers": callers,
        "accounts": sorted(set(_accounts(question))) if is_iam else [],
        "authorizer": None if authorizer is None else authorizer.name,
        "authorizerType": None if authorizer is None else authorizer.type.value,
        "pools": sorted(authorizer.pool_arns) if authorizer is not None else [],
        "scopes": list(method.scopes),
        "token": wanted_token(question),
    }


def _weigh(question: Question, column: Column) -> Json | None:
    """A caller that may call, or may where conditions hold; None for one that no statement lets in."""
    conditions = list(_conditions(question, column))
    if question.method.authorization_type is AuthorizationType.CUSTOM:
        decision = screen_denies(question)
        outcome = Outcome.ALLOW if decision is None else decision.outcome
    else:
        decision = decide_call(question, column.standing)
        outcome = decision.outcome
    if outcome is not Outcome.ALLOW and not any(each["effect"] == Effect.ALLOW.value for each in conditions):
        return None
    statement = decision.statement if decision is not None else None
    return {
        "principal": column.principal,
        "outcome": outcome.value,
        "by": None if statement is None else f"{statement.policy}{statement.pointer}",
        "conditions": conditions,
    }


def _conditions(question: Question, column: Column) -> Iterator[Json]:
    """Each condition that bears on the call, and whether it holds now."""
    for each in weighed(question, column.standing):
        for source in each.policies.sources:
            for statement in source.document.statements:
                examined = examine(statement, each.request, version=source.document.version)
                holds = isinstance(examined, Match)
                if statement.conditions and (holds or _fails_by_condition(examined)):
                    yield {
                        "effect": statement.effect.value,
                        "type": each.type.value,
                        "policy": source.name,
                        "statement": statement.pointer,
                        "sid": statement.sid,
                        "holds": holds,
                        "text": _in_words(statement),
                    }


def _fails_by_condition(examined: object) -> bool:
    return getattr(examined, "element", None) is Element.CONDITION


def _in_words(statement: Statement) -> str:
    return " and ".join(f"{entry.key} {entry.operator} {', '.join(entry.values)}" for entry in statement.conditions)


def _accounts(question: Question) -> Iterator[str]:
    """Accounts that the resource policy lets in: their own policies must, too."""
    policy = question.plan.resource_policy
    for source in policy.sources if policy is not None else ():
        for statement in source.document.statements:
            if statement.effect is Effect.ALLOW and statement.principal is not None and not statement.principal.negated:
                request = next(each.request for each in weighed(question, None) if each.type is PolicyType.RESOURCE)
                covers = examine(_for_anyone(statement), request, version=source.document.version)
                if isinstance(covers, Match) or _fails_by_condition(covers):
                    for _, value in statement.principal.entries:
                        account = read_account(value)
                        if account is not None and account != question.plan.account:
                            yield account


def _for_anyone(statement: Statement) -> Statement:
    return structs.replace(statement, principal=None)

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from msgspec import structs
from tests.policy.crowd import NAMES, make_question
from tests.policy.strategies import policies, requests
from tests.policy.support import ACCOUNT, ROLE, SESSION, compiled, policy, request

from yett.policy import AuthorizationRequest, Grant, Kind, NamedPolicy, Outcome, Principal, compile_policies, evaluate
from yett.policy.condition.block import is_met
from yett.policy.document import ConditionEntry

ACTIONS = frozenset({"execute-api:Invoke", "execute-api:ManageConnections"})


@settings(max_examples=250, deadline=None)
@given(policies(), requests())
def test_it_says_what_the_definition_says(named: list[NamedPolicy], asked: AuthorizationRequest) -> None:
    assert compile_policies(named, actions=None).evaluate(asked) == evaluate(named, asked)


@settings(max_examples=80, deadline=None)
@given(policies(most=20), requests())
def test_it_says_the_same_when_compiled_for_the_actions_asked(
    named: list[NamedPolicy], asked: AuthorizationRequest
) -> None:
    assert compile_policies(named, actions=ACTIONS).evaluate(asked) == evaluate(named, asked)


QUESTIONS = 4000


def test_it_says_so_of_a_crowd_in_which_every_operator_and_every_outcome_is_met() -> None:
    """What the crowd holds is itself held: each operator matching, not matching and absent, each outcome a fifth."""
    dice, seen, outcomes = Random(7), set[tuple[str, bool, bool]](), Counter[Outcome]()
    for _ in range(QUESTIONS):
        named, asked = make_question(dice)
        evaluation = evaluate(named, asked)
        assert compile_policies(named, actions=None).evaluate(asked) == evaluation
        assert compile_policies(named, actions=ACTIONS).evaluate(asked) == evaluation
        outcomes[evaluation.outcome] += 1
        for item in named:
            for entry in (entry for statement in item.document.statements for entry in statement.conditions):
                absent = asked.context.find(entry.key.lower()) is None
                seen.add((entry.operator, absent, is_met(entry, asked.context, version=item.document.version)))
    present = {(name, met) for name, absent, met in seen if not absent}
    assert {(name, met) for name in NAMES for met in (True, False)} - present == set()
    assert set(NAMES) - {name for name, absent, _ in seen if absent} == set()
    assert min(outcomes[outcome] for outcome in Outcome) >= QUESTIONS / 5, outcomes


def test_statements_about_other_actions_are_dropped() -> None:
    document = policy({"Action": "s3:*"}, {"Action": ["s3:*", "execute-api:*"]}, {"Action": "iam:*"})
    assert compile_policies([NamedPolicy("p", document)], actions=frozenset({"execute-api:Invoke"})).statements == 1


def test_asking_about_an_action_that_was_not_compiled_is_no_silent_allow() -> None:
    policies_for_invoke = compile_policies([], actions=frozenset({"execute-api:Invoke"}))
    with pytest.raises(ValueError, match="without the action"):
        policies_for_invoke.evaluate(request(action="execute-api:ManageConnections"))


def test_equal_statements_are_kept_once_and_the_first_is_named() -> None:
    policies_twice = compiled(policy({"Sid": "first"}), policy({"Sid": "second"}))
    assert policies_twice.statements == 1
    statement = policies_twice.evaluate(request()).statement
    assert statement is not None
    assert (statement.policy, statement.sid) == ("p0", "first")


def test_a_less_direct_allow_that_comes_later_is_not_named() -> None:
    role = policy({"Sid": "role", "Principal": {"AWS": ROLE}}, {"Principal": {"AWS": ACCOUNT}}, kind=Kind.RESOURCE)
    asked = request(caller=Principal.from_arn(SESSION, issuer=ROLE))
    evaluation = compiled(role).evaluate(asked)
    assert evaluation == evaluate([NamedPolicy("p0", role)], asked)
    assert evaluation.grant is Grant.ISSUER


def test_an_operator_that_nobody_knows_never_holds() -> None:
    document = policy({"Condition": {"Bool": {"a": "true"}}})
    unknown = structs.replace(document.statements[0], conditions=(ConditionEntry("StringIs", "a", ("true",)),))
    document = structs.replace(document, statements=(unknown,))
    assert compiled(document).evaluate(request(context={"a": "true"})).outcome is Outcome.IMPLICIT_DENY


def test_a_context_value_that_no_condition_asks_for_is_never_computed() -> None:
    def explode() -> str:
        raise AssertionError("asked")

    document = policy({"Condition": {"StringEquals": {"aws:username": "bob"}}})
    asked = request(context={"aws:username": lambda: "bob", "aws:SourceIp": explode})
    assert compiled(document).evaluate(asked).outcome is Outcome.ALLOW


@pytest.mark.parametrize("number", [0, 17, 39])
@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:execute-api:us-east-1:{account}:abc/prod/GET/item{number}",
        "arn:aws:execute-api:us-east-1:{account}:abc/prod/GET/item{number}*",
        "arn:aws:execute-api:*:*:*/GET/item{number}",
        "arn:aws:execute-api:us-*-1:*:*/item{number}",
        "arn:aws:execute-api:*:*:abc/prod/${{aws:method}}/item{number}",
    ],
)
def test_the_one_statement_of_many_is_found(resource: str, number: int) -> None:
    document = policy(
        *({"Sid": f"s{n}", "Resource": resource.format(account=ACCOUNT, number=f"{n:02}")} for n in range(40))
    )
    asked = request(
        resource=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/item{number:02}",
        context={"aws:method": "GET"},
    )
    statement = compiled(document).evaluate(asked).statement
    assert statement is not None
    assert statement.sid == f"s{number}"


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        ([{"Action": "s3:*"}], (Outcome.IMPLICIT_DENY, None)),
        ([{"Sid": "a"}, {"Sid": "b", "Resource": "arn:aws:execute-api:*"}], (Outcome.ALLOW, "a")),
        ([{"Sid": "a", "Action": "execute-api:Manage*"}, {"Sid": "b"}], (Outcome.ALLOW, "b")),
        ([{"Sid": "a"}, {"Effect": "Deny", "Action": "execute-api:Manage*"}], (Outcome.ALLOW, "a")),
    ],
)
def test_what_is_said_whatever_is_asked_is_known_beforehand(
    statements: list[dict[str, object]], says: tuple[Outcome, str | None]
) -> None:
    known = compile_policies([NamedPolicy("p", policy(*statements))], actions=ACTIONS)
    evaluation = known._settled["execute-api:invoke"]
    sid = None if evaluation.statement is None else evaluation.statement.sid
    assert (evaluation.outcome, sid) == says
    assert known.evaluate(request()) is evaluation


@pytest.mark.parametrize(
    "statement",
    [
        {"Resource": "arn:aws:execute-api:*"},
        {"Condition": {"StringEquals": {"a": "b"}}},
        {"Condition": {"StringNotEquals": {"a": "b"}}},
        {"Effect": "Deny"},
    ],
)
def test_what_hangs_on_the_request_is_not_known_beforehand(statement: dict[str, object]) -> None:
    known = compile_policies([NamedPolicy("p", policy(statement, {}))], actions=ACTIONS)
    assert "execute-api:invoke" not in known._settled

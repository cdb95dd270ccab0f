import random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.policy.strategies import policies, requests
from tests.policy.support import USER, policy, request

from yett.policy import AuthorizationRequest, Effect, Grant, Kind, NamedPolicy, Outcome, evaluate

DENY_ALL = policy({"Effect": "Deny", "Action": "*"})


@settings(deadline=None)
@given(policies(), requests())
def test_a_deny_beats_every_allow(named: list[NamedPolicy], asked: AuthorizationRequest) -> None:
    assert evaluate([*named, NamedPolicy("deny", DENY_ALL)], asked).outcome is Outcome.EXPLICIT_DENY


@settings(deadline=None)
@given(policies(), requests())
def test_without_an_allow_nothing_is_allowed(named: list[NamedPolicy], asked: AuthorizationRequest) -> None:
    denies = [
        structs.replace(
            item,
            document=structs.replace(
                item.document, statements=tuple(s for s in item.document.statements if s.effect is Effect.DENY)
            ),
        )
        for item in named
    ]
    assert evaluate(denies, asked).outcome is not Outcome.ALLOW
    assert evaluate([], asked).outcome is Outcome.IMPLICIT_DENY


@settings(deadline=None)
@given(policies(), requests(), st.randoms(use_true_random=False))
def test_the_order_of_statements_and_policies_does_not_matter(
    named: list[NamedPolicy], asked: AuthorizationRequest, dice: random.Random
) -> None:
    shuffled = []
    for item in named:
        statements = list(item.document.statements)
        dice.shuffle(statements)
        shuffled.append(structs.replace(item, document=structs.replace(item.document, statements=tuple(statements))))
    dice.shuffle(shuffled)
    before, after = evaluate(named, asked), evaluate(shuffled, asked)
    assert (before.outcome, before.grant) == (after.outcome, after.grant)


def test_the_allow_that_names_the_caller_most_directly_is_told() -> None:
    document = policy(
        {"Sid": "account", "Principal": {"AWS": "123456789012"}},
        {"Sid": "user", "Principal": {"AWS": USER}},
        {"Sid": "everybody", "Principal": "*"},
        kind=Kind.RESOURCE,
    )
    evaluation = evaluate([document], request())
    assert evaluation.grant is Grant.DIRECT
    assert evaluation.statement is not None
    assert (evaluation.statement.policy, evaluation.statement.sid) == ("", "user")

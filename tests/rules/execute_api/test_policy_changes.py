from tests.rules.execute_api.support import document, make_plan, make_request, method, resource, route, user

from yett.policy import CallerPolicies, Kind, NamedPolicy, Outcome, PolicyType, compile_policies, parse_policy
from yett.rules.execute_api.authorization_flow import decide_call
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.policy_changes import Cell, Change, apply, describe, edit

DENIED = NamedPolicy("shared", parse_policy(document({}, {"Effect": "Deny"}), kind=Kind.IDENTITY))


def cell(name: str) -> Cell:
    plan = make_plan(resource("/", method("GET", AuthorizationType.AWS_IAM)))
    policies = CallerPolicies(
        identity=compile_policies((DENIED,), actions=None), boundary=None, session=None, scp=(), rcp=(), is_root=False
    )
    return Cell(
        name=name,
        question=route(plan, make_request("GET", "/"), "/").question,
        standing=Standing(identity=user(name), caller_policies=policies),
    )


def removal(*, is_own: bool) -> Change:
    return Change(
        type=PolicyType.IDENTITY,
        of_authorizer=False,
        level=None,
        source=DENIED,
        statement=1,
        replacement=(),
        is_own=is_own,
        text="remove it",
    )


def test_a_policy_that_others_share_changes_for_them_too() -> None:
    bob, eve = cell("bob"), cell("eve")
    for is_own, expected in ((True, Outcome.EXPLICIT_DENY), (False, Outcome.ALLOW)):
        changes = [removal(is_own=is_own)]
        for each, outcome in ((bob, Outcome.ALLOW), (eve, expected)):
            changed = apply(changes, each, made_for=bob.standing)
            assert decide_call(changed.question, changed.standing).outcome is outcome


def test_statements_are_numbered_anew() -> None:
    edited = edit(DENIED, [removal(is_own=True)])
    assert [statement.pointer for statement in edited.statements] == ["/Statement/0"]


def test_a_change_is_described_with_the_policy_as_it_would_be() -> None:
    (described,) = describe((removal(is_own=True),))
    assert described["document"] == document({})
    assert (described["policy"], described["isNew"], described["statement"]) == ("shared", False, 1)

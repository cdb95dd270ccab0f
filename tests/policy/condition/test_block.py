from typing import Any

import pytest
from tests.policy.support import case_name, compiled, policy, read_cases, request

from yett.policy import Outcome, RequestContext, evaluate
from yett.policy.condition.block import find_unmet, is_met
from yett.policy.document import ConditionEntry


@pytest.mark.parametrize("case", read_cases("condition_sets"), ids=case_name)
def test_a_key_with_several_values_is_looked_at_as_its_row_says(case: dict[str, Any]) -> None:
    document = policy({"Condition": {case["operator"]: {"k": case["values"]}}})
    asked = request(context={"K": case["actual"]})
    expect = Outcome.ALLOW if case["expect"] else Outcome.IMPLICIT_DENY
    assert evaluate([document], asked).outcome is expect
    assert compiled(document).evaluate(asked).outcome is expect


@pytest.mark.parametrize(
    ("operator", "value", "context", "expect"),
    [
        ("StringEquals", "${aws:username}", {"aws:username": "x"}, True),
        ("StringEquals", "${aws:username}", {}, False),
        ("StringNotEquals", "${aws:username}", {}, True),
        ("StringNotEquals", "${aws:username}", {"aws:username": "x"}, False),
        ("StringEquals", "${aws:username, 'x'}", {}, True),
        ("StringLike", "${aws:username}", {"aws:username": "*"}, False),
        ("StringLike", "${aws:username}*", {"aws:username": ""}, True),
        ("StringLike", "${*}", {}, False),
        ("ArnLike", "${aws:username}", {"aws:username": "arn:a:b:c:d:*"}, False),
    ],
)
def test_variables_are_replaced_by_plain_text(operator: str, value: str, context: dict[str, str], expect: bool) -> None:
    document = policy({"Condition": {operator: {"k": value}}})
    asked = request(context={"k": "arn:a:b:c:d:e" if operator.startswith("Arn") else "x", **context})
    outcome = Outcome.ALLOW if expect else Outcome.IMPLICIT_DENY
    assert evaluate([document], asked).outcome is outcome
    assert compiled(document).evaluate(asked).outcome is outcome


def test_an_arn_may_be_put_together_of_variables() -> None:
    document = policy({"Condition": {"ArnLike": {"k": "${arn}/*:${x}"}}})
    context = {"k": "arn:a:b:c:d:e/f:g", "arn": "arn:a:b:c:d:e", "x": "g"}
    assert evaluate([document], request(context=context)).outcome is Outcome.ALLOW


def test_all_entries_must_hold_and_the_first_that_does_not_is_told() -> None:
    good = ConditionEntry("StringEquals", "a", ("1",))
    bad = ConditionEntry("StringEquals", "b", ("1",))
    context = RequestContext.of({"a": "1"})
    assert find_unmet([good], context, version="2012-10-17") is None
    assert find_unmet([good, bad], context, version="2012-10-17") is bad


def test_an_operator_that_nobody_knows_never_holds() -> None:
    entry = ConditionEntry("StringIs", "a", ("1",))
    assert not is_met(entry, RequestContext.of({"a": "1"}), version="2012-10-17")

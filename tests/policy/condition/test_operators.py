from typing import Any

import pytest
from tests.policy.support import case_name, compiled, policy, read_cases, request

from yett.policy import Outcome, evaluate
from yett.policy.condition.operators import OPERATORS, find_operator


@pytest.mark.parametrize("case", read_cases("condition_operators"), ids=case_name)
def test_an_operator_compares_as_its_row_says(case: dict[str, Any]) -> None:
    document = policy({"Condition": {case["operator"]: {"K": case["values"]}}})
    asked = request(context={"k": case["actual"]})
    expect = Outcome.ALLOW if case["expect"] else Outcome.IMPLICIT_DENY
    assert evaluate([document], asked).outcome is expect
    assert compiled(document).evaluate(asked).outcome is expect


def test_every_operator_is_seen_matching_not_matching_and_absent() -> None:
    rows = read_cases("condition_operators")
    for name in OPERATORS:
        seen = {(row["expect"], row["actual"] is None) for row in rows if row["operator"] == name}
        assert {expect for expect, _ in seen} == {True, False}, name
        assert any(absent for _, absent in seen), name


@pytest.mark.parametrize(
    "name", ["Nope", "stringequals", "ForSome:StringEquals", "NullIfExists", "ForAnyValue:Null", ""]
)
def test_a_name_that_is_no_operator_is_not_found(name: str) -> None:
    assert find_operator(name) is None

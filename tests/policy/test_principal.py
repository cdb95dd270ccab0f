from typing import Any

import pytest
from msgspec import structs
from tests.policy.support import case_name, compiled, principal, read_cases, request

from yett.policy import Grant, Kind, Outcome, evaluate, parse_policy
from yett.policy.principal import is_principal


@pytest.mark.parametrize("case", read_cases("principals"), ids=case_name)
def test_an_element_means_the_callers_its_row_says(case: dict[str, Any]) -> None:
    statement = {"Effect": case["effect"], case["member"]: case["element"], "Action": "*", "Resource": "*"}
    document = parse_policy({"Version": "2012-10-17", "Statement": statement}, kind=Kind.RESOURCE)
    caller = structs.replace(principal(case["caller"], case["issuer"]), has_boundary=case["boundary"])
    evaluation = evaluate([document], request(caller=caller))
    assert compiled(document).evaluate(request(caller=caller)).outcome is evaluation.outcome
    if case["expect"] is None:
        assert evaluation.outcome is Outcome.IMPLICIT_DENY
    elif case["effect"] == "Deny":
        assert evaluation.outcome is Outcome.EXPLICIT_DENY
    else:
        assert evaluation.grant is Grant[case["expect"]]


def test_a_type_that_nobody_knows_names_no_principal() -> None:
    assert not is_principal("Group", "x")
    assert is_principal("AWS", "AROAABCDEFGHIJKLMNOPQ")
    assert is_principal("*", "*")

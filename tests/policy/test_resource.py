from typing import Any

import pytest
from tests.policy.support import case_name, compiled, policy, read_cases, request

from yett.policy import Kind, Outcome, evaluate, expand_shorthand, parse_policy


@pytest.mark.parametrize("case", read_cases("resources"), ids=case_name)
def test_a_pattern_covers_a_resource_as_its_row_says(case: dict[str, Any]) -> None:
    document = policy({"Resource": case["pattern"]}, version=case["version"], kind=Kind.AUTHORIZER)
    asked = request(resource=case["resource"], context=case["context"])
    expect = Outcome.ALLOW if case["expect"] else Outcome.IMPLICIT_DENY
    assert evaluate([document], asked).outcome is expect
    assert compiled(document).evaluate(asked).outcome is expect


def test_the_short_form_becomes_the_arn_of_the_api() -> None:
    document = parse_policy(
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Resource": ["execute-api:/*", "execute-api:/prod/GET/x", "*"],
            }
        },
        kind=Kind.RESOURCE,
    )
    full = expand_shorthand(document, partition="aws", region="eu-west-1", account="123456789012", api_id="abc")
    resource = full.statements[0].resource
    assert resource is not None
    start = "arn:aws:execute-api:eu-west-1:123456789012:abc"
    assert resource.values == (f"{start}/*", f"{start}/prod/GET/x", "*")


def test_a_trust_policy_has_no_short_form_to_expand() -> None:
    document = parse_policy(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}},
        kind=Kind.TRUST,
    )
    assert expand_shorthand(document, partition="aws", region="r", account="1", api_id="a") == document

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.strategies import policies
from tests.policy.support import STATEMENT, case_name, read_cases

from yett.policy import Effect, Kind, MalformedPolicyDocument, NamedPolicy, parse_policy, parse_stored_policy
from yett.policy.limits import DOCUMENT_CHARACTERS


@pytest.mark.parametrize("case", read_cases("grammar_faults"), ids=case_name)
def test_a_fault_is_refused_with_its_place_and_awss_text(case: dict[str, Any]) -> None:
    with pytest.raises(MalformedPolicyDocument) as refused:
        parse_policy(case["text"], kind=Kind(case["kind"]))
    fault = refused.value
    assert (fault.fault, fault.path, fault.reason) == (case["fault"], case["path"], case["reason"])
    assert fault.detail


@settings(deadline=None)
@given(policies())
def test_what_is_rendered_is_parsed_as_the_same_policy(named: list[NamedPolicy]) -> None:
    for item in named:
        kind = Kind.IDENTITY if item.document.statements[0].principal is None else Kind.RESOURCE
        assert parse_stored_policy(item.document.render(), kind=kind) == item.document


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Principal", "Bool"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(Kind),
)
def test_nothing_but_a_refusal_comes_of_nonsense(value: object, kind: Kind) -> None:
    try:
        parse_policy({"Version": "2012-10-17", "Statement": value}, kind=kind)
    except MalformedPolicyDocument as fault:
        assert fault.reason  # noqa: PT017


def test_numbers_and_booleans_become_text() -> None:
    condition = '{"NumericEquals": {"a": [1, 2.50]}, "Bool": {"b": true, "c": false}}'
    text = f'{{"Statement": {{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}}}'
    document = parse_policy(text.encode(), kind=Kind.SCP)
    values = [entry.values for entry in document.statements[0].conditions]
    assert values == [("1", "2.50"), ("true",), ("false",)]
    assert document.version == "2008-10-17"
    assert document.statements[0].effect is Effect.DENY
    decoded = {"Statement": {**STATEMENT, "Condition": {"NumericEquals": {"a": [1, 2.5]}}}}
    assert parse_policy(decoded, kind=Kind.SCP).statements[0].conditions[0].values == ("1", "2.5")


def test_a_policy_saved_long_ago_is_still_read() -> None:
    document = parse_stored_policy({"Version": "2008-10-17", "Statement": STATEMENT}, kind=Kind.IDENTITY)
    assert document.version == "2008-10-17"


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": []},
        {"Statement": {**STATEMENT, "Resource": []}},
        {"Statement": {**STATEMENT, "Sid": "a b!"}},
        {"Id": "x", "Version": "2008-10-17", "Statement": [STATEMENT, STATEMENT]},
    ],
)
def test_an_authorizer_may_answer_what_iam_would_not_save(document: dict[str, object]) -> None:
    assert parse_policy(document, kind=Kind.AUTHORIZER).version == "2008-10-17"


def test_the_principal_of_an_rcp_is_everybody_or_left_out() -> None:
    for principal in ({"Principal": "*"}, {"Principal": {"AWS": "*"}}, {}):
        assert parse_policy({"Version": "2012-10-17", "Statement": {**STATEMENT, **principal}}, kind=Kind.RCP)


def test_an_endless_text_is_refused_unread() -> None:
    with pytest.raises(MalformedPolicyDocument, match="Syntax errors"):
        parse_policy(" " * (DOCUMENT_CHARACTERS + 1), kind=Kind.IDENTITY)


def test_what_is_no_utf_8_is_refused() -> None:
    with pytest.raises(MalformedPolicyDocument):
        parse_policy(b"\xff", kind=Kind.RESOURCE)


@pytest.mark.parametrize(
    "value",
    ["2020", "2020-01-01", "2020-1-1T3:4:5.6Z", "2020-01-01t00:00:00+01:00", "1577836800", 1577836800, "-2020-01"],
)
def test_a_date_that_has_the_form_of_one_is_saved(value: object) -> None:
    statement = {**STATEMENT, "Condition": {"DateEquals": {"a": value}}}
    assert parse_policy({"Version": "2012-10-17", "Statement": statement}, kind=Kind.IDENTITY)


@pytest.mark.parametrize("changed", [{"Resource": "arn:aws:s3::x"}, {"Condition": {"DateEquals": {"a": "yesterday"}}}])
def test_what_iam_would_not_save_today_is_still_read_where_it_was_saved(changed: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": {**STATEMENT, **changed}}
    assert parse_stored_policy(document, kind=Kind.IDENTITY)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:us-east-1:123456789012:accesspoint/x",
        "arn:aws:iam::*:role/*",
        "arn:aws-cn:s3:::x",
        "arn:aws:execute-api:*",
    ],
)
def test_good_arns_are_taken(resource: str) -> None:
    assert parse_policy({"Version": "2012-10-17", "Statement": {**STATEMENT, "Resource": resource}}, kind=Kind.IDENTITY)


def test_a_trust_policy_saved_before_it_was_held_to_actions_of_sts_is_still_read() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": ["sts:AssumeRole", "s3:GetObject"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    with pytest.raises(MalformedPolicyDocument) as refused:
        parse_policy(document, kind=Kind.TRUST)
    assert "only specify STS" in refused.value.reason
    assert parse_stored_policy(document, kind=Kind.TRUST)

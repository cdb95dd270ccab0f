import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.execute_api.support import case_name, document, read_cases

from yett.rules.execute_api.authorizers.lambda_answer import (
    InvalidAuthorizerAnswer,
    is_unauthorized,
    parse_answer,
)
from yett.values.secret import Secret

GOOD: dict[str, Any] = {
    "principalId": "user|a1b2",
    "policyDocument": document({"Resource": "arn:aws:execute-api:*:*:a/*"}),
}


def parse(**merged: object) -> Any:
    return parse_answer(json.dumps(GOOD | merged).encode(), authorizer_id="auth1")


@pytest.mark.parametrize("case", read_cases("authorizer_answers"), ids=case_name)
def test_an_answer_that_is_no_policy_is_refused_and_the_reason_says_why(case: dict[str, Any]) -> None:
    payload = case["raw"] if "raw" in case else json.dumps(GOOD | case["merge"] if "merge" in case else case["answer"])
    with pytest.raises(InvalidAuthorizerAnswer) as refused:
        parse_answer(payload.encode(), authorizer_id="auth1")
    assert case["reason"] in refused.value.reason


@pytest.mark.parametrize("payload", [b'"\xff"', b"[" * 200_000, b"\x00"])
def test_bytes_that_no_reader_takes_are_refused_like_any_other(payload: bytes) -> None:
    with pytest.raises(InvalidAuthorizerAnswer):
        parse_answer(payload, authorizer_id="auth1")
    assert not is_unauthorized(payload)


def test_a_good_answer_gives_principal_context_and_policy() -> None:
    context = {"text": "a", "number": 1, "fraction": 1.5, "truth": True, "falsehood": False, "nothing": None}
    answer = parse(context=context, usageIdentifierKey="the api key")
    assert answer.identity.principal_id == "user|a1b2"
    assert answer.identity.authorizer_id == "auth1"
    assert answer.identity.context == {
        "text": "a",
        "number": "1",
        "fraction": "1.5",
        "truth": "true",
        "falsehood": "false",
    }
    assert answer.identity.usage_identifier_key == Secret("the api key")
    assert "the api key" not in repr(answer)
    assert [each.document.statements[0].resource for each in answer.policy.sources if each.document.statements]


def test_a_number_names_a_principal_by_its_text() -> None:
    assert parse(principalId=42).identity.principal_id == "42"


def test_a_single_statement_may_stand_without_a_list() -> None:
    statement = document({"Resource": ["a", "b"]})["Statement"][0]
    assert parse(policyDocument={"Version": "2012-10-17", "Statement": statement}).policy.statements == 1


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("element", ["Resource", "NotResource"])
@pytest.mark.parametrize("listed", [True, False])
def test_no_resource_may_be_longer_than_documented(effect: str, element: str, listed: bool) -> None:
    def policy(length: int) -> dict[str, Any]:
        arn = "arn:aws:execute-api:us-east-1:1:a/".ljust(length, "x")
        value = ["*", arn] if listed else arn
        return {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", element: value}],
        }

    assert parse(policyDocument=policy(512))
    with pytest.raises(InvalidAuthorizerAnswer, match="longer than 512"):
        parse(policyDocument=policy(512 + 1))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Unauthorized", True),
        ("unauthorized", False),
        ("Unauthorized: expired", False),
        ("Unauthorized ", False),
        (" Unauthorized", False),
        ("[401] Unauthorized", False),
        ("", False),
        (None, False),
        (["Unauthorized"], False),
    ],
)
def test_only_the_exact_message_means_401(message: object, expected: bool) -> None:
    """Compared in full and with case (spec 04, 4.3, OBSERVED [AUTH0-PR])."""
    assert is_unauthorized(json.dumps({"errorMessage": message, "errorType": "Error"}).encode()) is expected


@pytest.mark.parametrize("payload", [b'"Unauthorized"', b"[]", b"null", b"{}", b'{"errorType":"Unauthorized"}'])
def test_the_word_elsewhere_does_not(payload: bytes) -> None:
    assert not is_unauthorized(payload)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_whatever_a_function_answers_is_a_policy_or_refused(answer: object) -> None:
    with pytest.raises(InvalidAuthorizerAnswer):
        parse_answer(json.dumps(answer).encode("utf-8", "surrogatepass"), authorizer_id="auth1")


def test_whether_a_principal_is_mandatory_is_one_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    """UNCERTAIN in spec 04, 4.1."""
    monkeypatch.setattr("yett.rules.execute_api.authorizers.lambda_answer.IS_PRINCIPAL_ID_MANDATORY", False)
    assert parse(principalId=None).identity.principal_id == ""

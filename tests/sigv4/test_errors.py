from datetime import UTC, datetime
from typing import Any

import pytest
from tests.sigv4.support import read_cases

from yett.sigv4 import Dialect, Fault, SignatureRefused, code_for, message_for, status_for
from yett.values.timestamps import parse_iso

CASES = read_cases("messages")["cases"]


def refusal_of(case: dict[str, Any]) -> SignatureRefused:
    fields = dict(case.get("fields", {}))
    if "moments" in case:
        fields["signed_at"], fields["now"] = (parse_iso(text) for text in case["moments"])
    return SignatureRefused(fault=Fault(case["fault"]), reason="", **fields)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_code_and_message_are_those_of_aws(case: dict[str, Any], dialect: Dialect) -> None:
    if dialect.value not in case:
        return
    refusal = refusal_of(
        {
            **case,
            "fields": {
                k: tuple(map(tuple, v)) if k == "scope_faults" else v for k, v in case.get("fields", {}).items()
            },
        }
    )
    assert [code_for(refusal, dialect=dialect), message_for(refusal, dialect=dialect)] == case[dialect.value]


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_its_answer(fault: Fault, dialect: Dialect) -> None:
    moment = datetime(2015, 8, 30, tzinfo=UTC)
    refusal = SignatureRefused(fault=fault, reason="why", signed_at=moment, now=moment)
    assert code_for(refusal, dialect=dialect)
    assert isinstance(message_for(refusal, dialect=dialect), str)
    assert status_for(refusal, dialect=dialect) in (400, 403)


def test_the_json_dialect_refuses_with_403() -> None:
    for fault in set(Fault) - {Fault.PATH, Fault.QUERY}:
        assert status_for(SignatureRefused(fault=fault, reason=""), dialect=Dialect.JSON) == 403


def test_the_echo_of_the_canonical_request_can_be_left_out() -> None:
    refusal = SignatureRefused(fault=Fault.MISMATCH, reason="", canonical_request="GET\n/private")
    message = message_for(refusal, dialect=Dialect.JSON, echo_canonical_request=False)
    assert "private" not in message


def test_a_refusal_for_its_date_without_the_date_is_a_bug() -> None:
    with pytest.raises(ValueError, match="lacks the date"):
        message_for(SignatureRefused(fault=Fault.EXPIRED, reason=""), dialect=Dialect.JSON)

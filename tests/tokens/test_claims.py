import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.tokens import TokenFault, TokenRefused, granted_scopes, verify_claims

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CLAIMS: Mapping[str, Any] = {
    "iss": "https://issuer.example",
    "aud": "client",
    "exp": SECONDS + 60,
    "iat": SECONDS,
    "token_use": "id",
    "scope": "pets/read pets/write",
}


def refusal_of(claims: Mapping[str, Any], **wanted: Any) -> TokenFault:
    with pytest.raises(TokenRefused) as refusal:
        verify_claims(claims, now=NOW, **wanted)
    return refusal.value.fault


def test_claims_that_say_what_is_wanted_are_given() -> None:
    wanted: dict[str, Any] = {
        "issuer": "https://issuer.example",
        "audience": ["other", "client"],
        "token_use": "id",
        "scopes": ["pets/write"],
    }
    assert verify_claims(CLAIMS, now=NOW, **wanted) == CLAIMS
    assert verify_claims(json.dumps(CLAIMS).encode(), now=NOW, **wanted) == CLAIMS


def test_a_token_is_good_until_the_second_of_its_exp() -> None:
    verify_claims(CLAIMS, now=NOW + timedelta(seconds=59.9))
    with pytest.raises(TokenRefused) as refusal:
        verify_claims(CLAIMS, now=NOW + timedelta(seconds=60))
    assert refusal.value.fault is TokenFault.EXPIRED
    verify_claims(CLAIMS, now=NOW + timedelta(seconds=60), leeway_seconds=1)


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_a_token_from_the_future_is_refused(name: str) -> None:
    assert refusal_of({**CLAIMS, name: SECONDS + 10}) is TokenFault.NOT_YET_VALID
    verify_claims({**CLAIMS, name: SECONDS + 10}, now=NOW, leeway_seconds=10)
    verify_claims({**CLAIMS, name: SECONDS}, now=NOW)


@pytest.mark.parametrize("value", [None, "2000000000", True, [], {}, 10**400, float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_moment_that_is_no_finite_number_is_refused(name: str, value: object) -> None:
    assert refusal_of({**CLAIMS, name: value}) is TokenFault.CLAIM


def test_exp_is_needed() -> None:
    assert refusal_of({}) is TokenFault.CLAIM


def test_an_infinite_number_in_json_is_no_moment() -> None:
    with pytest.raises(TokenRefused) as refusal:
        verify_claims(b'{"exp": 1e999}', now=NOW)
    assert refusal.value.fault is TokenFault.CLAIM


@pytest.mark.parametrize("issuer", ["https://issuer.example/", "HTTPS://issuer.example", ""])
def test_the_issuer_is_equal_to_the_letter(issuer: str) -> None:
    assert refusal_of(CLAIMS, issuer=issuer) is TokenFault.ISSUER


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"aud": "client"}, True),
        ({"aud": ["x", "client"]}, True),
        ({"client_id": "client"}, True),
        ({"aud": "x", "client_id": "client"}, False),
        ({"aud": None, "client_id": "client"}, False),
        ({"aud": [], "client_id": "client"}, False),
        ({"aud": [["client"]]}, False),
        ({"aud": {"client": 1}}, False),
        ({"aud": "client other"}, False),
        ({}, False),
    ],
)
def test_the_audience_is_aud_or_in_its_absence_client_id(claims: Mapping[str, Any], good: bool) -> None:
    members = {"exp": SECONDS + 60, **claims}
    if good:
        verify_claims(members, now=NOW, audience="client")
    else:
        assert refusal_of(members, audience="client") is TokenFault.AUDIENCE


def test_an_empty_list_of_audiences_admits_nobody() -> None:
    assert refusal_of(CLAIMS, audience=[]) is TokenFault.AUDIENCE


def test_the_use_is_the_one_wanted() -> None:
    assert refusal_of(CLAIMS, token_use="access") is TokenFault.TOKEN_USE
    assert refusal_of({"exp": SECONDS + 60}, token_use="access") is TokenFault.TOKEN_USE


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({}, ()),
        ({"scope": "a  b"}, ("a", "b")),
        ({"scp": ["a", "b"]}, ("a", "b")),
        ({"scp": "a b", "scope": "c"}, ("a", "b")),
        ({"scope": 5}, ()),
    ],
)
def test_scopes_are_scp_before_scope(claims: Mapping[str, Any], granted: tuple[str, ...]) -> None:
    assert granted_scopes(claims) == granted


def test_one_scope_of_those_wanted_is_enough_and_none_is_not() -> None:
    verify_claims(CLAIMS, now=NOW, scopes=["x", "pets/read"])
    for scopes in (["pets"], [], ["pets/read pets/write"]):
        assert refusal_of(CLAIMS, scopes=scopes) is TokenFault.SCOPE


def test_a_payload_that_is_ambiguous_is_refused() -> None:
    with pytest.raises(TokenRefused) as refusal:
        verify_claims(b'{"exp": 1, "exp": 2000000000000}', now=NOW)
    assert refusal.value.fault is TokenFault.ENCODING


@given(st.binary(max_size=40))
def test_no_payload_brings_it_down(payload: bytes) -> None:
    with pytest.raises(TokenRefused):
        verify_claims(payload, now=NOW)

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.tokens import TokenFault, TokenRefused, granted_scopes, lifetime, verify_claims

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


MOMENTS = st.one_of(
    st.integers(-3, 3).map(lambda more: SECONDS + more),
    st.floats(-3, 3).map(lambda more: SECONDS + more),
    st.sampled_from([0, -1.5, 2**53, 2.0**60, -(10**20), 1e300, 253_402_300_799, -62_135_596_800]),
)


@given(MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS, st.floats(-4, 4))
def test_within_its_lifetime_a_token_is_neither_expired_nor_early(
    exp: float, nbf: float | None, iat: float | None, more: float
) -> None:
    given = {"exp": exp, "nbf": nbf, "iat": iat}
    claims = {name: value for name, value in given.items() if value is not None}
    now = NOW + timedelta(seconds=more)
    begins_at, ends_at = lifetime(claims)
    if begins_at <= now < ends_at:
        verify_claims(claims, now=now)
    elif now + timedelta(seconds=1) < begins_at or now - timedelta(seconds=1) >= ends_at:
        with pytest.raises(TokenRefused):
            verify_claims(claims, now=now)


def test_a_lifetime_is_given_by_whole_seconds_from_iat_or_nbf_to_exp() -> None:
    assert lifetime(CLAIMS) == (NOW - timedelta(seconds=1), NOW + timedelta(seconds=60))
    later = {**CLAIMS, "nbf": SECONDS + 0.5, "exp": SECONDS + 1.5}
    assert lifetime(later) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=1))
    assert lifetime({"exp": 10**18})[1] == datetime.max.replace(microsecond=0, tzinfo=UTC)


@pytest.mark.parametrize("claims", [{}, {"exp": "1"}, {"exp": 1, "nbf": None}, {"exp": 1, "iat": True}])
def test_what_has_no_moments_has_no_lifetime(claims: Mapping[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        lifetime(claims)

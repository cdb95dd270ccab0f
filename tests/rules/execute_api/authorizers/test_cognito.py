from datetime import timedelta
from typing import Any

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.rules.execute_api.support import NOW, POOL, make_plan, method, pool_authorizer, resource

from yett.rules.execute_api.authorizers.cognito import (
    AcceptedToken,
    NotForThisMethod,
    VerifiedToken,
    accept,
    read_token,
)
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import MethodPlan
from yett.tokens import TokenFault, TokenRefused

ISSUER = "http://localhost:4566/us-east-1_abcdefghi"
ID: dict[str, Any] = {"iss": ISSUER, "sub": "u1", "token_use": "id", "aud": "client1", "exp": NOW.timestamp() + 60}
ACCESS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "u1",
    "token_use": "access",
    "client_id": "client1",
    "scope": "pets/read pets/write",
    "exp": NOW.timestamp() + 60,
}


def token(claims: dict[str, Any], **changed: Any) -> VerifiedToken:
    merged = {name: value for name, value in (claims | changed).items() if value is not None}
    return VerifiedToken(pool_arn=POOL, issuer=ISSUER, claims=merged, generation=1)


def test_without_scopes_an_id_token_is_wanted() -> None:
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html"""
    identity = accept(token(ID), scopes=(), validation=None, now=NOW)
    assert (identity.subject, identity.pool_arn, identity.scopes) == ("u1", POOL, ())
    with pytest.raises(TokenRefused) as refused:
        accept(token(ACCESS), scopes=(), validation=None, now=NOW)
    assert refused.value.fault is TokenFault.TOKEN_USE


def test_with_scopes_an_access_token_is_wanted_that_has_one_of_them() -> None:
    identity = accept(token(ACCESS), scopes=("pets/admin", "pets/read"), validation=None, now=NOW)
    assert identity.scopes == ("pets/read", "pets/write")
    with pytest.raises(TokenRefused) as refused:
        accept(token(ID), scopes=("pets/read",), validation=None, now=NOW)
    assert refused.value.fault is TokenFault.TOKEN_USE


@pytest.mark.parametrize("scope", ["", "pets/rea", "pets/reader", "PETS/READ", "pets/read,pets/write", None])
def test_a_token_with_none_of_the_scopes_is_refused(scope: str | None) -> None:
    with pytest.raises(NotForThisMethod):
        accept(token(ACCESS, scope=scope), scopes=("pets/read",), validation=None, now=NOW)


@pytest.mark.parametrize(
    ("expression", "good"), [("client1", True), ("client[0-9]", True), ("client", False), ("lient1", False)]
)
def test_the_expression_is_matched_in_full_against_the_audience(expression: str, good: bool) -> None:
    if good:
        assert accept(token(ID), scopes=(), validation=re2.compile(expression), now=NOW)
    else:
        with pytest.raises(NotForThisMethod):
            accept(token(ID), scopes=(), validation=re2.compile(expression), now=NOW)


def test_an_expression_refuses_every_access_token_since_they_have_no_audience() -> None:
    with pytest.raises(NotForThisMethod):
        accept(token(ACCESS), scopes=("pets/read",), validation=re2.compile(".*"), now=NOW)


@pytest.mark.parametrize("audience", [["client1"], 1, None])
def test_an_expression_wants_an_audience_that_is_text(audience: object) -> None:
    with pytest.raises(NotForThisMethod):
        accept(token(ID, aud=audience), scopes=(), validation=re2.compile(".*"), now=NOW)


def test_a_token_expires_at_the_second_that_it_names() -> None:
    exp = NOW.timestamp() + 60
    accept(token(ID), scopes=(), validation=None, now=NOW + timedelta(seconds=59.999))
    with pytest.raises(TokenRefused) as refused:
        accept(token(ID, exp=exp), scopes=(), validation=None, now=NOW + timedelta(seconds=60))
    assert refused.value.fault is TokenFault.EXPIRED


@pytest.mark.parametrize("exp", [None, "tomorrow", True, float("nan")])
def test_a_token_that_does_not_say_when_it_expires_is_refused(exp: object) -> None:
    with pytest.raises(TokenRefused):
        accept(token(ID, exp=exp), scopes=(), validation=None, now=NOW)


def test_another_issuer_is_refused() -> None:
    with pytest.raises(TokenRefused) as refused:
        accept(token(ID, iss=f"{ISSUER}/"), scopes=(), validation=None, now=NOW)
    assert refused.value.fault is TokenFault.ISSUER


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a.b.c", "a.b.c"),
        ("Bearer a.b.c", "a.b.c"),
        ("bearer  a.b.c ", "a.b.c"),
        (" a.b.c ", "a.b.c"),
        ("Bearer ", ""),
        ("", ""),
    ],
)
def test_a_bearer_prefix_is_taken_off_whatever_its_case(header: str, expected: str) -> None:
    assert read_token(header) == expected


def methods(*scopes: tuple[str, ...]) -> tuple[MethodPlan, ...]:
    """Methods of one authorizer, one for each choice of scopes."""
    guarded = [
        method(verb, AuthorizationType.COGNITO_USER_POOLS, authorizer_id="auth2", authorization_scopes=each)
        for verb, each in zip(("GET", "PUT", "POST", "DELETE"), scopes, strict=False)
    ]
    return make_plan(resource("/", *guarded), authorizers=(pool_authorizer(),)).methods


METHODS = methods((), ("pets/read",), ("pets/write", "x"), ("y",))
SECONDS = st.floats(-3, 63).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(
    st.sampled_from([ID, ACCESS, {**ACCESS, "scope": "y"}, {**ID, "scope": "pets/read"}]),
    st.fixed_dictionaries({}, optional={"nbf": st.floats(-2, 2), "iat": st.integers(-2, 2), "exp": st.floats(1, 62)}),
    st.sampled_from(METHODS),
    st.sampled_from(METHODS),
    SECONDS,
)
def test_what_was_accepted_is_not_weighed_again_only_where_the_same_would_come_of_it(
    claims: dict[str, Any], moments: dict[str, float], first: MethodPlan, second: MethodPlan, now: Any
) -> None:
    given_token = token(claims, **{name: NOW.timestamp() + moment for name, moment in moments.items()})
    try:
        identity = accept(given_token, scopes=first.scopes, validation=None, now=NOW)
    except (NotForThisMethod, TokenRefused):
        return
    assert first.authorizer is not None
    accepted = AcceptedToken.of(given_token, identity, authorizer=first.authorizer, established_by="a token")
    if accepted.covers(second, now):
        assert accept(given_token, scopes=second.scopes, validation=None, now=now) == accepted.standing.identity


def test_an_accepted_token_covers_its_method_and_others_that_want_the_same() -> None:
    plain, read, *_ = METHODS
    assert plain.authorizer is not None
    identity = accept(token(ID), scopes=(), validation=None, now=NOW)
    accepted = AcceptedToken.of(token(ID), identity, authorizer=plain.authorizer, established_by="a token")
    assert [accepted.covers(each, NOW) for each in METHODS] == [True, False, False, False]
    identity = accept(token(ACCESS), scopes=read.scopes, validation=None, now=NOW)
    accepted = AcceptedToken.of(token(ACCESS), identity, authorizer=plain.authorizer, established_by="a token")
    assert [accepted.covers(each, NOW) for each in METHODS] == [False, True, True, False]
    assert not accepted.covers(read, NOW + timedelta(seconds=60))
    redeployed = structs.replace(read, authorizer=structs.replace(plain.authorizer, validation=re2.compile("no")))
    assert not accepted.covers(redeployed, NOW)

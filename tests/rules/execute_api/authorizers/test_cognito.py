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
    tell_issuers,
)
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.plan import MethodPlan
from yett.tokens import TokenFault, TokenRefused
from yett.values.timestamps import render_iso

MOMENT, AGO = render_iso(NOW), render_iso(NOW - timedelta(seconds=30.5))
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


@pytest.mark.parametrize(
    ("claims", "scopes", "said"),
    [
        (ID | {"exp": NOW.timestamp() - 30.5}, (), f"the token expired at {AGO}; the call came at {MOMENT}"),
        (ID | {"exp": -1e300}, (), f"the token expired at 1970-01-01T00:00:00Z; the call came at {MOMENT}"),
        (ID | {"exp": 1, "iat": "x"}, (), f"the token has expired; the call came at {MOMENT}"),
        (
            ID | {"iss": "http://else"},
            (),
            f"the token's issuer is `http://else`, wanted is a pool of the authorizer: `{ISSUER}`",
        ),
        (ACCESS, (), "its `token_use` is `access`, wanted is `id`, since the method has no scopes"),
        (ID, ("a",), "its `token_use` is `id`, wanted is `access`, since the method has scopes"),
        (ID | {"token_use": ["id"]}, (), "its `token_use` is no text, wanted is `id`, since the method has no scopes"),
        (
            {"exp": ID["exp"], "iss": ISSUER},
            (),
            "its `token_use` is missing, wanted is `id`, since the method has no scopes",
        ),
        (ID | {"nbf": NOW.timestamp() + 60}, (), "the token's `nbf` is in the future"),
    ],
)
def test_a_refusal_says_what_was_presented_and_what_was_wanted(
    claims: dict[str, Any], scopes: tuple[str, ...], said: str
) -> None:
    with pytest.raises(TokenRefused) as refused:
        accept(token(claims), scopes=scopes, validation=None, now=NOW)
    assert refused.value.reason == said


@pytest.mark.parametrize(
    ("scope", "wanted", "said"),
    [
        (None, ("a", "b"), "it has no scope at all, wanted is `a`, `b`"),
        ("c d", ("a",), "it has `c`, `d`, wanted is `a`"),
        ("1 2 3 4 5 6 7", ("a",), "it has `1`, `2`, `3`, `4`, `5` and 2 more, wanted is `a`"),
    ],
)
def test_a_refusal_says_which_scopes_are_missing(scope: str | None, wanted: tuple[str, ...], said: str) -> None:
    with pytest.raises(NotForThisMethod) as refused:
        accept(token(ACCESS, scope=scope), scopes=wanted, validation=None, now=NOW)
    assert refused.value.reason == f"the token has none of the method's scopes: {said}"


@given(st.text() | st.text(min_size=200) | st.none() | st.integers() | st.lists(st.text()))
def test_an_issuer_that_anybody_wrote_stays_within_its_backticks(presented: object) -> None:
    said = tell_issuers(presented, [ISSUER])
    assert said.isascii()
    assert said.isprintable()
    assert said.count("`") == (4 if isinstance(presented, str) else 2)
    assert len(said) <= 128 + len(tell_issuers("...", [ISSUER]))


def test_an_authorizer_of_many_pools_names_the_first_of_them() -> None:
    pools = [f"http://localhost/{n}" for n in range(9)]
    assert tell_issuers("x\n\x1b[31m`\u202e", reversed(pools)) == (
        r"the token's issuer is `x\n\x1b[31m\x60\u202e`, wanted is a pool of the authorizer: `http://localhost/0`, "
        "`http://localhost/1`, `http://localhost/2`, `http://localhost/3`, `http://localhost/4` and 4 more"
    )
    assert tell_issuers("x", []).endswith("of the authorizer: none")

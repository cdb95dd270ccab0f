import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.oauth.errors import OAuthError
from yett.rules.oauth.scopes import grant_scopes

SCOPES = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)


@given(SCOPES, SCOPES)
def test_never_more_is_granted_than_asked_for_and_allowed(requested: list[str], allowed: list[str]) -> None:
    try:
        granted = grant_scopes(" ".join(requested), tuple(allowed))
    except OAuthError:
        assert not requested or not set(requested) <= set(allowed)
    else:
        assert set(granted) == set(requested) <= set(allowed)


def test_all_that_are_allowed_are_granted_when_none_is_asked_for() -> None:
    assert grant_scopes(None, ("a", "b")) == ("a", "b")
    with pytest.raises(OAuthError):
        grant_scopes(None, ())

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.sts.web_identity import Fault, WebIdentityRefused, read_audience, read_tags, read_web_identity

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {"sub": "alice", "aud": "app", "iat": MOMENT, "exp": MOMENT + 60}
IDS = frozenset({"app", "two"})


def test_the_keys_begin_with_the_providers_name() -> None:
    identity = read_web_identity({**CLAIMS, "amr": "pwd"}, provider="host/path", client_ids=IDS, now=NOW)
    assert identity.keys == {"host/path:aud": "app", "host/path:sub": "alice", "host/path:amr": ("pwd",)}
    identity = read_web_identity(CLAIMS, provider="host", client_ids=IDS, now=NOW)
    assert set(identity.keys) == {"host:aud", "host:sub"}


def test_what_stood_back_for_google_s_authorized_party_is_the_original_audience() -> None:
    claims = {**CLAIMS, "aud": "sts.amazonaws.com", "azp": "1078"}
    identity = read_web_identity(claims, provider="accounts.google.com", client_ids=None, now=NOW)
    assert identity.keys == {
        "accounts.google.com:aud": "1078",
        "accounts.google.com:oaud": ("sts.amazonaws.com",),
        "accounts.google.com:sub": "alice",
    }
    plain = read_web_identity(CLAIMS, provider="accounts.google.com", client_ids=None, now=NOW)
    assert set(plain.keys) == {"accounts.google.com:aud", "accounts.google.com:sub"}
    other = read_web_identity({**claims, "azp": "app"}, provider="host", client_ids=IDS, now=NOW)
    assert set(other.keys) == {"host:aud", "host:sub"}


@pytest.mark.parametrize("audience", ["", [], [""], None, 7])
def test_a_token_is_for_somebody_even_where_no_client_ids_are_known(audience: object) -> None:
    assert read_audience({"aud": ["app", "two"]}, None) == "app"
    with pytest.raises(WebIdentityRefused):
        read_audience({"aud": audience}, None)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "app"}, "app"),
        ({"aud": ["x", "two", "app"]}, "two"),
        ({"aud": ["x"], "azp": "app"}, "app"),
        ({"aud": "app", "azp": None}, "app"),
        ({"aud": "app", "azp": "x"}, None),
        ({"aud": []}, None),
        ({"aud": {"app": 1}}, None),
        ({"azp": "app"}, None),
    ],
)
def test_the_authorized_party_counts_before_the_audience(claims: Mapping[str, Any], expected: str | None) -> None:
    if expected is not None:
        assert read_audience(claims, IDS) == expected
        return
    with pytest.raises(WebIdentityRefused) as caught:
        read_audience(claims, IDS)
    assert caught.value.fault in {Fault.AUDIENCE, Fault.MISSING_CLAIM}


@pytest.mark.parametrize("moment", [float("inf"), "x", True, None, [1]])
def test_a_moment_that_is_none_refuses(moment: object) -> None:
    with pytest.raises(WebIdentityRefused):
        read_web_identity({**CLAIMS, "exp": moment}, provider="h", client_ids=IDS, now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["principal_tags", "transitive_tag_keys"]), JSON) | JSON)
def test_tags_are_read_or_refused_whatever_the_claim(claim: object) -> None:
    try:
        tags, transitive = read_tags(claim)
    except WebIdentityRefused:
        return
    assert all(isinstance(each, str) for each in (*tags, *tags.values(), *transitive))
    assert {key.lower() for key in transitive} <= {key.lower() for key in tags}

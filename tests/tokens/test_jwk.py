import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import import_key
from tests.tokens.support import ALL, encode, jwk, key_set, private_key

from yett.tokens import KeySet, TokenFault, TokenRefused, parse_key_set, render_jwk
from yett.tokens.limits import KEY_SET_BYTES, KEYS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize("alg", sorted(ALL))
def test_a_rendered_key_is_read_back(alg: str) -> None:
    (key,) = key_set(jwk(alg)).keys
    assert key.kid == "one"
    assert key.algorithms == {alg}
    assert key.key == private_key(alg).public_key()


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES512"])
def test_joserfc_reads_what_we_render(alg: str) -> None:
    assert import_key(jwk(alg)).public_key == private_key(alg).public_key()


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct", "k": "AAAA"},
        {"kty": None},
        {"n": ""},
        {"n": 5},
        {"n": "a b"},
        {"n": encode(b"\x80" + bytes(127))},
        {"n": encode(b"\x80" + bytes(1500) + b"\x01")},
        {"e": encode(b"\x01")},
        {"e": encode(b"\x04")},
        {"e": encode(b"\x01" + bytes(16) + b"\x01")},
        {"kid": 1},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"key_ops": 1},
        {"alg": "RSA-OAEP"},
        {"alg": ["RS256"]},
        {"alg": {}},
    ],
)
def test_an_rsa_key_that_cannot_verify_is_left_out(change: Mapping[str, Any]) -> None:
    assert key_set({**jwk("RS256"), **change}, jwk("ES256", kid="two")).keys == key_set(jwk("ES256", kid="two")).keys


@pytest.mark.parametrize(
    "change",
    [
        {"crv": "P-192"},
        {"crv": "P-384"},
        {"crv": None},
        {"x": encode(bytes(32))},
        {"x": encode(bytes(31))},
        {"y": encode(bytes(33))},
        {"alg": "ES384"},
    ],
)
def test_an_ec_key_that_cannot_verify_is_left_out(change: Mapping[str, Any]) -> None:
    assert key_set({**jwk("ES256"), **change}).keys == ()


def test_a_weak_key_is_left_out() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    assert key_set(render_jwk(weak, kid="one", alg="RS256")).keys == ()


def test_a_key_is_found_by_id_and_algorithm() -> None:
    keys = key_set(jwk("RS256"), jwk("ES256", kid="two"))
    assert keys.find("one", "RS256") is keys.keys[0]
    assert keys.find("one", "RS512") is None
    assert keys.find("two", "RS256") is None
    assert keys.find("three", "RS256") is None
    assert keys.find(None, "RS256") is None
    assert key_set(jwk("RS256")).find(None, "RS256") is not None
    assert key_set(jwk("RS256")).find(None, "ES256") is None
    assert KeySet(()).find(None, "RS256") is None
    assert KeySet((keys.keys[0], keys.keys[0])).find("one", "RS256") is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"keys":{}}', '{"keys":[1]}', '{"keys":[],"keys":[]}', "\ud800", b"\xff", '{"keys":null}'],
)
def test_what_is_no_key_set_is_refused(text: str | bytes) -> None:
    with pytest.raises(TokenRefused):
        parse_key_set(text)


def test_two_keys_of_one_id_are_refused() -> None:
    with pytest.raises(TokenRefused) as refusal:
        key_set(jwk("RS256"), jwk("RS256", number=1))
    assert refusal.value.fault is TokenFault.KEY


def test_bounds_hold() -> None:
    for text in (json.dumps({"keys": [{}] * (KEYS + 1)}), " " * (KEY_SET_BYTES + 1)):
        with pytest.raises(TokenRefused) as refusal:
            parse_key_set(text)
        assert refusal.value.fault is TokenFault.TOO_LARGE


@given(st.dictionaries(st.sampled_from(["kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y"]), JSON))
def test_no_key_brings_it_down(members: Mapping[str, Any]) -> None:
    key_set(members)
    key_set({**jwk("RS256"), **members})
    key_set({**jwk("ES256"), **members})


def test_a_key_is_not_rendered_for_an_algorithm_that_it_does_not_fit() -> None:
    for key, alg in (
        (private_key("RS256").public_key(), "ES256"),
        (private_key("ES256").public_key(), "ES384"),
        (ec.generate_private_key(ec.SECP192R1()).public_key(), "ES256"),
    ):
        with pytest.raises(ValueError, match=alg):
            render_jwk(key, kid="one", alg=alg)

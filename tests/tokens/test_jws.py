import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, RSAKey
from tests.tokens.support import ALL, CLAIMS, encode, encode_json, jwk, key_set, private_key, rsa_key

from yett.tokens import TokenFault, TokenRefused, peek, sign_jws, verify_jws
from yett.tokens.limits import HEADER_BYTES, TOKEN_BYTES

RS256 = frozenset({"RS256"})


def refusal_of(token: str, *keys: Mapping[str, Any], algorithms: frozenset[str] = ALL) -> TokenFault:
    with pytest.raises(TokenRefused) as refusal:
        verify_jws(token, key_set(*keys), algorithms=algorithms)
    assert len(token) < 50 or token not in refusal.value.reason
    return refusal.value.fault


def genuine(alg: str = "RS256", *, kid: str = "one") -> str:
    return sign_jws(CLAIMS, private_key(alg), kid=kid, alg=alg)


def rs256(header: object, payload: object = CLAIMS) -> str:
    """A token with this header, its signature good."""
    text = header if isinstance(header, str) else json.dumps(header)
    signing_input = f"{encode(text.encode())}.{encode_json(payload)}"
    signature = rsa_key(0).sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signing_input}.{encode(signature)}"


@pytest.mark.parametrize("alg", sorted(ALL))
def test_a_token_of_pyjwt_is_accepted(alg: str) -> None:
    token = pyjwt.encode(dict(CLAIMS), private_key(alg), algorithm=alg, headers={"kid": "one"})
    verified = verify_jws(token, key_set(jwk(alg)), algorithms=frozenset({alg}))
    assert json.loads(verified.payload) == CLAIMS
    assert verified.header["alg"] == alg


@pytest.mark.parametrize("alg", sorted(ALL))
def test_a_token_of_joserfc_is_accepted(alg: str) -> None:
    pem = private_key(alg).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = (ECKey if alg.startswith("ES") else RSAKey).import_key(pem)
    token = joserfc_jws.serialize_compact({"alg": alg, "kid": "one"}, b"any octets", key, algorithms=[alg])
    assert verify_jws(token, key_set(jwk(alg)), algorithms=ALL).payload == b"any octets"


@pytest.mark.parametrize("alg", sorted(ALL))
def test_pyjwt_accepts_what_we_sign(alg: str) -> None:
    decoded = pyjwt.decode(genuine(alg), private_key(alg).public_key(), algorithms=[alg])
    assert decoded == CLAIMS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 1, ["RS256"], "HS256", "rs256"])
def test_an_algorithm_that_is_not_allowed_is_refused_even_if_listed(alg: object) -> None:
    token = rs256({"alg": alg, "kid": "one"})
    algorithms = ALL | {alg} if isinstance(alg, str) else ALL
    assert refusal_of(token, jwk("RS256"), algorithms=algorithms) is TokenFault.ALGORITHM


def test_a_token_without_an_algorithm_is_refused() -> None:
    assert refusal_of(rs256({"kid": "one"}), jwk("RS256")) is TokenFault.ALGORITHM


def test_an_algorithm_outside_the_allow_list_is_refused() -> None:
    key = {**jwk("RS256")}
    del key["alg"]
    assert refusal_of(genuine("RS512"), key, algorithms=RS256) is TokenFault.ALGORITHM


def test_the_public_key_is_no_hmac_secret() -> None:
    pem = (
        rsa_key(0)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    signing_input = f"{encode_json({'alg': 'HS256', 'kid': 'one'})}.{encode_json(CLAIMS)}"
    token = f"{signing_input}.{encode(hmac.digest(pem, signing_input.encode(), hashlib.sha256))}"
    assert refusal_of(token, jwk("RS256"), algorithms=ALL | {"HS256"}) is TokenFault.ALGORITHM


def test_a_stripped_signature_is_refused() -> None:
    head, payload, _ = genuine().split(".")
    assert refusal_of(f"{head}.{payload}.", jwk("RS256")) is TokenFault.SIGNATURE
    assert refusal_of(f"{head}.{payload}", jwk("RS256")) is TokenFault.SEGMENTS
    assert refusal_of(f"{head}.{payload}.a.b", jwk("RS256")) is TokenFault.SEGMENTS
    assert refusal_of("", jwk("RS256")) is TokenFault.SEGMENTS


def test_a_tampered_payload_is_refused() -> None:
    head, _, signature = genuine().split(".")
    token = f"{head}.{encode_json({**CLAIMS, 'sub': 'root'})}.{signature}"
    assert refusal_of(token, jwk("RS256")) is TokenFault.SIGNATURE


def test_a_tampered_header_is_refused() -> None:
    _, payload, signature = genuine().split(".")
    token = f"{encode_json({'alg': 'RS256', 'kid': 'one', 'typ': 'JWT'})}.{payload}.{signature}"
    assert refusal_of(token, jwk("RS256")) is TokenFault.SIGNATURE


def test_a_signature_by_another_key_of_the_set_is_refused() -> None:
    two = jwk("RS256", kid="two", number=1)
    assert refusal_of(genuine(kid="two"), jwk("RS256"), two) is TokenFault.SIGNATURE
    assert refusal_of(genuine(kid="three"), jwk("RS256"), two) is TokenFault.UNKNOWN_KEY


def test_a_key_in_the_header_is_not_looked_at() -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header = {"alg": "RS256", "kid": "one", "jwk": jwk("RS256", number=1), "jku": "https://evil.example"}
    signing_input = f"{encode_json(header)}.{encode_json(CLAIMS)}"
    token = f"{signing_input}.{encode(stranger.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
    assert refusal_of(token, jwk("RS256")) is TokenFault.SIGNATURE


def test_a_kid_is_needed_where_the_set_has_several_keys() -> None:
    token = rs256({"alg": "RS256"})
    assert verify_jws(token, key_set(jwk("RS256")), algorithms=RS256).payload
    assert refusal_of(token, jwk("RS256"), jwk("ES256", kid="two")) is TokenFault.UNKNOWN_KEY


@pytest.mark.parametrize("kid", [1, ["one"], {"a": 1}, True])
def test_a_kid_that_is_no_text_is_refused(kid: object) -> None:
    assert refusal_of(rs256({"alg": "RS256", "kid": kid}), jwk("RS256")) is TokenFault.HEADER


@pytest.mark.parametrize(
    "key",
    [
        {**jwk("RS256"), "alg": "RS512"},
        {**jwk("RS256"), "alg": "PS256"},
        {**jwk("RS256"), "use": "enc"},
        {**jwk("RS256"), "key_ops": ["sign"]},
        {**jwk("RS256"), "key_ops": 1},
        {**jwk("RS256"), "alg": ["RS256"]},
        jwk("ES256"),
    ],
)
def test_a_key_for_something_else_is_not_used(key: Mapping[str, Any]) -> None:
    assert refusal_of(genuine(), key) is TokenFault.UNKNOWN_KEY


def test_a_curve_belongs_to_one_algorithm() -> None:
    other = jwk("ES384")
    del other["alg"]
    assert refusal_of(genuine("ES256"), other) is TokenFault.UNKNOWN_KEY


@pytest.mark.parametrize("extension", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False}, {"zip": "DEF"}])
def test_an_extension_is_refused(extension: Mapping[str, Any]) -> None:
    assert refusal_of(rs256({"alg": "RS256", "kid": "one", **extension}), jwk("RS256")) is TokenFault.HEADER


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"RS256","alg":"RS256","kid":"one"}',
        '{"alg":"none","kid":"one","alg":"RS256"}',
        '{"alg":"RS256","kid":"one","x":{"a":1,"a":1}}',
        '{"alg":"RS256","kid":"one","x":NaN}',
        '{"alg":"RS256","kid":"\\ud800"}',
        '["RS256"]',
        "null",
        "RS256",
        "",
        '{"alg":"RS256","kid":"one"',
        '\ufeff{"alg":"RS256","kid":"one"}',
        '{"alg":"RS256","kid":"one","x":' + "[" * 3000 + "}",
    ],
)
def test_a_header_that_is_ambiguous_or_no_object_is_refused(header: str) -> None:
    assert refusal_of(rs256(header), jwk("RS256")) is TokenFault.ENCODING


def test_a_header_in_another_encoding_is_refused() -> None:
    text = json.dumps({"alg": "RS256", "kid": "one"})
    signing_input = f"{encode(text.encode('utf-16'))}.{encode_json(CLAIMS)}"
    signature = rsa_key(0).sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert refusal_of(f"{signing_input}.{encode(signature)}", jwk("RS256")) is TokenFault.ENCODING


@pytest.mark.parametrize("segment", [0, 1, 2])
@pytest.mark.parametrize("change", ["=", "==", " ", "\n", "+", "/", "é", "%41", "."])
def test_base64url_has_no_padding_and_nothing_else_in_it(segment: int, change: str) -> None:
    segments = genuine().split(".")
    for index in (0, len(segments[segment])):
        text = segments[segment]
        token = ".".join([*segments[:segment], text[:index] + change + text[index:], *segments[segment + 1 :]])
        assert refusal_of(token, jwk("RS256")) in (TokenFault.ENCODING, TokenFault.SEGMENTS)


def test_stray_bits_in_the_last_character_are_refused() -> None:
    head, payload, signature = genuine().split(".")  # 256 bytes: two bits of the last character count
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = signature[:-1] + alphabet[alphabet.index(signature[-1]) + 1]
    assert refusal_of(f"{head}.{payload}.{stray}", jwk("RS256")) is TokenFault.ENCODING


def test_white_space_around_a_token_is_refused() -> None:
    for token in (f" {genuine()}", f"{genuine()} ", f"{genuine()}\n"):
        assert refusal_of(token, jwk("RS256")) is TokenFault.ENCODING


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_an_ecdsa_signature_is_of_its_one_length_and_has_no_zero(alg: str) -> None:
    head, payload, signature_text = genuine(alg).split(".")
    size = {"ES256": 64, "ES384": 96, "ES512": 132}[alg]
    assert len(signature_text) == len(encode(bytes(size)))
    key = private_key(alg)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    digest = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}[alg]
    der = key.sign(f"{head}.{payload}".encode(), ec.ECDSA(digest))
    r, s = decode_dss_signature(der)
    half = size // 2
    one = (1).to_bytes(half)
    good = r.to_bytes(half) + s.to_bytes(half)
    verify_jws(f"{head}.{payload}.{encode(good)}", key_set(jwk(alg)), algorithms=ALL)
    for forged in (
        bytes(size),
        bytes(half) + one,
        one + bytes(half),
        good + b"\0",
        b"\0" + good,
        good[1:],
        good[:-1],
        b"",
        der,
        encode_dss_signature(1, 1),
        b"\xff" * size,
    ):
        assert refusal_of(f"{head}.{payload}.{encode(forged)}", jwk(alg)) is TokenFault.SIGNATURE


def test_bounds_hold() -> None:
    assert refusal_of("a" * (TOKEN_BYTES + 1), jwk("RS256")) is TokenFault.TOO_LARGE
    header = {"alg": "RS256", "kid": "one", "x": "a" * HEADER_BYTES}
    assert refusal_of(rs256(header), jwk("RS256")) is TokenFault.TOO_LARGE


@settings(max_examples=200)
@given(st.data())
def test_no_character_of_a_token_can_change(data: st.DataObject) -> None:
    alg = data.draw(st.sampled_from(["RS256", "ES256"]))
    token = genuine(alg)
    index = data.draw(st.integers(0, len(token) - 1))
    changed = token[:index] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + token[index + 1 :]
    if changed != token:
        refusal_of(changed, jwk(alg))


@given(st.text(max_size=60))
def test_no_text_brings_it_down(text: str) -> None:
    for token in (text, f"{text}.{text}.{text}", f"{encode(text.encode('utf-8', 'replace'))}.e30.AA"):
        refusal_of(token, jwk("RS256"))
        try:
            peek(token)
        except TokenRefused:
            continue


def test_a_peek_shows_header_and_claims_unverified() -> None:
    head, payload, _ = genuine().split(".")
    header, claims = peek(f"{head}.{payload}.AAAA")
    assert (header["kid"], claims["iss"]) == ("one", CLAIMS["iss"])


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "RS1"])
def test_an_algorithm_that_does_not_fit_the_key_is_not_signed_with(alg: str) -> None:
    with pytest.raises(ValueError, match=alg):
        sign_jws(CLAIMS, rsa_key(0), kid="one", alg=alg)


def test_a_curve_that_does_not_fit_is_not_signed_with() -> None:
    with pytest.raises(ValueError, match="ES384"):
        sign_jws(CLAIMS, private_key("ES256"), kid="one", alg="ES384")

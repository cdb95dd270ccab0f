"""Keys, and tokens made of any parts."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from yett.tokens import KeySet, parse_key_set, render_jwk
from yett.tokens.jws import PrivateKey

CURVES: Mapping[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
ALL = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
CLAIMS: Mapping[str, Any] = {"iss": "https://issuer.example", "sub": "kelpie", "exp": 2_000_000_000}


def private_key(alg: str, number: int = 0) -> PrivateKey:
    """A key for an algorithm, the same every time."""
    if alg.startswith("ES"):
        return ec_key(alg)
    return rsa_key(number)


@cache
def ec_key(alg: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(CURVES[alg])


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_set(*keys: Mapping[str, Any]) -> KeySet:
    return parse_key_set(json.dumps({"keys": keys}))


def jwk(alg: str, *, kid: str = "one", number: int = 0) -> dict[str, str]:
    return render_jwk(private_key(alg, number).public_key(), kid=kid, alg=alg)


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def encode_json(value: object) -> str:
    return encode(json.dumps(value).encode())

"""Compact JSON Web Signatures: verified under algorithms that the verifier chose, and made.

Source: https://www.rfc-editor.org/rfc/rfc7515, https://www.rfc-editor.org/rfc/rfc7518#section-3,
https://www.rfc-editor.org/rfc/rfc8725
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from msgspec import Struct

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.json_object import decode_base64url, encode_base64url, parse_object
from yett.tokens.jwk import CURVES, KeySet, PublicKey, coordinate_bytes
from yett.tokens.limits import HEADER_BYTES, TOKEN_BYTES

HASHES: Final[Mapping[str, HashAlgorithm]] = {"256": SHA256(), "384": SHA384(), "512": SHA512()}
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
ALGORITHMS: Final = frozenset(family + size for family in ("RS", "PS", "ES") for size in HASHES)


class UnverifiedJws(Struct, frozen=True):
    """A token taken apart, of which nothing is verified: good for choosing whose keys to try, for nothing else."""

    header: Mapping[str, Any]
    signing_input: bytes
    payload: bytes
    signature: bytes

    def peek_claims(self) -> Mapping[str, Any]:
        """The claims, unverified.

        Raises:
            TokenRefused: The payload is no JSON object.
        """
        return parse_object(self.payload, of="payload")


class VerifiedJws(Struct, frozen=True):
    """A token whose signature is good. Of its claims nothing is known yet."""

    header: Mapping[str, Any]
    payload: bytes


def read_jws(token: str) -> UnverifiedJws:
    """Take a compact JWS apart.

    Raises:
        TokenRefused: It is none.
    """
    if len(token) > TOKEN_BYTES:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the token has over {TOKEN_BYTES} bytes")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused(TokenFault.SEGMENTS, "token contains an invalid number of segments")
    if not token.isascii():
        raise TokenRefused(TokenFault.ENCODING, "a part is no base64url")
    if len(parts[0]) > HEADER_BYTES:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the token's header has over {HEADER_BYTES} bytes")
    header = dict(_read_header(parts[0]))
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    return UnverifiedJws(header, signing_input, decode_base64url(parts[1]), decode_base64url(parts[2]))


@lru_cache(maxsize=256)
def _read_header(text: str) -> Mapping[str, Any]:
    """A token's header, which it has in common with all that the same key signed."""
    return parse_object(decode_base64url(text), of="header")


def verify_jws(token: str | UnverifiedJws, keys: KeySet, *, algorithms: frozenset[str]) -> VerifiedJws:
    """Verify a compact JWS, or one that ``read_jws`` has taken apart.

    *algorithms* is the verifier's choice; the token's own word counts only to pick among them. ``none`` and the HMAC
    family are never among them: a public key is no secret.

    Raises:
        TokenRefused: With the fault.
    """
    read = read_jws(token) if isinstance(token, str) else token
    header = read.header
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in ALGORITHMS:
        raise TokenRefused(TokenFault.ALGORITHM, "the token's algorithm is not one that is taken here")
    if "crit" in header or "b64" in header or "zip" in header:
        raise TokenRefused(TokenFault.HEADER, "the token's header asks for an extension")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise TokenRefused(TokenFault.HEADER, "the token's `kid` is no text")
    key = keys.find(kid, algorithm)
    if key is None:
        raise TokenRefused(TokenFault.UNKNOWN_KEY, "no key of the set is the one that the token names")
    _check_signature(key.key, algorithm, read.signature, read.signing_input)
    return VerifiedJws(header, read.payload)


def peek(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a token of which nothing is verified: good for choosing whose keys to try, for nothing else.

    Raises:
        TokenRefused: It is no compact JWS with a JSON payload.
    """
    read = read_jws(token)
    return read.header, read.peek_claims()


def sign_jws(claims: Mapping[str, Any], private_key: PrivateKey, *, kid: str, alg: str = "RS256") -> str:
    """Make a compact JWS. Its header is ``{"kid", "alg"}``, as Cognito's is.

    Raises:
        ValueError: The key is not for the algorithm.
    """
    header = encode_base64url(_render({"kid": kid, "alg": alg}))
    signing_input = f"{header}.{encode_base64url(_render(claims))}"
    signature = _make_signature(private_key, alg, signing_input.encode())
    return f"{signing_input}.{encode_base64url(signature)}"


def _make_signature(key: PrivateKey, algorithm: str, data: bytes) -> bytes:
    if algorithm not in ALGORITHMS:
        raise ValueError(f"`{algorithm}` is not made here")
    hash_algorithm = HASHES[algorithm[2:]]
    match key, algorithm[:2]:
        case rsa.RSAPrivateKey(), "RS":
            return key.sign(data, padding.PKCS1v15(), hash_algorithm)
        case rsa.RSAPrivateKey(), "PS":
            return key.sign(data, padding.PSS(padding.MGF1(hash_algorithm), hash_algorithm.digest_size), hash_algorithm)
        case ec.EllipticCurvePrivateKey(), "ES" if any(
            wanted == algorithm and curve.name == key.curve.name for wanted, curve in CURVES.values()
        ):
            size = coordinate_bytes(key.curve)
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hash_algorithm)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        case _:
            raise ValueError(f"the key is not for `{algorithm}`")


def _check_signature(key: PublicKey, algorithm: str, signature: bytes, data: bytes) -> None:
    hash_algorithm = HASHES[algorithm[2:]]
    try:
        match key, algorithm[:2]:
            case rsa.RSAPublicKey(), "RS":
                key.verify(signature, data, padding.PKCS1v15(), hash_algorithm)
            case rsa.RSAPublicKey(), "PS":
                pss = padding.PSS(padding.MGF1(hash_algorithm), hash_algorithm.digest_size)
                key.verify(signature, data, pss, hash_algorithm)
            case ec.EllipticCurvePublicKey(), "ES":
                key.verify(_to_der(signature, key), data, ec.ECDSA(hash_algorithm))
            case _:
                raise TokenRefused(TokenFault.ALGORITHM, "the key is not for the token's algorithm")
    except InvalidSignature as error:
        raise TokenRefused(TokenFault.SIGNATURE, "the token's signature is not good") from error


def _to_der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """ECDSA's ``r || s`` as the library wants it.

    Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.4
    """
    size = coordinate_bytes(key.curve)
    if len(signature) != 2 * size:
        raise TokenRefused(TokenFault.SIGNATURE, "the token's signature is of the wrong length")
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    if r == 0 or s == 0:
        raise TokenRefused(TokenFault.SIGNATURE, "the token's signature is not good")
    return encode_dss_signature(r, s)


def _render(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()

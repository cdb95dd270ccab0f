"""Compact JSON Web Signatures: verified under algorithms that the verifier chose, and made.

Source: https://www.rfc-editor.org/rfc/rfc7515, https://www.rfc-editor.org/rfc/rfc7518#section-3,
https://www.rfc-editor.org/rfc/rfc8725
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from msgspec import Struct

from yett.compiled import twin
from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.json_object import decode_base64url, encode_base64url, parse_object
from yett.tokens.jwk import CURVES, Jwk, KeySet, coordinate_bytes
from yett.tokens.limits import HEADER_BYTES, TOKEN_BYTES

HASHES: Final[Mapping[str, HashAlgorithm]] = {"256": SHA256(), "384": SHA384(), "512": SHA512()}
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
# "RS256" -> ("RS", its hash)
FAMILIES: Final = {f"{name}{size}": (name, HASHES[size]) for name in ("RS", "PS", "ES") for size in HASHES}
ALGORITHMS: Final = frozenset(FAMILIES)
PKCS1: Final = padding.PKCS1v15()


class JoseHeader(Struct, frozen=True):
    """A token's header, read."""

    members: Mapping[str, Any]
    algorithm: str | None  # None: it names none of ALGORITHMS
    kid: str | None
    fault: str | None  # what of it is not understood here, in words

    @classmethod
    def parse(cls, members: Mapping[str, Any]) -> Self:
        """Read a header's members."""
        algorithm, kid, fault = members.get("alg"), members.get("kid"), None
        if "crit" in members or "b64" in members or "zip" in members:
            fault = "the token's header asks for an extension"
        elif kid is not None and not isinstance(kid, str):
            kid, fault = None, "the token's `kid` is no text"
        return cls(members, algorithm if isinstance(algorithm, str) and algorithm in ALGORITHMS else None, kid, fault)


class UnverifiedJws(Struct, frozen=True):
    """A token taken apart, of which nothing is verified: good for choosing whose keys to try, for nothing else."""

    jose_header: JoseHeader
    signing_input: bytes
    payload: bytes
    signature: bytes

    @property
    def header(self) -> dict[str, Any]:
        """The header's members."""
        return dict(self.jose_header.members)

    def peek_claims(self) -> Mapping[str, Any]:
        """The claims, unverified.

        Raises:
            TokenRefused: The payload is no JSON object.
        """
        return parse_object(self.payload, of="payload")


class VerifiedJws(Struct, frozen=True):
    """A token whose signature is good. Of its claims nothing is known yet."""

    jose_header: JoseHeader
    payload: bytes

    @property
    def header(self) -> dict[str, Any]:
        """The header's members."""
        return dict(self.jose_header.members)


def read_jws(token: str) -> UnverifiedJws:
    """Take a compact JWS apart.

    Raises:
        TokenRefused: It is none.
    """
    if len(token) > TOKEN_BYTES:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the token has over {TOKEN_BYTES} bytes")
    plain = _take_apart(token)
    if plain is not None:
        header_text, signing_input, payload, signature = plain
        return UnverifiedJws(_read_header(header_text), signing_input, payload, signature)
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused(TokenFault.SEGMENTS, "token contains an invalid number of segments")
    if not token.isascii():
        raise TokenRefused(TokenFault.ENCODING, "a part is no base64url")
    if len(parts[0]) > HEADER_BYTES:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the token's header has over {HEADER_BYTES} bytes")
    jose_header = _read_header(parts[0])
    signing_input = f"{parts[0]}.{parts[1]}".encode()
    return UnverifiedJws(jose_header, signing_input, decode_base64url(parts[1]), decode_base64url(parts[2]))


_take_apart: Final = twin("yett.tokens.plain_jws", "take_apart")


@lru_cache(maxsize=256)
def _read_header(text: str) -> JoseHeader:
    """A token's header, which it has in common with all that the same key signed."""
    return JoseHeader.parse(parse_object(decode_base64url(text), of="header"))


def verify_jws(token: str | UnverifiedJws, keys: KeySet, *, algorithms: frozenset[str]) -> VerifiedJws:
    """Verify a compact JWS, or one that ``read_jws`` has taken apart.

    *algorithms* is the verifier's choice; the token's own word counts only to pick among them. ``none`` and the HMAC
    family are never among them: a public key is no secret.

    Raises:
        TokenRefused: With the fault.
    """
    read = read_jws(token) if isinstance(token, str) else token
    header = read.jose_header
    algorithm = header.algorithm
    if algorithm is None or algorithm not in algorithms:
        raise TokenRefused(TokenFault.ALGORITHM, "the token's algorithm is not one that is taken here")
    if header.fault is not None:
        raise TokenRefused(TokenFault.HEADER, header.fault)
    key = keys.find(header.kid, algorithm)
    if key is None:
        raise TokenRefused(TokenFault.UNKNOWN_KEY, "no key of the set is the one that the token names")
    _check_signature(key, algorithm, read.signature, read.signing_input)
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
    family, hash_algorithm = FAMILIES[algorithm]
    match key, family:
        case rsa.RSAPrivateKey(), "RS":
            return key.sign(data, PKCS1, hash_algorithm)
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


def _check_signature(key: Jwk, algorithm: str, signature: bytes, data: bytes) -> None:
    family, hash_algorithm = FAMILIES[algorithm]
    try:
        if key.rsa_key is not None and family == "RS":
            key.rsa_key.verify(signature, data, PKCS1, hash_algorithm)
        elif key.rsa_key is not None and family == "PS":
            pss = padding.PSS(padding.MGF1(hash_algorithm), hash_algorithm.digest_size)
            key.rsa_key.verify(signature, data, pss, hash_algorithm)
        elif key.ec_key is not None and family == "ES":
            key.ec_key.verify(_to_der(signature, key.ec_key), data, ec.ECDSA(hash_algorithm))
        else:
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

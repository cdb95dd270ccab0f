"""JSON Web Keys: public keys from and to text, and sets of them.

Source: https://www.rfc-editor.org/rfc/rfc7517, https://www.rfc-editor.org/rfc/rfc7518#section-6
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec import Struct

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.json_object import decode_base64url, encode_base64url, parse_object
from yett.tokens.limits import EXPONENT_BITS, KEY_SET_BYTES, KEYS, RSA_BITS

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

RSA_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
CURVES: Final[Mapping[str, tuple[str, ec.EllipticCurve]]] = {  # crv -> (the algorithm it is for, the curve)
    "P-256": ("ES256", ec.SECP256R1()),
    "P-384": ("ES384", ec.SECP384R1()),
    "P-521": ("ES512", ec.SECP521R1()),
}


class Jwk(Struct, frozen=True, kw_only=True):
    """A public key that verifies signatures, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: frozenset[str]
    rsa_key: rsa.RSAPublicKey | None  # one of the two there is
    ec_key: ec.EllipticCurvePublicKey | None

    @property
    def key(self) -> PublicKey | None:
        """The key, of whichever type."""
        return self.ec_key if self.rsa_key is None else self.rsa_key

    @classmethod
    def parse(cls, members: Mapping[str, Any]) -> Self:
        """Read a key of a set.

        Raises:
            TokenRefused: KEY: of another kind, too weak, malformed, or not for verifying.
        """
        operations = members.get("key_ops", ["verify"])
        if members.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
            raise TokenRefused(TokenFault.KEY, "the key is not for verifying signatures")
        kid = members.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise TokenRefused(TokenFault.KEY, "the key's `kid` is no text")
        rsa_key = ec_key = None
        match members.get("kty"):
            case "RSA":
                algorithms, rsa_key = RSA_ALGORITHMS, _parse_rsa(members)
            case "EC":
                algorithms, ec_key = _parse_ec(members)
            case other:
                raise TokenRefused(TokenFault.KEY, f"keys of type `{other}` are not taken")
        if (algorithm := members.get("alg")) is not None:
            algorithms = frozenset(each for each in algorithms if each == algorithm)
        if not algorithms:
            raise TokenRefused(TokenFault.KEY, f"the key cannot be used with `{algorithm}`")
        return cls(kid=kid, algorithms=algorithms, rsa_key=rsa_key, ec_key=ec_key)


class KeySet(Struct, frozen=True, dict=True):
    """An issuer's keys."""

    keys: tuple[Jwk, ...]

    def find(self, kid: str | None, algorithm: str) -> Jwk | None:
        """The key of this id for this algorithm. A token without ``kid`` fits only a set of one key."""
        if kid is not None:
            return self._by_name.get((kid, algorithm))
        return self.keys[0] if len(self.keys) == 1 and algorithm in self.keys[0].algorithms else None

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Jwk | None]:
        """Each key by id and algorithm; None where two have both in common."""
        named: dict[tuple[str, str], Jwk | None] = {}
        for key in self.keys:
            if key.kid is not None:
                for algorithm in key.algorithms:
                    name = key.kid, algorithm
                    named[name] = None if name in named else key
        return named


def parse_key_set(text: bytes | str) -> KeySet:
    """Read ``{"keys": [...]}``. Keys that we cannot use are left out, as RFC 7517, section 5, asks.

    Raises:
        TokenRefused: It is no key set, too large, or two usable keys have one id.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > KEY_SET_BYTES:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the key set has over {KEY_SET_BYTES} bytes")
    return read_key_set(parse_object(data, of="key set"))


def read_key_set(document: Mapping[str, Any]) -> KeySet:
    """As ``parse_key_set``, from members already read."""
    members = document.get("keys")
    if not isinstance(members, list) or not all(isinstance(each, dict) for each in members):
        raise TokenRefused(TokenFault.KEY, "a key set has a list `keys` of objects")
    if len(members) > KEYS:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the key set has over {KEYS} keys")
    keys: list[Jwk] = []
    for each in members:
        try:
            keys.append(Jwk.parse(each))
        except TokenRefused:
            continue
    ids = [(key.kid, algorithm) for key in keys if key.kid is not None for algorithm in key.algorithms]
    if len(set(ids)) != len(ids):
        raise TokenRefused(TokenFault.KEY, "two keys of the set have one `kid`")
    return KeySet(tuple(keys))


def render_jwk(key: PublicKey, *, kid: str, alg: str) -> dict[str, str]:
    """A key as a member of a key set.

    Raises:
        ValueError: The key is not for the algorithm.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _render_ec(key, kid=kid, algorithm=alg)
    if alg not in RSA_ALGORITHMS:
        raise ValueError(f"an RSA key is not for `{alg}`")
    numbers = key.public_numbers()
    return {
        "alg": alg,
        "e": encode_base64url(_to_bytes(numbers.e)),
        "kid": kid,
        "kty": "RSA",
        "n": encode_base64url(_to_bytes(numbers.n)),
        "use": "sig",
    }


def _render_ec(key: ec.EllipticCurvePublicKey, *, kid: str, algorithm: str) -> dict[str, str]:
    numbers, size = key.public_numbers(), coordinate_bytes(key.curve)
    for crv, (wanted, curve) in CURVES.items():
        if curve.name == key.curve.name and wanted == algorithm:
            x, y = (encode_base64url(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
            return {"alg": algorithm, "crv": crv, "kid": kid, "kty": "EC", "use": "sig", "x": x, "y": y}
    raise ValueError(f"a key on `{key.curve.name}` is not for `{algorithm}`")


def coordinate_bytes(curve: ec.EllipticCurve) -> int:
    """The bytes of a coordinate, and of each half of a signature."""
    return (curve.key_size + 7) // 8


def _parse_rsa(members: Mapping[str, Any]) -> rsa.RSAPublicKey:
    modulus, exponent = _integer(members, "n"), _integer(members, "e")
    low, high = RSA_BITS
    if not low <= modulus.bit_length() <= high:
        raise TokenRefused(TokenFault.KEY, f"an RSA key has {low} to {high} bits")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > EXPONENT_BITS:
        raise TokenRefused(TokenFault.KEY, "the RSA key's exponent is not good")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise TokenRefused(TokenFault.KEY, f"the RSA key is not good: {error}") from error


def _parse_ec(members: Mapping[str, Any]) -> tuple[frozenset[str], ec.EllipticCurvePublicKey]:
    found = CURVES.get(str(members.get("crv")))
    if found is None:
        raise TokenRefused(TokenFault.KEY, "the key's curve is not taken")
    algorithm, curve = found
    size = coordinate_bytes(curve)
    if not all(len(_octets(members, name)) == size for name in ("x", "y")):
        raise TokenRefused(TokenFault.KEY, f"the key's coordinates have not {size} bytes")  # RFC 7518, section 6.2.1.2
    try:
        key = ec.EllipticCurvePublicNumbers(_integer(members, "x"), _integer(members, "y"), curve).public_key()
    except ValueError as error:
        raise TokenRefused(TokenFault.KEY, "the key is no point of its curve") from error
    return frozenset({algorithm}), key


def _integer(members: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(_octets(members, name), "big")


def _octets(members: Mapping[str, Any], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefused(TokenFault.KEY, f"the key has no `{name}`")
    return decode_base64url(value)


def _to_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")

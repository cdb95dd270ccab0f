"""The key that signs within one scope, derived from a secret access key, and a secret's memory of such keys."""

import hmac
from hashlib import sha256
from typing import Final

from yett.sigv4.limits import SIGNING_KEYS
from yett.sigv4.scope import TERMINATOR, CredentialScope
from yett.values.secret import Secret

BLOCK_BYTES: Final = 64  # of SHA-256

_INNER: Final = bytes(octet ^ 0x36 for octet in range(256))
_OUTER: Final = bytes(octet ^ 0x5C for octet in range(256))


def derive_signing_key(secret_access_key: Secret, scope: CredentialScope) -> bytes:
    """Derive the key that signs every request made within *scope*.

    The caller has compared the scope's date with the clock; this function cannot.

    Returns:
        32 bytes, good for one UTC day, region and service.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    key = b"AWS4" + secret_access_key.reveal().encode()
    for part in (scope.date, scope.region, scope.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class SigningKey:
    """A derived key, ready to sign: what of HMAC-SHA256 depends on the key alone is hashed already.

    ``hmac.digest`` gives the same, and looks up its algorithm and hashes the key each time: 17,000 of its 27,000
    instructions for a string to sign.

    Source: https://www.rfc-editor.org/rfc/rfc2104#section-4
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > BLOCK_BYTES:
            raise ValueError("a longer key would have to be hashed first")
        block = key.ljust(BLOCK_BYTES, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def sign(self, text: bytes) -> str:
        """The signature, in lower-case hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.hexdigest()


class SigningKeys:
    """The signing keys of one secret access key, in the scopes of late. Who keeps the secret keeps them with it."""

    __slots__ = ("_keys", "_max_entries", "_secret_access_key")

    def __init__(self, secret_access_key: Secret, max_entries: int = SIGNING_KEYS) -> None:
        if max_entries < 1:
            raise ValueError("a memory of signing keys holds one at least")
        self._secret_access_key = secret_access_key
        self._max_entries = max_entries
        self._keys: dict[str, SigningKey] = {}

    def get(self, scope: CredentialScope) -> SigningKey:
        """What `derive_signing_key` gives, ready to sign, remembered; the one derived longest ago is dropped first."""
        key = self._keys.get(scope.text)
        if key is None:
            if len(self._keys) >= self._max_entries:
                del self._keys[next(iter(self._keys))]
            key = self._keys[scope.text] = SigningKey(derive_signing_key(self._secret_access_key, scope))
        return key

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"SigningKeys({len(self._keys)} of {self._max_entries})"

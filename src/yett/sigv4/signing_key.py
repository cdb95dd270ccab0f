"""The key that signs within one scope, derived from a secret access key, and a bounded memory of such keys."""

import hmac
from collections import OrderedDict

from yett.sigv4.limits import SIGNING_KEYS
from yett.sigv4.scope import TERMINATOR, CredentialScope
from yett.values.secret import Secret


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


class SigningKeys:
    """Derived signing keys, the least recently used dropped first. What it answers depends on its arguments alone.

    Entries are found by the secret itself, not by its access key id: a secret that was replaced never lives on here.
    """

    __slots__ = ("_keys", "_max_entries")

    def __init__(self, max_entries: int = SIGNING_KEYS) -> None:
        if max_entries < 1:
            raise ValueError("a memory of signing keys holds one at least")
        self._max_entries = max_entries
        self._keys: OrderedDict[tuple[str, str, str, str], bytes] = OrderedDict()

    def derive(self, secret_access_key: Secret, scope: CredentialScope) -> bytes:
        """The same as `derive_signing_key`, remembered."""
        entry = (secret_access_key.reveal(), scope.date, scope.region, scope.service)
        key = self._keys.get(entry)
        if key is not None:
            self._keys.move_to_end(entry)
            return key
        key = derive_signing_key(secret_access_key, scope)
        self._keys[entry] = key
        if len(self._keys) > self._max_entries:
            self._keys.popitem(last=False)
        return key

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"SigningKeys({len(self._keys)} of {self._max_entries})"

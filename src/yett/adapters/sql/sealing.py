"""Secrets at rest: sealed with AES-256-GCM under a master key that lies outside the database.

A sealed record is ``0x01 | key id (8) | nonce (12) | ciphertext and tag``. The identity of the row that it lies in is
bound as associated data: a record moved to another row does not open.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from yett.values.errors import Refusal

VERSION: Final = b"\x01"
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 8
NONCE_BYTES: Final = 12
HEADER_BYTES: Final = 1 + KEY_ID_BYTES + NONCE_BYTES


class SealBroken(Refusal):
    """The record was not sealed by a key of ours for this row, or was changed since."""


class MasterKeyRefused(Refusal):
    """What was given as master key is none."""


class Sealer:
    """Seals under the current master key; opens what that one or an older one has sealed.

    With a *source* of keys it follows that: keys that it holds anew are known before the next record is sealed or
    opened (`yett rotate-key` changes a running server's).
    """

    def __init__(self, current: bytes, *older: bytes, source: "KeySource | None" = None) -> None:
        self._source = source
        self._stamp: object = None
        self._use(current, *older)

    @classmethod
    def following(cls, source: "KeySource") -> Self:
        """A sealer with the source's keys, now and later."""
        stamp, keys = source.stamp(), source.keys()
        sealer = cls(*keys, source=source)
        sealer._stamp = stamp
        return sealer

    def seal(self, secret: bytes, *, identity: str) -> bytes:
        """Seal a secret for the row of this identity."""
        ring = self._keys()
        header = VERSION + ring.current + os.urandom(NONCE_BYTES)
        return header + ring.ciphers[ring.current].encrypt(header[-NONCE_BYTES:], secret, associated(header, identity))

    def open(self, sealed: bytes, *, identity: str) -> bytes:
        """Open a record of the row of this identity.

        Raises:
            SealBroken: It is none of ours, of another row, or changed.
        """
        header = sealed[:HEADER_BYTES]
        cipher = self._keys().ciphers.get(header[1 : 1 + KEY_ID_BYTES])
        if len(header) < HEADER_BYTES or header[:1] != VERSION or cipher is None:
            raise SealBroken("no record sealed by a master key that is known here")
        try:
            return cipher.decrypt(header[-NONCE_BYTES:], sealed[HEADER_BYTES:], associated(header, identity))
        except InvalidTag:
            raise SealBroken("the sealed record is of another row, or was changed") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the record is sealed under the current master key (rotation seals the others anew)."""
        return sealed[1 : 1 + KEY_ID_BYTES] == self._keys().current

    @property
    def older(self) -> tuple[bytes, ...]:
        """The ids of the master keys that open but do not seal."""
        ring = self._keys()
        return tuple(each for each in ring.ciphers if each != ring.current)

    def _keys(self) -> "KeyRing":
        if self._source is not None and (stamp := self._source.stamp()) not in {None, self._stamp}:
            self._use(*self._source.keys())
            self._stamp = stamp
        return self._ring

    def _use(self, current: bytes, *older: bytes) -> None:
        keys = (current, *older)
        if any(len(key) != KEY_BYTES for key in keys):
            raise MasterKeyRefused(f"a master key has {KEY_BYTES} bytes")
        self._ring = KeyRing(current=key_id(current), ciphers={key_id(key): AESGCM(key) for key in keys})


class KeyRing(Struct, frozen=True, kw_only=True):
    """The keys in use, replaced as one."""

    current: bytes  # the id of the one that seals
    ciphers: Mapping[bytes, AESGCM]  # by id


class KeySource(Protocol):
    """Where master keys come from while a server runs."""

    def stamp(self) -> object:
        """Changes whenever the keys do; None while they cannot be read."""
        ...

    def keys(self) -> tuple[bytes, ...]:
        """The current one first, then those that open what they have sealed."""
        ...


def key_id(key: bytes) -> bytes:
    """The eight bytes that name a master key in every record; they tell nothing of it."""
    return hashlib.sha256(b"yett master key id\0" + key).digest()[:KEY_ID_BYTES]


def associated(header: bytes, identity: str) -> bytes:
    """What is authenticated beside the secret: version, key id, and the row's identity."""
    return header[: 1 + KEY_ID_BYTES] + identity.encode()

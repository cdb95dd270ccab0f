"""Secrets at rest: sealed with AES-256-GCM under a master key that lies outside the database.

A sealed record is ``0x01 | key id (8) | nonce (12) | ciphertext and tag``. The identity of the row that it lies in is
bound as associated data: a record moved to another row does not open.
"""

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yett.values.errors import Refusal

VERSION: Final = b"\x01"
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 8
NONCE_BYTES: Final = 12
HEADER_BYTES: Final = 1 + KEY_ID_BYTES + NONCE_BYTES
ENVIRONMENT_NAME: Final = "YETT_MASTER_KEY"
FILE_NAME: Final = "master.key"


class SealBroken(Refusal):
    """The record was not sealed by a key of ours for this row, or was changed since."""


class MasterKeyRefused(Refusal):
    """What was given as master key is none."""


class Sealer:
    """Seals under the current master key; opens what that one or an older one has sealed."""

    def __init__(self, current: bytes, *older: bytes) -> None:
        keys = (current, *older)
        if any(len(key) != KEY_BYTES for key in keys):
            raise MasterKeyRefused(f"a master key has {KEY_BYTES} bytes")
        self._key_id = key_id(current)
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}

    def seal(self, secret: bytes, *, identity: str) -> bytes:
        """Seal a secret for the row of this identity."""
        header = VERSION + self._key_id + os.urandom(NONCE_BYTES)
        return header + self._ciphers[self._key_id].encrypt(header[-NONCE_BYTES:], secret, associated(header, identity))

    def open(self, sealed: bytes, *, identity: str) -> bytes:
        """Open a record of the row of this identity.

        Raises:
            SealBroken: It is none of ours, of another row, or changed.
        """
        header = sealed[:HEADER_BYTES]
        cipher = self._ciphers.get(header[1 : 1 + KEY_ID_BYTES])
        if len(header) < HEADER_BYTES or header[:1] != VERSION or cipher is None:
            raise SealBroken("no record sealed by a master key that is known here")
        try:
            return cipher.decrypt(header[-NONCE_BYTES:], sealed[HEADER_BYTES:], associated(header, identity))
        except InvalidTag:
            raise SealBroken("the sealed record is of another row, or was changed") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the record is sealed under the current master key (rotation seals the others anew)."""
        return sealed[1 : 1 + KEY_ID_BYTES] == self._key_id


def key_id(key: bytes) -> bytes:
    """The eight bytes that name a master key in every record; they tell nothing of it."""
    return hashlib.sha256(b"yett master key id\0" + key).digest()[:KEY_ID_BYTES]


def associated(header: bytes, identity: str) -> bytes:
    """What is authenticated beside the secret: version, key id, and the row's identity."""
    return header[: 1 + KEY_ID_BYTES] + identity.encode()


def take_master_key(environment: MutableMapping[str, str], home: Path) -> bytes:
    """The master key: from the environment, which loses it so that no child inherits it, else from a file of the home.

    The file is made (mode 0600) when there is none.

    Raises:
        MasterKeyRefused: It is not 32 bytes in base64.
    """
    text = environment.pop(ENVIRONMENT_NAME, None)
    if text is not None:
        return parse_master_key(text)
    path = home / FILE_NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return parse_master_key(path.read_text("ascii"))
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def parse_master_key(text: str) -> bytes:
    """Read 32 bytes in base64.

    Raises:
        MasterKeyRefused: It is something else.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyRefused(f"{ENVIRONMENT_NAME} is not {KEY_BYTES} bytes in base64")
    return key

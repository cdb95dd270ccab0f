"""Encoded authorization messages, sealed under the master key: whoever holds that key can open them."""

import base64
import binascii
import zlib
from typing import Final

from yett.adapters.sql.sealing import SealBroken, Sealer

IDENTITY: Final = "sts.authorization-message:"  # and the account
# Ours. With seal and base 64 a message has 3,050 characters: the answer that carries it fits the 4 KiB that reverse
# proxies keep for headers, and the 10,240 characters that DecodeAuthorizationMessage takes.
TEXT_BYTES: Final = 2250  # compressed and filled up
LONGEST_MESSAGE: Final = 10_240  # characters
LONGEST_TEXT: Final = 262_144  # bytes, as it was before


class SealedAuthorizationMessages:
    """The port's answer: the text is compressed, filled up with zeros, sealed, and written in base 64 for URLs."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, text: str, *, account: str) -> str | None:
        """The message, if the text is short enough."""
        raw = text.encode("utf-8", "replace")
        packed = zlib.compress(raw, 9)
        if len(packed) > TEXT_BYTES or len(raw) > LONGEST_TEXT:
            return None
        sealed = self._sealer.seal(packed.ljust(TEXT_BYTES, b"\0"), identity=IDENTITY + account)
        return encode(sealed)

    def open(self, message: str, *, account: str) -> str | None:
        """The text, if the message is one of this account's."""
        if len(message) > LONGEST_MESSAGE:
            return None
        try:
            sealed = base64.b64decode(message + "=" * (-len(message) % 4), b"-_", validate=True)
            packed = self._sealer.open(sealed, identity=IDENTITY + account)
        except (binascii.Error, ValueError, SealBroken):
            return None
        if encode(sealed) != message:  # the last character has bits to spare
            return None
        return zlib.decompressobj().decompress(packed, LONGEST_TEXT).decode()


def encode(sealed: bytes) -> str:
    """Base 64 for URLs, without padding, as AWS's messages are written."""
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

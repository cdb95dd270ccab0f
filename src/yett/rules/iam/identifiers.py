"""Unique ids and access key ids of IAM: made of dice that the caller throws.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

import base64
import binascii
from typing import Final

UNIQUE_ID_CHARACTERS: Final = 17  # after the prefix, of base 32
ACCESS_KEY_CHARACTERS: Final = 20
ACCESS_KEY_DICE: Final = 5  # bytes that `make_access_key_id` wants
SECRET_CHARACTERS: Final = 40
# An access key id is its prefix and ten bytes in base 32: one bit, the account in forty, 39 bits of its own.
# OBSERVED in keys of AWS, whence any tool reads the account of a key.
ACCOUNT_SHIFT: Final = 39
MARK: Final = 1 << 79
INSTANCE_PROFILE_ID: Final = "AIPA"


def make_access_key_id(prefix: str, account: str, dice: bytes) -> str:
    """An access key id of the account: AKIA… or ASIA…, from five random bytes."""
    own = int.from_bytes(dice) & ((1 << ACCOUNT_SHIFT) - 1)
    number = MARK | int(account) << ACCOUNT_SHIFT | own
    return prefix + base64.b32encode(number.to_bytes(10)).decode()


def account_of_access_key(access_key_id: str) -> str | None:
    """The account that an access key id tells of itself, whether there is such a key or not; None if it tells none."""
    if len(access_key_id) != ACCESS_KEY_CHARACTERS:
        return None
    try:
        number = int.from_bytes(base64.b32decode(access_key_id[4:]))
    except binascii.Error:
        return None
    account = str((number & (MARK - 1)) >> ACCOUNT_SHIFT).zfill(12)
    return account if len(account) == 12 else None

"""base64url and JSON, read so that every text has one meaning only."""

import json
from base64 import urlsafe_b64encode
from binascii import Error, a2b_base64
from typing import Any, Final, NoReturn

import msgspec

from yett.tokens.errors import TokenFault, TokenRefused

_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/!!!")  # base64's own letters are none of base64url's
# Letters whose last four, or two, bits are zero: the bits that the last letter of a text may not use.
_LAST_OF_TWO: Final = frozenset("AQgw")
_LAST_OF_THREE: Final = frozenset("AEIMQUYcgkosw048")


def decode_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url; refused unless it is the one way to write them.

    Source: https://www.rfc-editor.org/rfc/rfc7515#section-2
    """
    over = len(text) % 4
    if over and (over == 1 or text[-1] not in (_LAST_OF_TWO if over == 2 else _LAST_OF_THREE)):
        raise TokenRefused(TokenFault.ENCODING, "a part is no canonical base64url")
    try:
        return a2b_base64(text.encode("ascii").translate(_TO_BASE64) + b"=" * (-over % 4), strict_mode=True)
    except (Error, ValueError) as error:
        raise TokenRefused(TokenFault.ENCODING, "a part is no base64url") from error


def encode_base64url(data: bytes) -> str:
    """Unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def parse_object(data: bytes, *, of: str) -> dict[str, Any]:
    """Read a JSON object in UTF-8. A member that stands twice makes it ambiguous: refused, as are NaN, Infinity and
    half a surrogate pair.

    Source: https://www.rfc-editor.org/rfc/rfc7515#section-4
    """
    canonical = parse_canonical_object(data)
    if canonical is not None:
        return canonical
    try:
        text = data.decode("utf-8")  # given bytes, json would guess among encodings
        value = _decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair fails here
    except (ValueError, RecursionError) as error:
        raise TokenRefused(TokenFault.ENCODING, f"the {of} is no JSON object: {error}") from error
    if not isinstance(value, dict):
        raise TokenRefused(TokenFault.ENCODING, f"the {of} is no JSON object")
    return value


def parse_canonical_object(data: bytes) -> dict[str, Any] | None:
    """An object written as it would be written here, as most issuers write it: such a text can have no second meaning.
    None of every other text, good or bad, which ``parse_object`` decides about.
    """
    try:
        value = _read(data)
        return value if _write(value) == data else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_read: Final = msgspec.json.Decoder(dict[str, Any]).decode
_write: Final = msgspec.json.Encoder().encode
_decode: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant).decode

"""Under which key an authorizer's answer is kept."""

from hashlib import blake2b
from struct import Struct
from typing import Final

_pack_two: Final = Struct(">II").pack


def hash_identity(sources: tuple[tuple[str, ...], ...]) -> bytes:
    """A hash over every value of every identity source, in order.

    Each source goes with the number of its values and each value with its length, so that no two pieces of evidence
    share a hash by concatenation. BLAKE2b, since for so few bytes it is done before OpenSSL has found its SHA-256.
    """
    if len(sources) == 1 and len(sources[0]) == 1:  # as it mostly is: the same, in one piece
        encoded = sources[0][0].encode("utf-8", "surrogatepass")
        return blake2b(_pack_two(1, len(encoded)) + encoded).digest()
    pieces = []
    for values in sources:
        pieces.append(len(values).to_bytes(4, "big"))
        for value in values:
            encoded = value.encode("utf-8", "surrogatepass")
            pieces += (len(encoded).to_bytes(4, "big"), encoded)
    return blake2b(b"".join(pieces)).digest()

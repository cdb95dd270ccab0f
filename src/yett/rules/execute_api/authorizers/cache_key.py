"""Under which key an authorizer's answer is kept."""

from hashlib import sha256


def hash_identity(sources: tuple[tuple[str, ...], ...]) -> bytes:
    """A hash over every value of every identity source, in order.

    Each source goes with the number of its values and each value with its length, so that no two pieces of evidence
    share a hash by concatenation.
    """
    pieces = []
    for values in sources:
        pieces.append(len(values).to_bytes(4, "big"))
        for value in values:
            encoded = value.encode("utf-8", "surrogatepass")
            pieces += (len(encoded).to_bytes(4, "big"), encoded)
    return sha256(b"".join(pieces)).digest()

"""Under which key an authorizer's answer is kept."""

from hashlib import sha256


def hash_identity(sources: tuple[tuple[str, ...], ...]) -> bytes:
    """A hash over every value of every identity source, in order.

    Each source goes with the number of its values and each value with its length, so that no two pieces of evidence
    share a hash by concatenation.
    """
    digest = sha256()
    for values in sources:
        digest.update(len(values).to_bytes(4, "big"))
        for value in values:
            encoded = value.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(4, "big"))
            digest.update(encoded)
    return digest.digest()

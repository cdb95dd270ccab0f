"""Under which key an authorizer's answer is kept."""

from hashlib import sha256


def hash_identity(values: tuple[str, ...]) -> bytes:
    """A hash over identity-source values, in order and each with its length, so that no two lists share one by
    concatenation.
    """
    digest = sha256()
    for value in values:
        encoded = value.encode("utf-8", "surrogateescape")
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.digest()

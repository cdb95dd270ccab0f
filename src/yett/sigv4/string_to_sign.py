"""What the signing key signs: algorithm, moment, scope and the canonical request's hash."""

from hashlib import sha256

from yett.sigv4.errors import ALGORITHM
from yett.sigv4.scope import CredentialScope


def string_to_sign(canonical_request: bytes, *, timestamp: str, scope: CredentialScope) -> str:
    """Build the string to sign; it has no trailing newline.

    *timestamp* is the moment of signing as ``20150830T123600Z``.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    return f"{ALGORITHM}\n{timestamp}\n{scope.render()}\n{sha256(canonical_request).hexdigest()}"

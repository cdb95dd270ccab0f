from hashlib import sha256

from yett.sigv4 import CredentialScope
from yett.sigv4.string_to_sign import string_to_sign


def test_it_has_four_lines_and_no_trailing_newline() -> None:
    scope = CredentialScope("20150830", "us-east-1", "iam")
    text = string_to_sign(b"GET", timestamp="20150830T123600Z", scope=scope)
    assert text.split("\n") == [
        "AWS4-HMAC-SHA256",
        "20150830T123600Z",
        "20150830/us-east-1/iam/aws4_request",
        sha256(b"GET").hexdigest(),
    ]

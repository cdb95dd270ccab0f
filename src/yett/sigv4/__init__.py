"""Signature Version 4, as the server checks it and as a client makes it. No clock, no store, no HTTP library.

What an access key's secret is, whether its session token is genuine and what the caller may do are asked elsewhere.
"""

from yett.sigv4.authorization import Expectation, Presented, peek_scope
from yett.sigv4.canonical_request import SignedRequest
from yett.sigv4.comparison import Difference, Outline, compare, outline
from yett.sigv4.errors import Dialect, Fault, SignatureRefused, code_for, message_for, status_for
from yett.sigv4.parts import NotCanonical, read_parts
from yett.sigv4.presented import read_presented
from yett.sigv4.scope import CredentialScope
from yett.sigv4.sign import presign, sign
from yett.sigv4.signing_key import SigningKeys
from yett.sigv4.verify import Verified, check_session_token, verify

__all__ = [
    "CredentialScope",
    "Dialect",
    "Difference",
    "Expectation",
    "Fault",
    "NotCanonical",
    "Outline",
    "Presented",
    "SignatureRefused",
    "SignedRequest",
    "SigningKeys",
    "Verified",
    "check_session_token",
    "code_for",
    "compare",
    "message_for",
    "outline",
    "peek_scope",
    "presign",
    "read_parts",
    "read_presented",
    "sign",
    "status_for",
    "verify",
]

"""Does the signature presented equal the one that the caller's secret makes?"""

import hmac
from datetime import datetime

from msgspec import Struct

from yett.sigv4.authorization import Expectation, Presented, check_moment, check_scope
from yett.sigv4.canonical_request import SignedRequest, canonical_requests, octets
from yett.sigv4.errors import Fault, SignatureRefused
from yett.sigv4.signing_key import SigningKeys, derive_signing_key
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.secret import Secret


class Verified(Struct, frozen=True):
    """What was signed."""

    canonical_request: str
    string_to_sign: str


def verify(
    request: SignedRequest,
    presented: Presented,
    *,
    secret_access_key: Secret,
    now: datetime,
    expectation: Expectation,
    signing_keys: SigningKeys | None = None,
) -> Verified:
    """Check the signature that `read_presented` found in *request*, and once more its moment and scope.

    The caller has found the secret by ``presented.access_key_id`` and has checked the session token.

    Raises:
        SignatureRefused: The signature is another, or moment or scope are not acceptable.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    check_moment(presented.signed_at, now=now, skew_seconds=expectation.skew_seconds)
    check_scope(presented.scope, timestamp=presented.timestamp, expectation=expectation)
    derive = derive_signing_key if signing_keys is None else signing_keys.derive
    signing_key = derive(secret_access_key, presented.scope)
    signature = octets(presented.signature)
    first = Verified("", "")
    spellings = canonical_requests(request, presented.signed_headers, without_signature=presented.form == "query")
    for canonical_request in spellings:
        signed = string_to_sign(octets(canonical_request), timestamp=presented.timestamp, scope=presented.scope)
        computed = hmac.digest(signing_key, octets(signed), "sha256").hex().encode()
        verified = Verified(canonical_request, signed)
        if hmac.compare_digest(computed, signature):
            return verified
        if not first.canonical_request:
            first = verified
    raise SignatureRefused(
        fault=Fault.MISMATCH,
        reason="the signature is another",
        canonical_request=first.canonical_request,
        string_to_sign=first.string_to_sign,
    )


def check_session_token(presented: Presented, *, session_token: Secret | None) -> None:
    """Hold the token presented against the one that the access key was issued with, None for a long-term key.

    Raises:
        SignatureRefused: It is missing, another, or there should be none.
    """
    given = presented.session_token
    if session_token is None:
        genuine = given is None
    else:
        genuine = given is not None and hmac.compare_digest(session_token.reveal().encode(), given.encode())
    if not genuine:
        raise SignatureRefused(fault=Fault.SECURITY_TOKEN_INVALID, reason="the session token is not this key's")

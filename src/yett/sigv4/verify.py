"""Does the signature presented equal the one that the caller's secret makes?"""

import hmac
from datetime import datetime

from msgspec import Struct

from yett.sigv4.authorization import Expectation, Presented, check_moment, check_scope
from yett.sigv4.canonical_request import Signable, canonical_request, octets, other_spellings
from yett.sigv4.errors import Fault, SignatureRefused
from yett.sigv4.signing_key import SigningKey, SigningKeys, derive_signing_key
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.secret import Secret


class Verified(Struct, frozen=True):
    """What was signed."""

    canonical_request: str
    string_to_sign: str


def verify(
    request: Signable,
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
    if presented.read_at is not now or presented.expectation is not expectation:
        check_moment(presented.signed_at, now=now, skew_seconds=expectation.skew_seconds)
        check_scope(presented.scope, timestamp=presented.timestamp, expectation=expectation)
    if signing_keys is None:
        signing_key = SigningKey(derive_signing_key(secret_access_key, presented.scope))
    else:
        signing_key = signing_keys.derive(secret_access_key, presented.scope)
    names, in_query = presented.signed_headers, presented.form == "query"
    first = canonical_request(request, names, without_signature=in_query)
    signed = string_to_sign(octets(first), timestamp=presented.timestamp, scope=presented.scope)
    if _is_same(signing_key.sign(octets(signed)), presented.signature):
        return Verified(first, signed)
    for other in other_spellings(request, first, without_signature=in_query):
        other_signed = string_to_sign(octets(other), timestamp=presented.timestamp, scope=presented.scope)
        if _is_same(signing_key.sign(octets(other_signed)), presented.signature):
            return Verified(other, other_signed)
    raise SignatureRefused(
        fault=Fault.MISMATCH, reason="the signature is another", canonical_request=first, string_to_sign=signed
    )


def _is_same(computed: str, presented: str) -> bool:
    if presented.isascii():
        return hmac.compare_digest(computed, presented)
    return hmac.compare_digest(computed.encode(), octets(presented))


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

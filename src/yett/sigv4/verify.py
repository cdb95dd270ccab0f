"""Does the signature presented equal the one that the caller's secret makes?"""

import hmac
from datetime import datetime

from msgspec import Struct

from yett.sigv4.authorization import Expectation, Presented, check_moment, check_scope
from yett.sigv4.canonical_request import Signable, canonical_request, octets, other_spellings
from yett.sigv4.errors import Fault, SignatureRefused
from yett.sigv4.signing_key import SigningKeys
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.secret import Secret


class Verified(Struct, frozen=True):
    """A request whose signature is good; and what was signed, for those who ask."""

    request: Signable
    presented: Presented
    other_spelling: str | None = None  # of the canonical request: what was signed where that is not AWS's

    @property
    def canonical_request(self) -> str:
        """The canonical request as it was signed."""
        return self.other_spelling or _canonical_request(self.request, self.presented)

    @property
    def string_to_sign(self) -> str:
        """The string to sign, as it was signed."""
        return _string_to_sign(self.canonical_request, self.presented)


def verify(
    request: Signable, presented: Presented, *, signing_keys: SigningKeys, now: datetime, expectation: Expectation
) -> Verified:
    """Check the signature that `read_presented` found in *request*, and once more its moment and scope.

    The caller has found the secret of *signing_keys* by ``presented.access_key_id`` and has checked the session token.

    Raises:
        SignatureRefused: The signature is another, or moment or scope are not acceptable.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    if presented.read_at is not now or presented.expectation is not expectation:
        check_moment(presented.signed_at, now=now, skew_seconds=expectation.skew_seconds)
        check_scope(presented.scope, timestamp=presented.timestamp, expectation=expectation)
    signing_key = signing_keys.get(presented.scope)
    signature = presented.signature if presented.signature.isascii() else ""  # it is hexadecimal, if it is any good
    signed = presented.string_to_sign
    if signed is None or presented.request is not request:
        signed = octets(_string_to_sign(_canonical_request(request, presented), presented))
    if hmac.compare_digest(signing_key.sign(signed), signature):
        return Verified(request, presented)
    first = _canonical_request(request, presented)
    for other in other_spellings(request, first, without_signature=presented.form == "query"):
        if hmac.compare_digest(signing_key.sign(octets(_string_to_sign(other, presented))), signature):
            return Verified(request, presented, other)
    raise SignatureRefused(
        fault=Fault.MISMATCH,
        reason="the signature is another",
        canonical_request=first,
        string_to_sign=signed.decode("latin-1"),
    )


def _canonical_request(request: Signable, presented: Presented) -> str:
    return canonical_request(request, presented.signed_headers, without_signature=presented.form == "query")


def _string_to_sign(canonical_request: str, presented: Presented) -> str:
    return string_to_sign(octets(canonical_request), timestamp=presented.timestamp, scope=presented.scope)


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

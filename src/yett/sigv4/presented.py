"""What a request presents, by what others have presented before it.

A client says the same of itself with each request of a day, up to the signature, and many requests are signed in one
second. Both are remembered, by their text alone, of signatures that were well-formed, in time and scoped to the
endpoint; so what is remembered depends on nothing but its key, and says nothing of whether a signature was good.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from yett.compiled import twin
from yett.sigv4.authorization import Expectation, Presented, read_afresh
from yett.sigv4.canonical_request import Signable, canonical_path
from yett.sigv4.limits import REMEMBERED, REMEMBERED_CHARACTERS, SIGNATURE_CHARACTERS
from yett.sigv4.scope import CredentialScope


class Claim(NamedTuple):
    """What an Authorization header says up to its signature."""

    access_key_id: str
    scope: CredentialScope
    signed_headers: tuple[str, ...]
    session_token_signed: bool
    expectation: Expectation
    skew_seconds: int  # the expectation's
    date: str  # the scope's
    scope_text: str


class Moment(NamedTuple):
    """A moment of signing, and when it is current."""

    signed_at: datetime
    date: str  # its UTC day, YYYYMMDD
    earliest: datetime
    latest: datetime
    skew_seconds: int


_claims: Final[dict[str, Claim]] = {}
_moments: Final[dict[str, Moment]] = {}

# What is plain it reads as `_recall` does, at a tenth of the cost, and puts together what was to sign.
_recall_plainly: Final = twin("yett.sigv4.plain_requests", "recall")


def read_presented(request: Signable, *, now: datetime, expectation: Expectation) -> Presented | None:
    """Read the signature that *request* presents, with every check that needs no secret: as `read_afresh`.

    Returns:
        None if the request presents no signature in either form.

    Raises:
        SignatureRefused: Path or query is malformed, parts are missing, the moment or the scope is not acceptable.
    """
    headers = request.headers
    plain = _recall_plainly(
        request.method,
        request.path,
        request.query,
        headers.lines,
        headers.by_name(),
        request.body,
        now,
        expectation,
        _claims,
        _moments,
        request,
    )
    if plain is not None:
        return Presented(*plain)
    presented = _recall(request, now, expectation)
    if presented is None:
        presented = read_afresh(request, now=now, expectation=expectation)
        if presented is not None and presented.form == "header" and not expectation.is_strict:
            _remember(presented)
    return presented


def _recall(request: Signable, now: datetime, expectation: Expectation) -> Presented | None:
    """What the request presents, if all of it was read before but for the signature."""
    canonical_path(request.path)
    query, named = request.query, request.headers.by_name()
    if query and ("%" in query or "X-Amz-" in query):
        return None
    header, timestamp = named.get("authorization", ""), named.get("x-amz-date", "")
    signature = header[-SIGNATURE_CHARACTERS:]
    claim, moment = _claims.get(header[:-SIGNATURE_CHARACTERS]), _moments.get(timestamp)
    if (
        claim is None
        or moment is None
        or claim.expectation is not expectation
        or moment.skew_seconds != claim.skew_seconds
        or moment.date != claim.date
        or not moment.earliest <= now <= moment.latest
        or "," in signature
        or signature[-1] in " \t"
    ):
        return None
    return Presented(
        "header",
        claim.access_key_id,
        claim.scope,
        claim.signed_headers,
        signature,
        moment.signed_at,
        timestamp,
        named.get("x-amz-security-token"),
        claim.session_token_signed,
        now,
        expectation,
        request,
    )


def _remember(presented: Presented) -> None:
    """Keep what the next request may say again.

    Of a header only where the signature is the last of its pairs, is as long as one is, and neither ends nor continues
    the list: then any other such text in its place is read as the signature likewise, and all before it as now.
    """
    named, scope, expectation = presented.request.headers.by_name(), presented.scope, presented.expectation
    header = named["authorization"]
    claimed, signature = header[:-SIGNATURE_CHARACTERS], header[-SIGNATURE_CHARACTERS:]
    before = claimed.removesuffix("Signature=")
    if (
        signature == presented.signature
        and before != claimed
        and before.rstrip(" \t").endswith(",")
        and len(claimed) <= REMEMBERED_CHARACTERS
    ):
        if len(_claims) >= REMEMBERED:
            _claims.clear()
        _claims[claimed] = Claim(
            access_key_id=presented.access_key_id,
            scope=scope,
            signed_headers=presented.signed_headers,
            session_token_signed=presented.session_token_signed,
            expectation=expectation,
            skew_seconds=expectation.skew_seconds,
            date=scope.date,
            scope_text=scope.text,
        )
    if named.get("x-amz-date") == presented.timestamp:
        skew = timedelta(seconds=expectation.skew_seconds)
        if len(_moments) >= REMEMBERED:
            _moments.clear()
        _moments[presented.timestamp] = Moment(
            signed_at=presented.signed_at,
            date=presented.timestamp[:8],
            earliest=presented.signed_at - skew,
            latest=presented.signed_at + skew,
            skew_seconds=expectation.skew_seconds,
        )

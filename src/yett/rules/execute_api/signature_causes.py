"""Why a signature does not match: likely slips of clients and of hops on the way, tried one by one until one fits.

What a slip would have made the client sign is rebuilt from the request as received; if the signature presented is that
one's, the cause is known. Nothing here lets anybody in, and what is told holds neither secret nor signature.
"""

import hmac
from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct, structs

from yett.sigv4 import CredentialScope, Expectation, Fault, Presented, SignatureRefused, SignedRequest
from yett.sigv4.canonical_request import (
    EMPTY_BODY_HASH,
    canonical_headers,
    canonical_path,
    canonical_query,
    decode,
    octets,
    payload_hash,
)
from yett.sigv4.parts import Parts
from yett.sigv4.signing_key import derive_signing_key
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.http import Headers
from yett.values.secret import Secret

TRIES: Final = 24  # signatures computed for one refusal, at most
HEADER_TRIES: Final = 8  # of them for headers
BODY_BYTES: Final = 1024 * 1024  # a larger body is hashed no further time
FORWARDED_HOST: Final = "x-forwarded-host"
CONTENT_HASH: Final = "x-amz-content-sha256"
# What hops add, extend or rewrite most: tried before other signed headers.
TOUCHED: Final = ("x-forwarded-for", "content-type", "accept-encoding", "accept", "user-agent", "connection", "via")
NEVER_DROPPED: Final = frozenset({"host", ":authority", "x-amz-date"})
SERVICES: Final = ("execute-api", "apigateway", "lambda", "sts")


class Slip(Struct, frozen=True, kw_only=True):
    """What may have gone wrong, and what the client would then have signed."""

    text: str
    parts: Parts
    scope: CredentialScope | None = None  # of the signing key; None: as presented
    trimmed: bool = False  # the secret had white space at its end


def find_cause(
    request: SignedRequest, presented: Presented, *, secret_access_key: Secret, expectation: Expectation
) -> str | None:
    """The slip under which the signature fits, in words; None where none of them does.

    The caller has found the signature to be another and has limited how often this is asked.
    """
    try:
        slips = islice(_slips(request, presented, expectation), TRIES)
        for slip in slips:
            secret = Secret(secret_access_key.reveal() + "\n") if slip.trimmed else secret_access_key
            signing_key = derive_signing_key(secret, slip.scope or presented.scope)
            signed = string_to_sign(octets(slip.parts.render()), timestamp=presented.timestamp, scope=presented.scope)
            computed = hmac.digest(signing_key, octets(signed), "sha256").hex().encode()
            if hmac.compare_digest(computed, octets(presented.signature)):
                return slip.text
    except SignatureRefused:
        return None
    return None


def name_cause(refusal: SignatureRefused) -> str | None:
    """What a refusal for its moment or scope says of the client."""
    match refusal.fault:
        case Fault.EXPIRED | Fault.NOT_YET_CURRENT if refusal.signed_at is not None and refusal.now is not None:
            seconds = round((refusal.now - refusal.signed_at).total_seconds())
            word = "behind" if seconds > 0 else "ahead"
            return (
                f"the clock: it was signed at {refusal.signed_at:%Y-%m-%dT%H:%M:%SZ} and came in at "
                f"{refusal.now:%Y-%m-%dT%H:%M:%SZ}, so the client's clock is {abs(seconds)} s {word}, or an old "
                "request was sent again"
            )
        case Fault.CREDENTIAL_SCOPE:
            names = {fault[0]: fault for fault in refusal.scope_faults}
            if "region" in names:
                return f"the region: it was signed for `{names['region'][1]}`, which is not the API's"
            if "service" in names:
                return f"the service: this API wants signatures for `{names['service'][1]}`"
            return None
        case _:
            return None


def _slips(request: SignedRequest, presented: Presented, expectation: Expectation) -> Iterator[Slip]:
    """Slips, the likeliest first."""
    names = presented.signed_headers
    without_signature = presented.form == "query"
    right = Parts(
        method=request.method.upper(),
        path=canonical_path(request.path),
        query=canonical_query(request.query, without_signature=without_signature),
        headers=canonical_headers(request.headers, names),
        signed_headers=";".join(names),
        body_hash=payload_hash(request.body) if len(request.body) <= BODY_BYTES else EMPTY_BODY_HASH,
    )
    yield from _hosts(request, presented, right)
    yield from _queries(request, right)
    yield from _paths(request, right)
    yield from _bodies(request, right)
    yield from islice(_headers(request, presented, right), HEADER_TRIES)
    yield from _keys(presented, right, expectation)
    other = "GET" if right.method != "GET" else "POST"
    yield Slip(
        text=f"the method: {other} was signed, {right.method} came in", parts=structs.replace(right, method=other)
    )


def _hosts(request: SignedRequest, presented: Presented, right: Parts) -> Iterator[Slip]:
    host = request.headers.get("host") or ""
    bare = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    forwarded = (request.headers.get(FORWARDED_HOST) or "").split(",")[0].strip()
    seen = {host}
    for signed in (forwarded, forwarded.partition(":")[0], bare, f"{bare}:443", f"{bare}:80"):
        if not signed or signed in seen:
            continue
        seen.add(signed)
        headers = Headers.of(
            ("Host", signed) if name.lower() == "host" else (name, value) for name, value in request.headers.lines
        )
        hop = "a proxy has rewritten it" if signed.partition(":")[0] != bare else "its port was added or taken off"
        yield Slip(
            text=f"the host: `{signed}` was signed, `{host}` came in; {hop}",
            parts=structs.replace(right, headers=canonical_headers(headers, presented.signed_headers)),
        )


def _queries(request: SignedRequest, right: Parts) -> Iterator[Slip]:
    if not request.query:
        return
    if "%20" in right.query:
        yield Slip(
            text="the query: a space was signed as `+`; a signature has it as `%20`",
            parts=structs.replace(right, query=right.query.replace("%20", "+")),
        )
    if "+" in request.query:
        literal = canonical_query(request.query.replace("+", "%2B"), without_signature=False)
        yield Slip(
            text="the query: a `+` was meant as it stands, which is sent as `%2B`",
            parts=structs.replace(right, query=literal),
        )
    as_sent = "&".join(item if "=" in item else f"{item}=" for item in request.query.split("&"))
    if as_sent != right.query:
        yield Slip(
            text="the query: it was signed in the order sent; a signature has its parameters sorted",
            parts=structs.replace(right, query=as_sent),
        )
    yield Slip(text="the query: it was not signed", parts=structs.replace(right, query=""))


def _paths(request: SignedRequest, right: Parts) -> Iterator[Slip]:
    seen = {right.path}
    _, _, below_stage = request.path[1:].partition("/")
    for path, text in (
        (request.path, "it was encoded once; a signature for this service has it encoded twice"),
        (canonical_path(right.path), "it was encoded once too often"),
        (decode(request.path), "it was signed without its escapes"),
        (canonical_path(f"/{below_stage}"), "it was signed without the stage, which a hop has put before it"),
    ):
        if path not in seen:
            seen.add(path)
            yield Slip(text=f"the path: {text}", parts=structs.replace(right, path=path))


def _bodies(request: SignedRequest, right: Parts) -> Iterator[Slip]:
    declared = request.headers.get(CONTENT_HASH)
    for body_hash, text in (
        ("UNSIGNED-PAYLOAD", "it was left unsigned (`UNSIGNED-PAYLOAD`), which S3 alone accepts"),
        (declared, f"another body was signed: `{CONTENT_HASH}` is not the hash of the one that came in"),
        (EMPTY_BODY_HASH, "the request was signed as if it had none"),
    ):
        if body_hash is not None and body_hash != right.body_hash:
            yield Slip(text=f"the body: {text}", parts=structs.replace(right, body_hash=body_hash))


def _keys(presented: Presented, right: Parts, expectation: Expectation) -> Iterator[Slip]:
    scope = presented.scope
    for service in SERVICES:
        if service != scope.service:
            yield Slip(
                text=f"the service: the signing key was made for `{service}`, not for `{expectation.service}`",
                parts=right,
                scope=structs.replace(scope, service=service),
            )
    if scope.region != "us-east-1":
        yield Slip(
            text=f"the region: the signing key was made for `us-east-1`, not for `{scope.region}`",
            parts=right,
            scope=structs.replace(scope, region="us-east-1"),
        )
    yield Slip(text="the secret: the client's has a line break at its end", parts=right, trimmed=True)


def _headers(request: SignedRequest, presented: Presented, right: Parts) -> Iterator[Slip]:
    """Signed headers that a hop has added, extended or spaced otherwise."""
    names = [name for name in presented.signed_headers if name not in NEVER_DROPPED]
    names.sort(key=lambda name: TOUCHED.index(name) if name in TOUCHED else len(TOUCHED))
    for name in names:
        values = request.headers.get_all(name)
        kept = Headers.of(line for line in request.headers.lines if line[0].lower() != name)
        if len(values) > 1 or (values and "," in values[0]):
            first = values[0] if len(values) > 1 else values[0].rpartition(",")[0]
            yield Slip(
                text=f"header `{name}`: a hop has added to it",
                parts=structs.replace(
                    right, headers=canonical_headers(kept.with_line(name, first), presented.signed_headers)
                ),
            )
        elif values and ";" in values[0]:
            yield Slip(
                text=f"header `{name}`: a hop has added a parameter to it",
                parts=structs.replace(
                    right,
                    headers=canonical_headers(
                        kept.with_line(name, values[0].partition(";")[0]), presented.signed_headers
                    ),
                ),
            )
        if values and values[0] != " ".join(values[0].split()):
            raw = right.headers.replace(f"{name}:{' '.join(values[0].split())}\n", f"{name}:{values[0]}\n")
            yield Slip(
                text=f"header `{name}`: it was signed with its white space, which a signature has as one space",
                parts=structs.replace(right, headers=raw),
            )
        others = [each for each in presented.signed_headers if each != name]
        yield Slip(
            text=f"header `{name}`: the client's canonical request lacked it, though it is listed as signed",
            parts=structs.replace(right, headers=canonical_headers(request.headers, others)),
        )
        yield Slip(
            text=f"header `{name}`: it was signed empty; a hop has given it a value",
            parts=structs.replace(right, headers=canonical_headers(kept, presented.signed_headers)),
        )

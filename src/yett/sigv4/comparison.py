"""The canonical request that a client says it signed, held against the one that came in.

Of the latter an outline is enough, which holds no header or query value that could be a secret: salted digests stand
for them.
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from yett.sigv4.canonical_request import EMPTY_BODY_HASH, canonical_path
from yett.sigv4.errors import SignatureRefused
from yett.sigv4.parts import Parts

OUTLINED_CHARACTERS: Final = 16 * 1024  # ours: of a longer canonical request no outline is made
SHOWN_CHARACTERS: Final = 200  # ours: of a header's value
DIGEST_BYTES: Final = 16
# Headers whose values are no secrets, and tell best what a hop has done.
SHOWN: Final = frozenset(
    {
        "host", ":authority", "date", "x-amz-date", "x-amz-content-sha256", "content-type", "content-length",
        "content-md5", "accept", "accept-encoding", "accept-language", "connection", "user-agent",
    }
)  # fmt: skip


class Field(Struct, frozen=True):
    """A header or query parameter: its name, a digest of its value, and the value where that is no secret."""

    name: str
    digest: bytes
    shown: str | None = None


class Outline(Struct, frozen=True, kw_only=True):
    """What is kept of a canonical request. No value can be had from it that is not shown."""

    salt: bytes
    method: str
    path: str
    query: tuple[Field, ...]
    headers: tuple[Field, ...]
    signed_headers: str
    body_hash: str
    timestamp: str  # of the string to sign
    scope: str  # likewise: date/region/service/aws4_request


class Difference(Struct, frozen=True, kw_only=True):
    """One place where the two are not the same. A value that may be secret is not in it."""

    part: str  # method, path, query, header, signed headers, body
    message: str
    signed: str | None = None  # by the client
    received: str | None = None


def outline(canonical_request: str, string_to_sign: str, *, salt: bytes) -> Outline | None:
    """What to keep of a canonical request and its string to sign; None if there is none, or it is too long.

    *salt* are 16 random octets, for this one alone.
    """
    if not canonical_request or len(canonical_request) > OUTLINED_CHARACTERS:
        return None
    parts = Parts.of(canonical_request)
    _, timestamp, scope, _ = string_to_sign.split("\n")
    return Outline(
        salt=salt,
        method=parts.method,
        path=parts.path,
        query=tuple(Field(name, _digest(value, salt)) for name, value in _query(parts)),
        headers=tuple(
            Field(name, _digest(value, salt), value[:SHOWN_CHARACTERS] if name in SHOWN else None)
            for name, value in _headers(parts)
        ),
        signed_headers=parts.signed_headers,
        body_hash=parts.body_hash,
        timestamp=timestamp,
        scope=scope,
    )


def compare(signed: Parts, received: Outline) -> tuple[Difference, ...]:
    """Where the client's canonical request differs from what came in, in the order of its lines."""
    return tuple(_differences(signed, received))


def _differences(signed: Parts, received: Outline) -> Iterator[Difference]:
    if signed.method != received.method:
        message = f"{signed.method} was signed, {received.method} came in"
        yield Difference(part="method", message=message, signed=signed.method, received=received.method)
    if signed.path != received.path:
        message = _about_path(signed.path, received.path)
        yield Difference(part="path", message=message, signed=signed.path, received=received.path)
    yield from _about_query(signed, received)
    yield from _about_headers(signed, received)
    if signed.signed_headers != received.signed_headers:
        yield Difference(
            part="signed headers",
            message="the list in the canonical request is not the `SignedHeaders` that were sent",
            signed=signed.signed_headers,
            received=received.signed_headers,
        )
    if signed.body_hash != received.body_hash:
        message = _about_body(signed.body_hash, received.body_hash)
        yield Difference(part="body", message=message, signed=signed.body_hash, received=received.body_hash)


def _about_path(signed: str, received: str) -> str:
    try:
        if canonical_path(signed) == received:
            return "it was encoded once; a signature for this service has it encoded twice"
        if canonical_path(received) == signed:
            return "it was encoded once too often"
    except SignatureRefused:
        return "it is none that could be sent"
    if received.endswith(signed):
        front = received.removesuffix(signed)
        return f"it was signed without `{front}`, which a hop has put before it, or the client's base URL lacks"
    if signed.endswith(received):
        return f"`{signed.removesuffix(received)}` at its front was signed; a hop has taken it off"
    return "another was signed"


def _about_query(signed: Parts, received: Outline) -> Iterator[Difference]:
    ours = [(field.name, field.digest) for field in received.query]
    theirs = [(name, _digest(value, received.salt)) for name, value in _query(signed)]
    if theirs == ours:
        if not all("=" in item for item in signed.query.split("&") if item):
            yield Difference(part="query", message="a parameter without a value is signed with its `=` all the same")
        return
    if not theirs:
        yield Difference(part="query", message="it was not signed")
        return
    spaced = [(name.replace("+", "%20"), value.replace("+", "%20")) for name, value in _query(signed)]
    respaced = sorted((name, _digest(value, received.salt)) for name, value in spaced)
    if "+" in signed.query and respaced == sorted(ours):
        yield Difference(part="query", message="a space was signed as `+`; a signature has it as `%20`")
        return
    if sorted(theirs) == sorted(ours):
        yield Difference(part="query", message="its parameters were signed in another order; a signature sorts them")
        return
    names, own = Counter(name for name, _ in theirs), Counter(name for name, _ in ours)
    for name in sorted(names.keys() | own.keys()):
        if names[name] < own[name]:
            yield Difference(part="query", message=f"parameter `{name}` was not signed, and came in")
        elif names[name] > own[name]:
            yield Difference(part="query", message=f"parameter `{name}` was signed, and did not come in")
        elif Counter(pair for pair in theirs if pair[0] == name) != Counter(pair for pair in ours if pair[0] == name):
            yield Difference(part="query", message=f"parameter `{name}` was signed with another value or encoding")


def _about_headers(signed: Parts, received: Outline) -> Iterator[Difference]:
    theirs = dict(_headers(signed))
    ours = {field.name: field for field in received.headers}
    for name, field in ours.items():
        if name not in theirs:
            message = f"`{name}` is listed as signed, and the canonical request lacks it"
            yield Difference(part="header", message=message, received=field.shown)
        elif _digest(theirs[name], received.salt) != field.digest:
            shown = None if field.shown is None else theirs[name][:SHOWN_CHARACTERS]
            message = _about_value(name, theirs[name], field, received.salt)
            yield Difference(part="header", message=message, signed=shown, received=field.shown)
    for name in theirs:
        if name not in ours:
            yield Difference(part="header", message=f"`{name}` was signed, and is not among the `SignedHeaders` sent")


def _about_value(name: str, signed: str, received: Field, salt: bytes) -> str:
    if _digest(" ".join(signed.split()), salt) == received.digest:
        return f"`{name}` was signed with its white space, which a signature has as one space"
    if received.digest == _digest("", salt):
        return f"`{name}` was signed, and did not come in: the client or a hop has left it out"
    if name in ("host", ":authority") and received.shown is not None:
        if signed.partition(":")[0] == received.shown.partition(":")[0]:
            return "the host's port was added or taken off on the way"
        return "the host was rewritten on the way, or the client signed for another"
    return f"`{name}` was signed with another value: the client or a hop has changed it"


def _about_body(signed: str, received: str) -> str:
    if signed.startswith(("UNSIGNED", "STREAMING")):
        return f"it was left unsigned (`{signed}`), which S3 alone accepts"
    if signed == EMPTY_BODY_HASH:
        return "the request was signed as if it had none"
    if received == EMPTY_BODY_HASH:
        return "one was signed, and none came in"
    return "another was signed than came in"


def _query(parts: Parts) -> list[tuple[str, str]]:
    pairs = [item.partition("=") for item in parts.query.split("&")] if parts.query else []
    return [(name, value) for name, _, value in pairs]


def _headers(parts: Parts) -> list[tuple[str, str]]:
    lines = [(line[:1], line[1:].partition(":")) for line in parts.headers.split("\n")[:-1]]  # `:authority` is a name
    return [(first + name, value) for first, (name, _, value) in lines]


def _digest(value: str, salt: bytes) -> bytes:
    return blake2b(value.encode("utf-8", "surrogatepass"), key=salt, digest_size=DIGEST_BYTES).digest()

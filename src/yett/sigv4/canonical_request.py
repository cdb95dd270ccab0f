"""The canonical request: one spelling for all the ways to write the same request.

Octets beyond ASCII are carried as Latin-1 characters, as everywhere in `yett.values.http`, so that what is hashed is
what was on the wire.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, Protocol, Self

from msgspec import Struct

from yett.compiled import twin
from yett.sigv4.errors import Fault, SignatureRefused
from yett.sigv4.limits import QUERY_PARAMETERS
from yett.values.http import Headers, HttpRequest

EMPTY_BODY_HASH: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SIGNATURE_PARAMETER: Final = "X-Amz-Signature"

_UNRESERVED: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PATH_PLAIN: Final = _UNRESERVED + b"/"
_QUERY_PLAIN: Final = _UNRESERVED + b"=&"
_VISIBLE: Final = bytes(range(0x21, 0x7F))
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_ENCODED: Final = tuple(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in range(256))
_ENCODED_PATH: Final = tuple("/" if octet == 0x2F else _ENCODED[octet] for octet in range(256))


class Signable(Protocol):
    """What a signature covers of a request. Whoever checks one reads it from the `HttpRequest` itself."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def body(self) -> bytes: ...


class SignedRequest(Struct, frozen=True):
    """What a signature covers of a request, by itself."""

    method: str
    path: str  # as on the request line, percent-encoded, up to "?"
    query: str  # raw, without "?"
    headers: Headers
    body: bytes

    @classmethod
    def of(cls, request: HttpRequest, *, path: str | None = None, host: str | None = None) -> Self:
        """The request as received; *path* and *host* where a trusted proxy says that the client signed others."""
        headers = request.headers
        if host is not None:
            headers = headers.without("host").with_line("Host", host)
        return cls(request.method, request.path if path is None else path, request.query, headers, request.body)


def canonical_requests(request: Signable, signed_headers: Sequence[str], *, without_signature: bool) -> Iterator[str]:
    """The canonical request, then the other spellings that clients have been seen to sign.

    *without_signature* leaves the first ``X-Amz-Signature`` out of the query, as the query form needs.

    Raises:
        SignatureRefused: Path or query is malformed.
    """
    first = canonical_request(request, signed_headers, without_signature=without_signature)
    yield first
    yield from other_spellings(request, first, without_signature=without_signature)


def canonical_request(request: Signable, signed_headers: Sequence[str], *, without_signature: bool) -> str:
    """The canonical request as AWS spells it.

    Raises:
        SignatureRefused: Path or query is malformed.
    """
    if not without_signature:
        lines, named = request.headers.lines, request.headers.by_name()
        plain: str | None = _spell_plainly(
            request.method, request.path, request.query, lines, named, tuple(signed_headers), request.body
        )
        if plain is not None:
            return plain
    return spell(request, signed_headers, without_signature=without_signature)


# What is plain it spells as `spell` does, at a tenth of the cost.
_spell_plainly: Final = twin("yett.sigv4.plain_requests", "spell")


def spell(request: Signable, signed_headers: Sequence[str], *, without_signature: bool) -> str:
    """The definition of `canonical_request`."""
    path = canonical_path(request.path)
    query = canonical_query(request.query, without_signature=without_signature)
    headers = canonical_headers(request.headers, signed_headers)
    body_hash = payload_hash(request.body)
    return f"{request.method.upper()}\n{path}\n{query}\n{headers}\n{';'.join(signed_headers)}\n{body_hash}"


def other_spellings(request: Signable, canonical_request: str, *, without_signature: bool) -> Iterator[str]:
    """The other spellings of a canonical request of AWS's spelling.

    They exist only where the path has needless escapes, or the query escapes that AWS would spell otherwise: then the
    client may have signed the path without the former, and the query as it sent it. Each stands for the same octets, so
    none lets a signature be carried over to another request.
    """
    if "%" not in request.path and not request.query:
        return
    method, path = request.method.upper(), canonical_path(request.path)
    query = canonical_query(request.query, without_signature=without_signature)
    tail = canonical_request[len(method) + len(path) + len(query) + 3 :]  # three newlines
    plain_path = canonical_path(_without_needless_escapes(request.path))
    plain_query = _query_as_sent(request.query, without_signature=without_signature)
    paths = (path,) if plain_path == path else (path, plain_path)
    queries = (query,) if plain_query == query else (query, plain_query)
    yield from (f"{method}\n{one}\n{two}\n{tail}" for one in paths for two in queries if (one, two) != (path, query))


def canonical_path(path: str) -> str:
    """Normalise the path and encode it once more: ``/a%20b`` becomes ``/a%2520b``.

    Raises:
        SignatureRefused: It is not absolute, leads above the root, or has a malformed escape.
    """
    if not path:
        return "/"
    raw = octets(path)
    plain = not raw.translate(None, _PATH_PLAIN)
    if path[0] != "/":
        raise SignatureRefused(fault=Fault.PATH, reason="the path is not absolute", detail="Bad Request")
    if not plain and "%" in path:
        _check_escapes(path, Fault.PATH)
    if "//" in path or "/." in path:
        path = _without_dot_segments(path)
        raw = octets(path)
    return path if plain else "".join(map(_ENCODED_PATH.__getitem__, raw))


def canonical_query(query: str, *, without_signature: bool) -> str:
    """Decode, encode, sort by name and then by value.

    Raises:
        SignatureRefused: It has a malformed escape, or too many parameters.
    """
    if not query:
        return ""
    pairs = parse_query(query)
    if without_signature:
        _remove_signature(pairs)
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def parse_query(query: str) -> list[tuple[str, str]]:
    """The parameters in the order sent, in their canonical encoding; a missing ``=`` is an empty value.

    Raises:
        SignatureRefused: It has a malformed escape, or too many parameters.
    """
    if not query:
        return []
    items = query.split("&")
    if len(items) > QUERY_PARAMETERS:
        raise SignatureRefused(fault=Fault.TOO_LARGE, reason="too many query parameters")
    plain = not octets(query).translate(None, _QUERY_PLAIN)
    pairs = []
    for item in items:
        name, _, value = item.partition("=")
        if not plain:
            name, value = _recode(name), _recode(value)
        elif "=" in value:
            value = value.replace("=", "%3D")
        pairs.append((name, value))
    return pairs


def canonical_headers(headers: Headers, signed_headers: Sequence[str]) -> str:
    """One ``name:value`` line for each signed header, in the order the client lists them, each with its newline.

    A listed header that the request lacks has an empty value. Several lines of one name are joined by commas.
    """
    named = headers.by_name()
    if len(named) == len(headers.lines) and ":authority" not in signed_headers:
        block = "".join([f"{name}:{named.get(name, '')}\n" for name in signed_headers])
        # Where there is no white space at all, no value has any that would be taken out.
        if octets(block).translate(None, _VISIBLE) == b"\n" * len(signed_headers):
            return block
    return _canonical_headers(headers, signed_headers)


def _canonical_headers(headers: Headers, signed_headers: Sequence[str]) -> str:
    values: dict[str, str] = {}
    for name, value in headers.lines:
        lower = name.lower()
        text = canonical_header_value(value)
        values[lower] = f"{values[lower]},{text}" if lower in values else text
    if ":authority" in signed_headers:  # what HTTP/2 calls the host
        values.setdefault(":authority", values.get("host", ""))
    return "".join([f"{name}:{values.get(name, '')}\n" for name in signed_headers])


def canonical_header_value(value: str) -> str:
    """The value without white space around it, and runs of white space within as one space.

    A folded value counts as a line for each of its lines, as AWS's published test suite has it (its case
    ``get-header-value-multiline``). Over HTTP none arrives: the edge refuses folding.
    """
    if value.isascii() and value.isprintable() and "  " not in value and value == value.strip():
        return value
    return b",".join([b" ".join(line.split()) for line in octets(value).split(b"\n")]).decode("latin-1")


def payload_hash(body: bytes) -> str:
    """The hash of the body received, in lower-case hex, whatever ``x-amz-content-sha256`` says.

    OBSERVED: execute-api hashes what it received; ``UNSIGNED-PAYLOAD`` and its like are S3's alone.
    """
    return sha256(body).hexdigest() if body else EMPTY_BODY_HASH


def octets(text: str) -> bytes:
    """The octets that *text* stood for on the wire.

    Raises:
        SignatureRefused: A character is no octet, so nothing on the wire can have been read as it.
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise SignatureRefused(fault=Fault.MISMATCH, reason="a character beyond Latin-1") from None


def decode(text: str) -> str:
    """Percent-decode a name or value of `parse_query` to Latin-1 characters."""
    if "%" not in text:
        return text
    first, *rest = text.split("%")
    return first + "".join([chr(int(part[:2], 16)) + part[2:] for part in rest])


def encode(text: str) -> str:
    """Percent-encode every octet but the unreserved."""
    raw = octets(text)
    return "".join(map(_ENCODED.__getitem__, raw)) if raw.translate(None, _UNRESERVED) else text


def _recode(text: str) -> str:
    if "%" in text:
        _check_escapes(text, Fault.QUERY)
    # UNCERTAIN: a literal plus as a space on execute-api; SDKs never send one.
    return encode(decode(text.replace("+", " ")))


def _check_escapes(text: str, fault: Fault) -> None:
    for part in text.split("%")[1:]:
        digits = part[:2]
        if len(digits) < 2:
            detail = "Incomplete trailing escape % sequence"
        elif not _HEX.issuperset(digits):
            detail = f"Illegal hex character in escape % pattern: %{digits}"
        else:
            continue
        raise SignatureRefused(fault=fault, reason="malformed percent escape", detail=detail)


def _without_dot_segments(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if not segments:
                raise SignatureRefused(fault=Fault.PATH, reason="the path leads above the root", detail="Bad Request")
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    trailing = "/" if path.endswith("/") and segments else ""
    return "/" + "/".join(segments) + trailing


def _without_needless_escapes(path: str) -> str:
    """Unreserved octets decoded (``%7E`` is ``~``), hex digits in upper case; escaped dot segments stay escaped."""
    if "%" not in path:
        return path
    return "/".join([_plain_segment(segment) for segment in path.split("/")])


def _plain_segment(segment: str) -> str:
    first, *rest = segment.split("%")
    plain = first + "".join([_ENCODED[int(part[:2], 16)] + part[2:] for part in rest])
    return segment if plain in (".", "..") else plain


def _query_as_sent(query: str, *, without_signature: bool) -> str:
    if not query:
        return ""
    pairs = [(name, value) for name, _, value in (item.partition("=") for item in query.split("&"))]
    if without_signature:
        _remove_signature(pairs)
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _remove_signature(pairs: list[tuple[str, str]]) -> None:
    # Only the first is the signature; a second one is a parameter like any other, and signed like any other.
    for index, (name, _) in enumerate(pairs):
        if name == SIGNATURE_PARAMETER:
            del pairs[index]
            return

"""What a request presents: the parts of its Authorization header, or of its query string."""

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

from yett.sigv4.canonical_request import Signable, canonical_path, decode, octets, parse_query
from yett.sigv4.errors import ALGORITHM, Fault, SignatureRefused
from yett.sigv4.limits import AUTHORIZATION_CHARACTERS, SIGNED_HEADERS
from yett.sigv4.scope import TERMINATOR, CredentialScope
from yett.values.timestamps import parse_iso, render_basic

# The order in which missing parts are named (spec 02, section 4, 6d and 7d).
HEADER_PARTS: Final = ("Credential", "Signature", "SignedHeaders")
QUERY_PARTS: Final = ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# The date is in the string to sign; a token of another's would not fit the key.
MAY_BE_UNSIGNED: Final = frozenset({"x-amz-date", "x-amz-security-token"})


class Expectation(Struct, frozen=True, kw_only=True):
    """What the endpoint accepts."""

    service: str  # signing name, e.g. "execute-api"
    region: str | None  # None where any region will do, as for global services
    skew_seconds: int  # either way; limits.SKEW_SECONDS for execute-api, limits.IAM_STS_SKEW_SECONDS for IAM and STS
    # Whether every x-amz-... header must be signed. UNCERTAIN what execute-api asks beside the host: it takes a token
    # that was added after signing (OBSERVED), so the rest is let pass too, unless one chooses otherwise.
    is_strict: bool = False


class Presented(Struct, frozen=True):
    """A signature as presented: well-formed, in time and scoped to the endpoint, and not yet verified."""

    form: Literal["header", "query"]
    access_key_id: str
    scope: CredentialScope
    signed_headers: tuple[str, ...]  # in lower case, in the client's order
    signature: str  # as sent; 64 hex digits if it is any good
    signed_at: datetime  # aware, UTC
    timestamp: str  # signed_at as the string to sign has it, 20150830T123600Z
    session_token: str | None
    session_token_signed: bool  # OBSERVED: execute-api accepts a token header that was added after signing
    read_at: datetime  # the moment for which it was found to be in time
    expectation: Expectation  # what it was found to meet
    request: Signable  # what it was read from
    string_to_sign: bytes | None = None  # of that request as AWS spells it, where it is known already


def read_afresh(request: Signable, *, now: datetime, expectation: Expectation) -> Presented | None:
    """Read the signature that *request* presents, with every check that needs no secret, in AWS's order.

    Returns:
        None if the request presents no signature in either form.

    Raises:
        SignatureRefused: Path or query is malformed, parts are missing, the moment or the scope is not acceptable.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html (and spec 02, section 4)
    """
    canonical_path(request.path)
    parameters = _authentication_parameters(request.query)
    header = request.headers.get("authorization")
    if header:
        if "X-Amz-Algorithm" in parameters:
            raise SignatureRefused(fault=Fault.BOTH_PRESENT, reason="signed in the header and in the query")
        read = _read_header(request, header)
    elif parameters:
        read = _read_query(parameters)
    else:
        return None
    names = tuple(read.signed_headers.split(";"))
    if len(names) > SIGNED_HEADERS:
        raise SignatureRefused(fault=Fault.TOO_LARGE, reason="too many signed headers")
    if "host" not in names and ":authority" not in names:
        raise SignatureRefused(fault=Fault.HOST_NOT_SIGNED, reason="the host is not signed")
    if expectation.is_strict:
        check_signed_headers(request, names)
    signed_at, timestamp = _parse_moment(read.date, lenient=read.date_is_http)
    check_moment(signed_at, now=now, skew_seconds=expectation.skew_seconds)
    access_key_id, scope = CredentialScope.parse_credential(read.credential)
    check_scope(scope, timestamp=timestamp, expectation=expectation)
    return Presented(
        form=read.form,
        access_key_id=access_key_id,
        scope=scope,
        signed_headers=names,
        signature=read.signature,
        signed_at=signed_at,
        timestamp=timestamp,
        session_token=read.session_token,
        session_token_signed=read.form == "query" or "x-amz-security-token" in names,
        read_at=now,
        expectation=expectation,
        request=request,
    )


def peek_scope(request: Signable) -> CredentialScope | None:
    """The scope that *request* claims, unchecked: only to choose the endpoint it means. None where there is none."""
    try:
        credential = _authentication_parameters(request.query).get("X-Amz-Credential")
        header = request.headers.get("authorization")
        if header:
            credential = _header_items(header)[1].get("Credential")
        return None if credential is None else CredentialScope.parse_credential(credential)[1]
    except SignatureRefused:
        return None


def check_signed_headers(request: Signable, signed_headers: tuple[str, ...]) -> None:
    """Hold the request's headers against those that are signed.

    Raises:
        SignatureRefused: An ``x-amz-...`` header is not signed: whoever is on the way may have put it there.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    for name in sorted(request.headers.names()):
        if name.startswith("x-amz-") and name not in MAY_BE_UNSIGNED and name not in signed_headers:
            raise SignatureRefused(fault=Fault.HEADER_NOT_SIGNED, reason="a header is not signed", detail=name)


def check_moment(signed_at: datetime, *, now: datetime, skew_seconds: int) -> None:
    """Hold the moment of signing against the clock.

    Raises:
        SignatureRefused: They are more than *skew_seconds* apart.
    """
    seconds = (now - signed_at).total_seconds()
    if -skew_seconds <= seconds <= skew_seconds:
        return
    fault = Fault.EXPIRED if seconds > 0 else Fault.NOT_YET_CURRENT
    raise SignatureRefused(
        fault=fault, reason="signed too far from now", signed_at=signed_at, now=now, skew_seconds=skew_seconds
    )


def check_scope(scope: CredentialScope, *, timestamp: str, expectation: Expectation) -> None:
    """Hold the credential scope against the endpoint and the moment of signing.

    Raises:
        SignatureRefused: Region, service, terminator or date is another; all that are wrong are named.
    """
    faults: list[tuple[str, ...]] = []
    if expectation.region is not None and scope.region != expectation.region:
        faults.append(("region", scope.region))
    if scope.service != expectation.service:
        faults.append(("service", expectation.service))
    if scope.terminator != TERMINATOR:
        faults.append(("terminator", scope.terminator))
    if scope.date != timestamp[:8]:
        faults.append(("date", scope.date, timestamp[:8], timestamp))
    if faults:
        raise SignatureRefused(fault=Fault.CREDENTIAL_SCOPE, reason="scoped to another use", scope_faults=tuple(faults))


class _Read(Struct, frozen=True, kw_only=True):
    form: Literal["header", "query"]
    credential: str
    signed_headers: str
    signature: str
    date: str
    date_is_http: bool  # from the Date header, which has two formats
    session_token: str | None


def _read_header(request: Signable, header: str) -> _Read:
    if len(header) > AUTHORIZATION_CHARACTERS:
        raise SignatureRefused(fault=Fault.TOO_LARGE, reason="the Authorization header is too long")
    algorithm, items = _header_items(header)
    headers = request.headers
    date, date_is_http = headers.get("x-amz-date"), False
    if not date:
        date, date_is_http = headers.get("date"), True
    missing = [name for name in HEADER_PARTS if not items.get(name)]
    if not date:
        missing.append("Date")
    if missing or not date:
        raise SignatureRefused(
            fault=Fault.AUTHORIZATION_INCOMPLETE,
            reason="the Authorization header lacks parts",
            missing=tuple(missing),
            algorithm=algorithm,
            header_digest=_digest(header),
        )
    if algorithm != ALGORITHM:
        raise SignatureRefused(fault=Fault.ALGORITHM, reason="not the algorithm", detail=algorithm, algorithm=algorithm)
    return _Read(
        form="header",
        credential=items["Credential"],
        signed_headers=items["SignedHeaders"],
        signature=items["Signature"],
        date=date,
        date_is_http=date_is_http,
        session_token=headers.get("x-amz-security-token"),
    )


def _header_items(header: str) -> tuple[str, dict[str, str]]:
    """The algorithm and the key=value pairs, of which the last of a name wins."""
    algorithm, _, rest = header.strip(" \t").partition(" ")
    if algorithm.startswith("AWS4-") and algorithm != ALGORITHM:
        raise SignatureRefused(fault=Fault.ALGORITHM, reason="not the algorithm", detail=algorithm, algorithm=algorithm)
    items: dict[str, str] = {}
    for item in rest.split(","):
        name, equals, value = item.strip(" \t").partition("=")
        if equals:
            items[name] = value
        elif name:
            raise SignatureRefused(
                fault=Fault.NOT_A_PAIR,
                reason="the Authorization header is not a list of pairs",
                algorithm=algorithm,
                header_digest=_digest(header),
            )
    return algorithm, items


def _digest(header: str) -> str:
    return b64encode(sha256(octets(header)).digest()).decode()


def _authentication_parameters(query: str) -> dict[str, str]:
    """The ``X-Amz-…`` parameters of a request signed in its query, of which the first of a name wins; else none.

    Raises:
        SignatureRefused: The query is malformed.
    """
    if not query or ("%" not in query and "X-Amz-" not in query):
        return {}
    parameters: dict[str, str] = {}
    for name, value in parse_query(query):
        if name.startswith("X-Amz-"):
            parameters.setdefault(name, value)
    if not parameters.keys() & {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"}:
        return {}
    return {name: decode(value) for name, value in parameters.items()}


def _read_query(parameters: dict[str, str]) -> _Read:
    algorithm = parameters.get("X-Amz-Algorithm")
    if algorithm and algorithm != ALGORITHM:
        raise SignatureRefused(fault=Fault.ALGORITHM, reason="not the algorithm", detail=algorithm, algorithm=algorithm)
    missing = tuple(name for name in QUERY_PARTS if not parameters.get(f"X-Amz-{name}"))
    if missing:
        raise SignatureRefused(fault=Fault.QUERY_INCOMPLETE, reason="the query lacks parts", missing=missing)
    return _Read(
        form="query",
        credential=parameters["X-Amz-Credential"],
        signed_headers=parameters["X-Amz-SignedHeaders"],
        signature=parameters["X-Amz-Signature"],
        date=parameters["X-Amz-Date"],
        date_is_http=False,
        session_token=parameters.get("X-Amz-Security-Token"),
    )


def _parse_moment(text: str, *, lenient: bool) -> tuple[datetime, str]:
    """The moment of signing, and the same as the string to sign has it."""
    try:
        if len(text) == 16 and text[8] == "T" and text[15] == "Z" and text.isascii():
            digits = text[:8] + text[9:15]
            if digits.isdigit():
                return _parse_basic(digits), text
        if lenient:
            moment = _parse_http_date(text) if "," in text else parse_iso(text)
            return moment, render_basic(moment)
    except (ValueError, OverflowError):
        pass
    raise SignatureRefused(fault=Fault.DATE, reason="not a date in the basic format", detail=text)


def _parse_basic(digits: str) -> datetime:
    return datetime(
        int(digits[:4]),
        int(digits[4:6]),
        int(digits[6:8]),
        int(digits[8:10]),
        int(digits[10:12]),
        int(digits[12:14]),
        tzinfo=UTC,
    )


def _parse_http_date(text: str) -> datetime:
    """Read ``Sun, 30 Aug 2015 12:36:00 GMT``. Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7"""
    match text.partition(",")[2].split():
        case [day, month, year, time, "GMT"]:
            hour, minute, second = time.split(":")
            return datetime(
                int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
        case _:
            raise ValueError("no such date")

"""Why a signature is refused, and the words of AWS's two dialects for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from yett.values.errors import Refusal
from yett.values.timestamps import render_basic


class Fault(StrEnum):
    """What is wrong, in the order in which AWS looks (spec 02, section 4)."""

    __hash__ = str.__hash__  # an enumeration's own is written in Python

    PATH = "path"
    QUERY = "query"
    NONE_PRESENT = "none_present"
    BOTH_PRESENT = "both_present"
    ALGORITHM = "algorithm"
    NOT_A_PAIR = "not_a_pair"
    AUTHORIZATION_INCOMPLETE = "authorization_incomplete"
    QUERY_INCOMPLETE = "query_incomplete"
    HOST_NOT_SIGNED = "host_not_signed"
    HEADER_NOT_SIGNED = "header_not_signed"
    DATE = "date"
    EXPIRED = "expired"
    NOT_YET_CURRENT = "not_yet_current"
    CREDENTIAL = "credential"
    CREDENTIAL_SCOPE = "credential_scope"
    SECURITY_TOKEN_INVALID = "security_token_invalid"  # noqa: S105
    SECURITY_TOKEN_EXPIRED = "security_token_expired"  # noqa: S105
    MISMATCH = "mismatch"
    TOO_LARGE = "too_large"


class Dialect(StrEnum):
    """How an endpoint words its refusals."""

    JSON = "json"  # execute-api and the JSON services: codes end in Exception, a mismatch is explained
    QUERY = "query"  # IAM and STS


class SignatureRefused(Refusal):
    """The request's signature is not accepted. The fields are what the client's message needs."""

    def __init__(
        self,
        *,
        fault: Fault,
        reason: str,
        detail: str = "",
        algorithm: str = "",
        header_digest: str = "",
        missing: tuple[str, ...] = (),
        scope_faults: tuple[tuple[str, ...], ...] = (),
        signed_at: datetime | None = None,
        now: datetime | None = None,
        skew_seconds: int = 0,
        canonical_request: str = "",
        string_to_sign: str = "",
    ) -> None:
        super().__init__(reason)
        self.fault = fault
        self.detail = detail  # the piece of the request that the message quotes
        self.algorithm = algorithm  # first word of the Authorization header
        self.header_digest = header_digest  # Base64 of the SHA-256 of the whole Authorization value
        self.missing = missing
        self.scope_faults = scope_faults  # ("region", given), ("service", wanted), ("terminator", given), ("date", …)
        self.signed_at = signed_at
        self.now = now
        self.skew_seconds = skew_seconds
        self.canonical_request = canonical_request  # holds what the client itself sent, but no secret of ours
        self.string_to_sign = string_to_sign


ALGORITHM: Final = "AWS4-HMAC-SHA256"

_INCOMPLETE: Final = ("IncompleteSignature", 400)
_MISMATCH: Final = ("SignatureDoesNotMatch", 403)
_BAD_TOKEN: Final = ("InvalidClientTokenId", 403)

# fault -> code and HTTP status in the query dialect. Source: spec 02, section 4
# UNCERTAIN: MissingAuthenticationToken is 403 in the IAM error tables, while a public verifier answers 400.
_QUERY_ANSWERS: Final = {
    Fault.PATH: ("BadRequest", 400),
    Fault.QUERY: ("MalformedQueryString", 400),
    Fault.NONE_PRESENT: ("MissingAuthenticationToken", 403),
    Fault.BOTH_PRESENT: _MISMATCH,
    Fault.ALGORITHM: _INCOMPLETE,
    Fault.NOT_A_PAIR: _INCOMPLETE,
    Fault.AUTHORIZATION_INCOMPLETE: _INCOMPLETE,
    Fault.QUERY_INCOMPLETE: _INCOMPLETE,
    Fault.HOST_NOT_SIGNED: _MISMATCH,
    Fault.HEADER_NOT_SIGNED: _MISMATCH,
    Fault.DATE: _INCOMPLETE,
    Fault.EXPIRED: _MISMATCH,
    Fault.NOT_YET_CURRENT: _MISMATCH,
    Fault.CREDENTIAL: _INCOMPLETE,
    Fault.CREDENTIAL_SCOPE: _MISMATCH,
    Fault.SECURITY_TOKEN_INVALID: _BAD_TOKEN,
    Fault.SECURITY_TOKEN_EXPIRED: ("ExpiredToken", 403),
    Fault.MISMATCH: _MISMATCH,
    Fault.TOO_LARGE: _INCOMPLETE,
}
_JSON_CODES: Final = {
    "BadRequest": "BadRequestException",
    "MalformedQueryString": "BadRequestException",  # UNCERTAIN on execute-api
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",  # UNCERTAIN which error type execute-api sends
    "ExpiredToken": "ExpiredTokenException",
}


def code_for(refusal: SignatureRefused, *, dialect: Dialect) -> str:
    """AWS's error code: the ``x-amzn-ErrorType`` of the JSON dialect, the ``Code`` of the query dialect."""
    code = _QUERY_ANSWERS[refusal.fault][0]
    return code if dialect is Dialect.QUERY else _JSON_CODES[code]


def status_for(refusal: SignatureRefused, *, dialect: Dialect) -> int:
    """The HTTP status. The JSON dialect answers 403 to all but a malformed path or query, which are 400."""
    if dialect is Dialect.QUERY or refusal.fault in (Fault.PATH, Fault.QUERY):
        return _QUERY_ANSWERS[refusal.fault][1]
    return 403


def message_for(refusal: SignatureRefused, *, dialect: Dialect, echo_canonical_request: bool = True) -> str:
    """AWS's message, to the letter (spec 02, section 4; spec 08, no. 9-11, 39-41).

    *echo_canonical_request* adds to a mismatch in the JSON dialect what we computed, as AWS does. The echo shows only
    what the client sent.
    """
    if dialect is Dialect.QUERY and refusal.algorithm not in ("", ALGORITHM):
        # The query endpoints look at the algorithm first; execute-api reads any header as key=value pairs.
        return _unsupported_algorithm(refusal.algorithm)
    if refusal.fault is Fault.MISMATCH:
        echo = _echo(refusal) if echo_canonical_request and dialect is Dialect.JSON else ""
        return _MISMATCH_TEXT + echo
    return _MESSAGES[refusal.fault](refusal, dialect)


_MISMATCH_TEXT: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


def _echo(refusal: SignatureRefused) -> str:
    return (
        f"\n\nThe Canonical String for this request should have been\n'{refusal.canonical_request}'"
        f"\n\nThe String-to-Sign should have been\n'{refusal.string_to_sign}'\n"
    )


def _unsupported_algorithm(algorithm: str) -> str:
    return f"Unsupported AWS 'algorithm': '{algorithm}'."


def _none_present(_: SignatureRefused, dialect: Dialect) -> str:
    return "Missing Authentication Token" if dialect is Dialect.JSON else "Request is missing Authentication Token"


def _both_present(_: SignatureRefused, dialect: Dialect) -> str:
    if dialect is Dialect.QUERY:
        return ""
    return "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."


def _not_a_pair(refusal: SignatureRefused, _: Dialect) -> str:
    return (
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with "
        f"Base64): '{refusal.header_digest}'."
    )


def _authorization_incomplete(refusal: SignatureRefused, dialect: Dialect) -> str:
    texts = [
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        if name == "Date"
        else f"Authorization header requires '{name}' parameter. "
        for name in refusal.missing
    ]
    if dialect is Dialect.QUERY:
        return "".join(texts) + f"Authorization={refusal.algorithm}"
    # UNCERTAIN: the exact wording of the hashed form.
    return "".join(texts) + f"(Hashed with SHA-256 and encoded with Base64) Authorization={refusal.header_digest}"


def _query_incomplete(refusal: SignatureRefused, _: Dialect) -> str:
    texts = [f"AWS query-string parameters must include 'X-Amz-{name}'. " for name in refusal.missing]
    return "".join(texts) + "Re-examine the query-string parameters."


def _date(refusal: SignatureRefused, _: Dialect) -> str:
    return f"Date must be in ISO-8601 'basic format'. Got '{refusal.detail}'. See http://en.wikipedia.org/wiki/ISO_8601"


def _skew(refusal: SignatureRefused) -> tuple[str, datetime, timedelta, str]:
    if refusal.signed_at is None or refusal.now is None:
        raise ValueError("a refusal for its date lacks the date")
    minutes = f"{refusal.skew_seconds // 60} min.)"
    return render_basic(refusal.signed_at), refusal.now, timedelta(seconds=refusal.skew_seconds), minutes


def _expired(refusal: SignatureRefused, _: Dialect) -> str:
    signed_at, now, skew, minutes = _skew(refusal)
    bound = render_basic(now - skew)
    return f"Signature expired: {signed_at} is now earlier than {bound} ({render_basic(now)} - {minutes}"


def _not_yet_current(refusal: SignatureRefused, _: Dialect) -> str:
    signed_at, now, skew, minutes = _skew(refusal)
    bound = render_basic(now + skew)
    return f"Signature not yet current: {signed_at} is still later than {bound} ({render_basic(now)} + {minutes}"


def _credential(refusal: SignatureRefused, _: Dialect) -> str:
    return (
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
        f"'{refusal.detail}'"
    )


def _credential_scope(refusal: SignatureRefused, dialect: Dialect) -> str:
    texts = []
    for fault in refusal.scope_faults:
        match fault:
            case ("region", given):
                # OBSERVED on execute-api without the region; older services name it.
                other = f", not '{given}'" if dialect is Dialect.QUERY else ""
                texts.append(f"Credential should be scoped to a valid region{other}. ")
            case ("service", wanted):
                texts.append(f"Credential should be scoped to correct service: '{wanted}'. ")
            case ("terminator", given):
                texts.append(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{given}'. ")
            case ("date", scope_date, request_date, moment):
                texts.append(
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    f"'{scope_date}' != '{request_date}', from '{moment}'. "
                )
    return "".join(texts)


_HOST_TEXT: Final = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
_INVALID_TEXT: Final = "The security token included in the request is invalid."
_EXPIRED_TEXT: Final = "The security token included in the request is expired"

_MESSAGES: Final[dict[Fault, Callable[[SignatureRefused, Dialect], str]]] = {
    Fault.PATH: lambda refusal, _: refusal.detail,
    Fault.QUERY: lambda refusal, _: refusal.detail,
    Fault.NONE_PRESENT: _none_present,
    Fault.BOTH_PRESENT: _both_present,
    Fault.ALGORITHM: lambda refusal, _: _unsupported_algorithm(refusal.detail),
    Fault.NOT_A_PAIR: _not_a_pair,
    Fault.AUTHORIZATION_INCOMPLETE: _authorization_incomplete,
    Fault.QUERY_INCOMPLETE: _query_incomplete,
    Fault.HOST_NOT_SIGNED: lambda _refusal, _dialect: _HOST_TEXT,
    # UNCERTAIN: AWS's words for a header other than the host.
    Fault.HEADER_NOT_SIGNED: lambda refusal, _: (
        f"'{refusal.detail}' must be a 'SignedHeader' in the AWS Authorization."
    ),
    Fault.DATE: _date,
    Fault.EXPIRED: _expired,
    Fault.NOT_YET_CURRENT: _not_yet_current,
    Fault.CREDENTIAL: _credential,
    Fault.CREDENTIAL_SCOPE: _credential_scope,
    Fault.SECURITY_TOKEN_INVALID: lambda _refusal, _dialect: _INVALID_TEXT,
    Fault.SECURITY_TOKEN_EXPIRED: lambda _refusal, _dialect: _EXPIRED_TEXT,
    Fault.TOO_LARGE: lambda refusal, _: refusal.reason,
}

"""What each kind of refusal is called in each wire protocol: one table for the whole door."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from yett.ports.callers import CredentialFault, CredentialsRefused
from yett.services.call import ServiceError
from yett.sigv4 import Dialect, SignatureRefused, code_for, message_for, status_for
from yett.values.errors import Unavailable
from yett.wire import MalformedInput, Protocol, UnknownOperation, UnknownService

Q, J, R = Protocol.QUERY, Protocol.JSON, Protocol.REST_JSON

INVALID_CREDENTIALS: Final = "The security token included in the request is invalid."
EXPIRED_CREDENTIALS: Final = "The security token included in the request is expired"
UNAVAILABLE: Final = "Service is unavailable. Please try again later."
INTERNAL: Final = "The request processing has failed because of an unknown error, exception or failure."


class WireError(Struct, frozen=True, kw_only=True):
    """An error as the client gets it."""

    code: str
    message: str
    status: int | None  # None: as the service model says
    fields: Mapping[str, object] = {}


# kind -> protocol -> code and status. Services that speak JSON 1.0 and 1.1 answer 400 to all but faults of their own;
# IAM, STS and the REST services answer 403 to refusals of who calls and what they may.
# Source: spec 02, section 4; https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
CODES: Final[Mapping[str, Mapping[Protocol, tuple[str, int]]]] = {
    "access denied": {
        Q: ("AccessDenied", 403),
        J: ("AccessDeniedException", 400),
        R: ("AccessDeniedException", 403),
    },
    "invalid token": {
        Q: ("InvalidClientTokenId", 403),
        J: ("UnrecognizedClientException", 400),
        R: ("UnrecognizedClientException", 403),
    },
    "expired token": {
        Q: ("ExpiredToken", 403),
        J: ("ExpiredTokenException", 400),
        R: ("ExpiredTokenException", 403),
    },
    "malformed input": {
        Q: ("MalformedInput", 400),
        J: ("SerializationException", 400),
        R: ("SerializationException", 400),
    },
    "unknown operation": {
        Q: ("InvalidAction", 400),
        J: ("UnknownOperationException", 400),
        R: ("UnknownOperationException", 404),
    },
    "too large": {
        Q: ("RequestEntityTooLarge", 413),
        J: ("RequestEntityTooLargeException", 413),
        R: ("RequestEntityTooLargeException", 413),
    },
    "unavailable": {
        Q: ("ServiceUnavailable", 503),
        J: ("ServiceUnavailableException", 503),
        R: ("ServiceUnavailableException", 503),
    },
    "internal": {
        Q: ("InternalFailure", 500),
        J: ("InternalFailure", 500),
        R: ("InternalFailure", 500),
    },
}
ACCESS_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})


def named(kind: str, protocol: Protocol, message: str) -> WireError:
    """An error of the table."""
    code, status = CODES[kind][protocol]
    return WireError(code=code, message=message, status=status)


def wire_error(error: Exception, protocol: Protocol, *, echo_canonical_request: bool) -> WireError | None:
    """How a refusal is worded in the protocol; None if it is no refusal but a mistake of ours."""
    match error:
        case ServiceError() if error.code in ACCESS_DENIED:
            return named("access denied", protocol, error.message)
        case ServiceError(code="ServiceUnavailable"):
            return named("unavailable", protocol, error.message)
        case ServiceError():
            return WireError(code=error.code, message=error.message, status=error.status, fields=error.fields)
        case SignatureRefused():
            return signature_error(error, protocol, echo_canonical_request=echo_canonical_request)
        case CredentialsRefused(fault=CredentialFault.SESSION_TOKEN_EXPIRED):
            return named("expired token", protocol, EXPIRED_CREDENTIALS)
        case CredentialsRefused():
            return named("invalid token", protocol, INVALID_CREDENTIALS)
        case MalformedInput():
            return named("malformed input", protocol, error.reason)
        case UnknownOperation():
            return named("unknown operation", protocol, unknown_operation(error, protocol))
        case UnknownService():
            return named("unknown operation", protocol, unknown_service(error))
        case Unavailable():
            return named("unavailable", protocol, UNAVAILABLE)
        case _:
            return None


def signature_error(error: SignatureRefused, protocol: Protocol, *, echo_canonical_request: bool) -> WireError:
    """A refused signature; services of JSON 1.0 and 1.1 answer 400 where REST services answer 403."""
    dialect = Dialect.QUERY if protocol is Protocol.QUERY else Dialect.JSON
    message = message_for(error, dialect=dialect, echo_canonical_request=echo_canonical_request)
    status = 400 if protocol is Protocol.JSON else status_for(error, dialect=dialect)
    return WireError(code=code_for(error, dialect=dialect), message=message, status=status)


def unknown_operation(error: UnknownOperation, protocol: Protocol) -> str:
    if protocol is Protocol.QUERY:
        return f"Could not find operation {error.operation} for version {error.version}"
    return f"there is no operation `{error.operation}`"


def unknown_service(error: UnknownService) -> str:
    offered = "iam, sts, organizations, lambda, apigateway, cognito-idp and dynamodb"
    if error.service is None:
        return f"this is a request to no AWS service that yett offers; it offers {offered}"
    return f"yett does not offer the service `{error.service}`; it offers {offered}"

"""The gateway's refusals: one class for each gateway response that a REST API gives in the integration's place.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from enum import StrEnum
from typing import ClassVar

from yett.policy import Decision
from yett.sigv4 import Outline
from yett.values.errors import Refusal


class ResponseType(StrEnum):
    """All gateway response types of the reference."""

    ACCESS_DENIED = "ACCESS_DENIED"
    API_CONFIGURATION_ERROR = "API_CONFIGURATION_ERROR"
    AUTHORIZER_CONFIGURATION_ERROR = "AUTHORIZER_CONFIGURATION_ERROR"
    AUTHORIZER_FAILURE = "AUTHORIZER_FAILURE"
    BAD_REQUEST_BODY = "BAD_REQUEST_BODY"
    BAD_REQUEST_PARAMETERS = "BAD_REQUEST_PARAMETERS"
    DEFAULT_4XX = "DEFAULT_4XX"
    DEFAULT_5XX = "DEFAULT_5XX"
    EXPIRED_TOKEN = "EXPIRED_TOKEN"  # noqa: S105
    INTEGRATION_FAILURE = "INTEGRATION_FAILURE"
    INTEGRATION_TIMEOUT = "INTEGRATION_TIMEOUT"
    INVALID_API_KEY = "INVALID_API_KEY"
    INVALID_SIGNATURE = "INVALID_SIGNATURE"
    MISSING_AUTHENTICATION_TOKEN = "MISSING_AUTHENTICATION_TOKEN"  # noqa: S105
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    THROTTLED = "THROTTLED"
    UNAUTHORIZED = "UNAUTHORIZED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    WAF_FILTERED = "WAF_FILTERED"


class GatewayError(Refusal):
    """A step refuses, or the backend could not be asked: the caller gets a gateway response.

    ``reason`` is for the trace and for our log. ``message`` is what the client reads, to the letter; None renders as
    null.
    """

    response_type: ClassVar[ResponseType]
    status: ClassVar[int]  # unless a customized gateway response says otherwise
    error_type: str  # x-amzn-ErrorType
    default_message: ClassVar[str | None] = None
    is_customizable: ClassVar[bool] = True
    has_document: ClassVar[bool] = True  # whether anything but the status is said

    def __init__(self, reason: str, *, message: str | None = None) -> None:
        super().__init__(reason)
        self.message = message if message is not None else self.default_message


class Forbidden(GatewayError):
    """No API or stage answers under this name: nobody's gateway responses apply."""

    response_type = ResponseType.DEFAULT_4XX
    status = 403
    error_type = "ForbiddenException"
    default_message = "Forbidden"
    is_customizable = False


class MissingAuthenticationToken(GatewayError):
    """No such method, or no signature where one is needed."""

    response_type = ResponseType.MISSING_AUTHENTICATION_TOKEN
    status = 403
    error_type = "MissingAuthenticationTokenException"
    default_message = "Missing Authentication Token"


class InvalidSignature(GatewayError):
    """The signature, its form or its credentials are not good. The error type differs with the fault."""

    response_type = ResponseType.INVALID_SIGNATURE
    status = 403

    def __init__(
        self, reason: str, *, error_type: str, message: str, cause: str | None = None, outline: Outline | None = None
    ) -> None:
        super().__init__(reason, message=message)
        self.error_type = error_type
        # For the trace alone: which slip of the client's, if it is known, and what its own canonical request can be
        # held against.
        self.cause = cause
        self.outline = outline


class MalformedPath(GatewayError):
    """The path of a signed request cannot be canonical: it leads above the root, or its escapes are not well-formed."""

    # Found before the API's own answers are looked at: a plain 400 (spec 02, section 4, no. 1).
    response_type = ResponseType.DEFAULT_4XX
    status = 400
    error_type = "BadRequestException"  # for the trace alone
    is_customizable = False
    has_document = False


class ExpiredToken(GatewayError):
    """The session token has expired."""

    response_type = ResponseType.EXPIRED_TOKEN
    status = 403
    error_type = "ExpiredTokenException"
    default_message = "The security token included in the request is expired"


class ResourceNotFound(GatewayError):
    """A well-signed call of a method that does not exist."""

    # OBSERVED status 404 (spec 01, section 1.2); UNCERTAIN: error type and text.
    response_type = ResponseType.RESOURCE_NOT_FOUND
    status = 404
    error_type = "ResourceNotFoundException"
    default_message = "Not Found"


class AccessDenied(GatewayError):
    """The policies do not allow the call. Carries the decision, for the trace."""

    response_type = ResponseType.ACCESS_DENIED
    status = 403
    error_type = "AccessDeniedException"

    def __init__(self, decision: Decision, *, message: str) -> None:
        super().__init__(f"the decision is {decision.outcome.value}", message=message)
        self.decision = decision


class Unauthorized(GatewayError):
    """The caller did not authenticate."""

    response_type = ResponseType.UNAUTHORIZED
    status = 401
    error_type = "UnauthorizedException"
    default_message = "Unauthorized"


class AuthorizerConfigurationError(GatewayError):
    """The authorizer failed, or answered something that is no policy."""

    response_type = ResponseType.AUTHORIZER_CONFIGURATION_ERROR
    status = 500
    error_type = "AuthorizerConfigurationException"


class RequestUriTooLong(GatewayError):
    """The method's ARN is longer than a policy can be asked about."""

    # UNCERTAIN: the body's form; status and text are documented (spec 01, section 2.5).
    response_type = ResponseType.DEFAULT_4XX
    status = 414
    error_type = "RequestUriTooLongException"
    default_message = "Request URI too long"


class RequestTooLarge(GatewayError):
    """Within the gateway's bound, but more than the integration takes."""

    response_type = ResponseType.REQUEST_TOO_LARGE
    status = 413
    error_type = "RequestTooLargeException"
    default_message = "Request Too Long"


class BadRequestParameters(GatewayError):
    """What the client sent cannot be a parameter of this method."""

    response_type = ResponseType.BAD_REQUEST_PARAMETERS
    status = 400
    error_type = "BadRequestException"
    default_message = "Invalid request parameters"  # ours: AWS has no such refusal


class UnsupportedMediaType(GatewayError):
    """No template for the content type, and the integration passes nothing through."""

    response_type = ResponseType.UNSUPPORTED_MEDIA_TYPE
    status = 415
    error_type = "BadRequestException"
    default_message = "Unsupported Media Type"


class ApiConfigurationError(GatewayError):
    """The API's own definition cannot be carried out: a bad endpoint, no permission to invoke the function."""

    response_type = ResponseType.API_CONFIGURATION_ERROR
    status = 500
    error_type = "InternalServerErrorException"
    default_message = "Internal server error"


class MalformedProxyResponse(GatewayError):
    """The function failed, or answered what is no proxy response."""

    response_type = ResponseType.DEFAULT_5XX
    status = 502
    error_type = "InternalServerErrorException"
    default_message = "Internal server error"


class IntegrationFailure(GatewayError):
    """The backend could not be reached."""

    response_type = ResponseType.INTEGRATION_FAILURE
    status = 504
    error_type = "InternalServerErrorException"
    default_message = "Network error communicating with endpoint"


class IntegrationTimeout(GatewayError):
    """The backend took longer than the integration's time-out."""

    response_type = ResponseType.INTEGRATION_TIMEOUT
    status = 504
    error_type = "InternalServerErrorException"
    default_message = "Endpoint request timed out"

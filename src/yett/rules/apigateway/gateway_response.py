"""Gateway responses: the 21 types, their defaults, and how one is customized.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import ApiRefused, BadRequest, ErrorCode
from yett.rules.apigateway.limits import MAP_ENTRIES
from yett.rules.apigateway.rest_api import GatewayResponse

DEFAULT_STATUS: Final[Mapping[str, str | None]] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
# OBSERVED: the order in which AWS names them is not that of its list (spec 08, no. 29). UNCERTAIN between its ends.
NAMED_IN_REFUSAL: Final = (
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "MISSING_AUTHENTICATION_TOKEN",
    "BAD_REQUEST_BODY",
    "INVALID_SIGNATURE",
    "INVALID_API_KEY",
    "BAD_REQUEST_PARAMETERS",
    "AUTHORIZER_FAILURE",
    "UNAUTHORIZED",
    "INTEGRATION_TIMEOUT",
    "ACCESS_DENIED",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "WAF_FILTERED",
    "QUOTA_EXCEEDED",
    "THROTTLED",
    "API_CONFIGURATION_ERROR",
    "UNSUPPORTED_MEDIA_TYPE",
    "INTEGRATION_FAILURE",
    "EXPIRED_TOKEN",
)
DEFAULT_TEMPLATES: Final = {"application/json": '{"message":$context.error.messageString}'}

STATUS: Final = re.compile(r"[1-5][0-9]{2}")
PARAMETER: Final = re.compile(r"gatewayresponse\.(?:header|path|querystring)\.[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
VALUE: Final = re.compile(
    r"'[^'\r\n]*'|method\.request\.(?:header|path|querystring|multivalueheader|multivaluequerystring)\.[^\s]+"
    r"|(?:context|stageVariables)\.[A-Za-z0-9._\-]+"
)


def parse_response_type(text: str) -> str:
    """One of the 21 types.

    Raises:
        ApiRefused: ValidationException, in the words of the model's constraint.
    """
    if text not in DEFAULT_STATUS:
        raise ApiRefused(
            ErrorCode.VALIDATION,
            f"1 validation error detected: Value '{text}' at 'responseType' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(NAMED_IN_REFUSAL)}]",
        )
    return text


def default_gateway_response(response_type: str) -> GatewayResponse:
    """What is answered as long as nothing is customized."""
    return GatewayResponse(
        response_type=response_type,
        status_code=DEFAULT_STATUS[response_type],
        response_parameters={},
        response_templates=DEFAULT_TEMPLATES,
        default_response=True,
    )


def parse_gateway_response(response_type: str, params: Mapping[str, Any]) -> GatewayResponse:
    """A customized gateway response, from ``statusCode``, ``responseParameters`` and ``responseTemplates``.

    Raises:
        BadRequest: A status that is none, an empty value, a parameter that is no mapping.
    """
    status = params.get("statusCode")
    if status is not None and not STATUS.fullmatch(str(status)):
        raise BadRequest("Invalid status code")
    parameters: Mapping[str, str] = params.get("responseParameters") or {}
    templates: Mapping[str, str] = params.get("responseTemplates") or {}
    for name, entries in (("responseParameters", parameters), ("responseTemplates", templates)):
        if any(not value for value in entries.values()):
            raise BadRequest(f"Invalid null or empty value in {name}")
        if len(entries) > MAP_ENTRIES:
            raise BadRequest(f"{name} has {MAP_ENTRIES} entries at most")
    for name, value in parameters.items():
        if not PARAMETER.fullmatch(name):
            raise BadRequest(f"Invalid parameter name specified: {name}")
        if not VALUE.fullmatch(value):
            raise BadRequest(f"Invalid mapping expression specified: {value}")
    return GatewayResponse(
        response_type=response_type,
        status_code=None if status is None else str(status),
        response_parameters=dict(parameters),
        response_templates=dict(templates),
        default_response=False,
    )

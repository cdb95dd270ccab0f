"""Methods and their responses: which definition is one.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.integration import METHOD_ORDER
from yett.rules.apigateway.limits import MAP_ENTRIES
from yett.rules.apigateway.rest_api import Authorizer, Method, MethodResponse
from yett.rules.execute_api.deployment import AuthorizationType, AuthorizerType

# OBSERVED (spec 08, no. 30).
INVALID_AUTHORIZER: Final = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)
INVALID_HTTP_METHOD: Final = f"Invalid HttpMethod specified. Valid options are {','.join(METHOD_ORDER)}"

AUTHORIZERS_OF: Final = {
    AuthorizationType.CUSTOM: {AuthorizerType.TOKEN, AuthorizerType.REQUEST},
    AuthorizationType.COGNITO_USER_POOLS: {AuthorizerType.COGNITO_USER_POOLS},
}
REQUEST_PARAMETER: Final = re.compile(
    r"method\.request\.(?:header|path|querystring|multivalueheader|multivaluequerystring)\.[^\s]+"
)
RESPONSE_PARAMETER: Final = re.compile(r"method\.response\.header\.[^\s]+")


def parse_http_method(text: str) -> str:
    """A verb, or ``ANY``."""
    if text not in METHOD_ORDER:
        raise BadRequest(INVALID_HTTP_METHOD)
    return text


def parse_method(http_method: str, params: Mapping[str, Any], *, authorizers: Mapping[str, Authorizer]) -> Method:
    """A method from the members of PutMethod; its responses and integration are the caller's to carry over.

    Raises:
        BadRequest: A verb or authorization type that is none, or an authorizer that is not of that type.
        NotOffered: It asks for an API key or a request validator.
    """
    verb = parse_http_method(http_method)
    if params.get("apiKeyRequired"):
        raise NotOffered("API keys", where=f"{verb}/apiKeyRequired")
    if params.get("requestValidatorId"):
        raise NotOffered("request validators", where=f"{verb}/requestValidatorId")
    kind = parse_authorization_type(str(params.get("authorizationType") or "NONE"))
    authorizer_id = params.get("authorizerId") or None
    scopes = tuple(params.get("authorizationScopes") or ())
    if kind in AUTHORIZERS_OF:
        authorizer = authorizers.get(authorizer_id or "")
        if authorizer is None or AuthorizerType(authorizer.type) not in AUTHORIZERS_OF[kind]:
            raise BadRequest(INVALID_AUTHORIZER)
    else:
        authorizer_id = None
    if scopes and kind is not AuthorizationType.COGNITO_USER_POOLS:
        raise BadRequest("Authorization scopes are only supported for the authorization type COGNITO_USER_POOLS")
    parameters: Mapping[str, bool] = params.get("requestParameters") or {}
    check_names(parameters, REQUEST_PARAMETER)
    return Method(
        http_method=verb,
        authorization_type=kind.value,
        authorizer_id=authorizer_id,
        authorization_scopes=scopes,
        api_key_required=False,
        operation_name=params.get("operationName") or None,
        request_parameters={name: bool(required) for name, required in parameters.items()},
        request_models=dict(params.get("requestModels") or {}),
    )


def parse_authorization_type(given: str) -> AuthorizationType:
    """The type, unless it is one that is not offered."""
    if given == "JWT":
        raise NotOffered("JWT authorizers of REST APIs", where="authorizationType")
    try:
        return AuthorizationType(given)
    except ValueError as error:
        # UNCERTAIN: AWS's text.
        raise BadRequest(
            "Invalid Authorization Type specified. Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS"
        ) from error


def parse_method_response(status_code: str, params: Mapping[str, Any]) -> MethodResponse:
    """A method response from the members of PutMethodResponse."""
    if not re.fullmatch(r"[1-5][0-9]{2}", status_code):
        raise BadRequest("Invalid status code specified")
    parameters: Mapping[str, bool] = params.get("responseParameters") or {}
    check_names(parameters, RESPONSE_PARAMETER)
    return MethodResponse(
        status_code=status_code,
        response_parameters={name: bool(required) for name, required in parameters.items()},
        response_models=dict(params.get("responseModels") or {}),
    )


def check_names(parameters: Mapping[str, Any], allowed: re.Pattern[str]) -> None:
    """That every parameter has a name of its place."""
    if len(parameters) > MAP_ENTRIES:
        raise BadRequest(f"there are {MAP_ENTRIES} parameters at most")
    for name in parameters:
        if not allowed.fullmatch(name):
            raise BadRequest(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )

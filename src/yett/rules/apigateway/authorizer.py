"""Authorizers: which configuration is one.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.integration import ROLE_ARN, lambda_function, runs
from yett.rules.apigateway.limits import AUTHORIZER_TTL_SECONDS, VALIDATION_EXPRESSION_CHARACTERS
from yett.rules.apigateway.rest_api import Authorizer
from yett.rules.execute_api.deployment import AuthorizerType

POOL_ARN: Final = re.compile(r"arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[\w-]+_[0-9a-zA-Z]+")
HEADER_SOURCE: Final = re.compile(r"method\.request\.header\.[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
ANY_SOURCE: Final = re.compile(
    r"method\.request\.(?:header|querystring)\.[^\s,]+|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+"
)
AUTH_TYPES: Final = {
    AuthorizerType.TOKEN: "custom",
    AuthorizerType.REQUEST: "custom",
    AuthorizerType.COGNITO_USER_POOLS: "cognito_user_pools",
}
DEFAULT_TTL_SECONDS: Final = 300


def parse_authorizer(id: str, params: Mapping[str, Any]) -> Authorizer:
    """An authorizer from the members of CreateAuthorizer.

    Raises:
        BadRequest: What its type needs is missing or malformed.
        NotOffered: Its type is JWT, or its expression is none that RE2 takes.
    """
    kind = parse_type(params)
    if not params.get("name"):
        raise BadRequest("Authorizer name must be specified")
    source, expression, ttl_seconds = (
        params.get("identitySource") or None,
        params.get("identityValidationExpression") or None,
        params.get("authorizerResultTtlInSeconds"),
    )
    if ttl_seconds is not None and not 0 <= ttl_seconds <= AUTHORIZER_TTL_SECONDS:
        raise BadRequest(f"Invalid authorizer result TTL. Must be between 0 and {AUTHORIZER_TTL_SECONDS} seconds")
    if expression is not None:
        check_expression(expression, kind)
    if kind is AuthorizerType.COGNITO_USER_POOLS:
        check_pools(params)
    else:
        check_function(params)
    check_sources(kind, source, cached=(DEFAULT_TTL_SECONDS if ttl_seconds is None else ttl_seconds) > 0)
    return Authorizer(
        id=id,
        name=params["name"],
        type=kind.value,
        provider_arns=tuple(params.get("providerARNs") or ()),
        auth_type=params.get("authType") or AUTH_TYPES[kind],
        authorizer_uri=params.get("authorizerUri") or None,
        authorizer_credentials=params.get("authorizerCredentials") or None,
        identity_source=source,
        identity_validation_expression=expression,
        authorizer_result_ttl_in_seconds=ttl_seconds,
    )


def parse_type(params: Mapping[str, Any]) -> AuthorizerType:
    """The type, unless it is one that is not offered."""
    given = str(params.get("type") or "")
    if given == "JWT" or params.get("jwtConfiguration"):
        raise NotOffered("JWT authorizers of REST APIs", where="type")
    try:
        return AuthorizerType(given)
    except ValueError as error:
        raise BadRequest(
            "Invalid authorizer type specified. Valid options are TOKEN, REQUEST, COGNITO_USER_POOLS"
        ) from error


def check_expression(expression: str, kind: AuthorizerType) -> None:
    """That the expression can be enforced: Java's dialect is wider than RE2's, and what is beyond that is refused."""
    if kind is AuthorizerType.REQUEST:
        raise BadRequest("Identity validation expression is not supported for REQUEST authorizers")
    if len(expression) > VALIDATION_EXPRESSION_CHARACTERS:
        raise BadRequest(f"an identity validation expression has {VALIDATION_EXPRESSION_CHARACTERS} characters at most")
    if not runs(expression):
        raise NotOffered(f"the regular expression `{expression}`", where="identityValidationExpression")


def check_pools(params: Mapping[str, Any]) -> None:
    """That a Cognito authorizer names user pools, and nothing of a function."""
    pools = params.get("providerARNs") or ()
    if not pools:
        raise BadRequest("Authorizer must have at least one provider ARN")
    for arn in pools:
        if not POOL_ARN.fullmatch(str(arn)):
            raise BadRequest(f"Invalid Cognito User Pool ARN: {arn}")


def check_function(params: Mapping[str, Any]) -> None:
    """That a Lambda authorizer names a function, and nothing of a pool."""
    uri = params.get("authorizerUri")
    if not uri:
        raise BadRequest("Authorizer URI must be specified")
    if params.get("providerARNs"):
        raise BadRequest("Provider ARNs are only supported for COGNITO_USER_POOLS authorizers")
    if lambda_function(uri) is None:
        raise BadRequest(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
            "function invocation."
        )
    credentials = params.get("authorizerCredentials")
    if credentials and not ROLE_ARN.fullmatch(credentials):
        raise BadRequest("Invalid ARN specified in the request")


def check_sources(kind: AuthorizerType, source: str | None, *, cached: bool) -> None:
    """That the identity sources are such as the type knows; a cached answer needs one to be found by."""
    if kind is AuthorizerType.REQUEST:
        sources = [part.strip() for part in (source or "").split(",") if part.strip()]
        if cached and not sources:
            raise BadRequest("Identity source must be specified when caching is enabled")
        for one in sources:
            if not ANY_SOURCE.fullmatch(one):
                raise BadRequest(f"Invalid identity source: {one}")
        return
    if source is None:
        raise BadRequest("Identity source must be specified")
    if not HEADER_SOURCE.fullmatch(source):
        raise BadRequest(f"Invalid identity source: {source}")

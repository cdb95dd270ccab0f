"""Integrations: which backend a method may have, and which of AWS's are not offered.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import re2

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.limits import INTEGRATION_TIMEOUT_MS, MAP_ENTRIES
from yett.rules.apigateway.rest_api import Integration, IntegrationResponse
from yett.rules.execute_api.deployment import IntegrationType

FUNCTION_URI: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):apigateway:(?P<region>[a-z0-9-]+):lambda:path/2015-03-31/functions/"
    r"(?P<function>arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[^/\s]+)/invocations/?"
)
SERVICE_URI: Final = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:(?P<service>[a-z0-9.\-{}]+):(?:path|action)/.+")
ARN: Final = re.compile(r"arn:aws[a-z-]*:.+")
ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")
CALLERS_OWN: Final = re.compile(r"arn:aws[a-z-]*:iam::\*:user/\*")
HTTP_URI: Final = re.compile(r"https?://[^\s]+|\$\{stageVariables\.[^}]+\}[^\s]*")
METHOD_ORDER: Final = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")  # as AWS lists them
PASSTHROUGH: Final = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")

REQUEST_TARGET: Final = re.compile(r"integration\.request\.(?:header|path|querystring)\.[^\s]+")
REQUEST_SOURCE: Final = re.compile(
    r"method\.request\.(?:header|path|querystring|multivalueheader|multivaluequerystring)\.[^\s]+"
    r"|(?:context|stageVariables)\.[A-Za-z0-9._\-]+|'[^'\r\n]*'"
)
RESPONSE_TARGET: Final = re.compile(r"method\.response\.header\.[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
RESPONSE_SOURCE: Final = re.compile(
    r"integration\.response\.(?:multivalue)?header\.[^\s]+|(?:context|stageVariables)\.[A-Za-z0-9._\-]+|'[^'\r\n]*'"
)
STATUS: Final = re.compile(r"[1-5][0-9]{2}")


def lambda_function(uri: str) -> str | None:
    """The function's ARN in an invocation URI, stage variables in it as they are; None if it is no such URI."""
    found = FUNCTION_URI.fullmatch(uri)
    return None if found is None else found["function"]


def parse_integration(params: Mapping[str, Any], *, resource_id: str) -> Integration:
    """An integration from the members of PutIntegration, its responses not among them.

    ``integrationHttpMethod`` is read, or else ``httpMethod`` as an integration describes itself.

    Raises:
        BadRequest: It is none.
        NotOffered: AWS has it, yett would not do it.
    """
    refuse_what_is_not_offered(params)
    kind = parse_type(params)
    uri, http_method = (
        params.get("uri") or None,
        params.get("integrationHttpMethod") or params.get("httpMethod") or None,
    )
    if kind is not IntegrationType.MOCK:
        check_backend(kind, uri, http_method)
    templates: Mapping[str, str] = params.get("requestTemplates") or {}
    if kind is IntegrationType.MOCK:
        for content_type, template in templates.items():
            check_mock_template(template, where=f"requestTemplates/{content_type}")
    parameters: Mapping[str, str] = params.get("requestParameters") or {}
    check_mapping(parameters, target=REQUEST_TARGET, source=REQUEST_SOURCE)
    behavior = params.get("passthroughBehavior") or PASSTHROUGH[0]
    if behavior not in PASSTHROUGH:
        raise BadRequest(f"Invalid passthrough behavior specified. Valid options are {', '.join(PASSTHROUGH)}")
    check_credentials(params.get("credentials"))
    return Integration(
        type=kind.value,
        http_method=None if kind is IntegrationType.MOCK else http_method,
        uri=uri,
        connection_type=params.get("connectionType") or None,
        credentials=params.get("credentials") or None,
        request_parameters=dict(parameters),
        request_templates=dict(templates),
        passthrough_behavior=behavior,
        content_handling=params.get("contentHandling") or None,
        timeout_in_millis=parse_timeout(params.get("timeoutInMillis")),
        cache_namespace=params.get("cacheNamespace") or resource_id,
        cache_key_parameters=tuple(params.get("cacheKeyParameters") or ()),
    )


def refuse_what_is_not_offered(params: Mapping[str, Any]) -> None:
    """Refuse the parts of an integration that would be stored and not done."""
    if params.get("connectionType") == "VPC_LINK" or params.get("connectionId"):
        raise NotOffered("VPC links", where="connectionType")
    if (params.get("tlsConfig") or {}).get("insecureSkipVerification"):
        raise NotOffered("TLS settings of integrations", where="tlsConfig/insecureSkipVerification")
    if params.get("responseTransferMode") not in (None, "BUFFERED"):
        raise NotOffered("response streaming", where="responseTransferMode")
    if params.get("integrationTarget"):
        raise NotOffered("integration targets", where="integrationTarget")


def parse_type(params: Mapping[str, Any]) -> IntegrationType:
    """The type, unless it is one that is not offered."""
    given = str(params.get("type") or "")
    if given in ("AWS", "HTTP"):
        raise NotOffered(f"integrations of type {given}", where="type")
    try:
        return IntegrationType(given)
    except ValueError as error:
        raise BadRequest(
            "Enumeration value for IntegrationType must be one of [HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY]"
        ) from error


def check_backend(kind: IntegrationType, uri: str | None, http_method: str | None) -> None:
    """That a proxy has a method and an address of its kind."""
    if http_method is None:
        # OBSERVED in the recordings of LocalStack.
        raise BadRequest("Enumeration value for HttpMethod must be non-empty")
    if http_method not in METHOD_ORDER:
        raise BadRequest(f"Invalid HttpMethod specified. Valid options are {','.join(METHOD_ORDER)}")
    if kind is IntegrationType.HTTP_PROXY:
        if uri is None or not HTTP_URI.fullmatch(uri):
            raise BadRequest("Invalid HTTP endpoint specified for URI")
        return
    if uri is None or not ARN.fullmatch(uri):
        raise BadRequest("Invalid ARN specified in the request")
    found = SERVICE_URI.fullmatch(uri)
    if found is None:
        raise BadRequest("AWS ARN for integration must contain path or action")
    if found["service"] == "firehose":
        raise NotOffered("integrations with Firehose", where="uri")
    if found["service"] != "lambda":
        raise BadRequest(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    if lambda_function(uri) is None:
        raise BadRequest("Invalid ARN specified in the request")


def check_credentials(credentials: str | None) -> None:
    """A role, or the caller's own."""
    if credentials and not (ROLE_ARN.fullmatch(credentials) or CALLERS_OWN.fullmatch(credentials)):
        raise BadRequest("Invalid ARN specified in the request")


def parse_timeout(given: Any) -> int:
    """Milliseconds."""
    timeout_ms = INTEGRATION_TIMEOUT_MS[-1] if given is None else int(given)
    if timeout_ms not in INTEGRATION_TIMEOUT_MS:
        raise BadRequest(
            f"Timeout should be between {INTEGRATION_TIMEOUT_MS[0]} ms and {INTEGRATION_TIMEOUT_MS[-1]} ms"
        )
    return timeout_ms


def check_mock_template(template: str, *, where: str) -> None:
    """That a MOCK's request template is ``{"statusCode": nnn}`` and no program."""
    try:
        rendered = json.loads(template)
    except ValueError:
        rendered = None
    match rendered:
        case {"statusCode": int(status)} if (
            len(rendered) == 1 and not isinstance(status, bool) and 100 <= status <= 599
        ):
            return
        case _:
            raise NotOffered('mapping templates beyond `{"statusCode": nnn}`', where=where)


def check_mapping(parameters: Mapping[str, str], *, target: re.Pattern[str], source: re.Pattern[str]) -> None:
    """That every parameter is mapped from and to a place that there is. Bodies are no source: that needs templates."""
    if len(parameters) > MAP_ENTRIES:
        raise BadRequest(f"a mapping has {MAP_ENTRIES} entries at most")
    for to, from_ in parameters.items():
        if not target.fullmatch(to):
            wrong = to
        elif from_.startswith(("method.request.body", "integration.response.body")):
            raise NotOffered("parameters mapped from a body", where=to)
        elif not source.fullmatch(from_):
            wrong = from_
        else:
            continue
        raise BadRequest(
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
            f"[Invalid mapping expression specified: {wrong}]"
        )


def parse_integration_response(status_code: str, params: Mapping[str, Any], *, mock: bool) -> IntegrationResponse:
    """A row of an integration's responses, from the members of PutIntegrationResponse.

    A proxy's rows are never looked at, there as here; a MOCK's are, so its templates and pattern must be such as run.

    Raises:
        BadRequest, NotOffered
    """
    if not STATUS.fullmatch(status_code):
        raise BadRequest("Invalid status code specified")
    parameters: Mapping[str, str] = params.get("responseParameters") or {}
    templates: Mapping[str, str] = params.get("responseTemplates") or {}
    pattern = params.get("selectionPattern") or None
    check_mapping(parameters, target=RESPONSE_TARGET, source=RESPONSE_SOURCE)
    if mock:
        for content_type, template in templates.items():
            if "$" in template or "#" in template:
                raise NotOffered("mapping templates with expressions", where=f"responseTemplates/{content_type}")
        if pattern is not None and not runs(pattern):
            raise NotOffered(f"the regular expression `{pattern}`", where="selectionPattern")
    return IntegrationResponse(
        status_code=status_code,
        selection_pattern=pattern,
        response_parameters=dict(parameters),
        response_templates=dict(templates),
        content_handling=params.get("contentHandling") or None,
    )


def runs(pattern: str) -> bool:
    """Whether RE2 takes the pattern."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error:
        return False
    return True

"""What a REST API answers in the integration's place: status, ``x-amzn-ErrorType`` and body, or as the API's owner
customized it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from yett.rules.execute_api.deployment import DeployedGatewayResponse
from yett.rules.execute_api.errors import AccessDenied, GatewayError, IntegrationFailure, ResponseType
from yett.rules.execute_api.mapping.parameters import header_text, literal
from yett.values.http import Headers, HttpResponse

R = ResponseType

# type -> its default status; None: that of the answer it stands in for.
DEFAULT_STATUS: Final[Mapping[ResponseType, int | None]] = {
    R.ACCESS_DENIED: 403,
    R.API_CONFIGURATION_ERROR: 500,
    R.AUTHORIZER_CONFIGURATION_ERROR: 500,
    R.AUTHORIZER_FAILURE: 500,
    R.BAD_REQUEST_BODY: 400,
    R.BAD_REQUEST_PARAMETERS: 400,
    R.DEFAULT_4XX: None,
    R.DEFAULT_5XX: None,
    R.EXPIRED_TOKEN: 403,
    R.INTEGRATION_FAILURE: 504,
    R.INTEGRATION_TIMEOUT: 504,
    R.INVALID_API_KEY: 403,
    R.INVALID_SIGNATURE: 403,
    R.MISSING_AUTHENTICATION_TOKEN: 403,
    R.QUOTA_EXCEEDED: 429,
    R.REQUEST_TOO_LARGE: 413,
    R.RESOURCE_NOT_FOUND: 404,
    R.THROTTLED: 429,
    R.UNAUTHORIZED: 401,
    R.UNSUPPORTED_MEDIA_TYPE: 415,
    R.WAF_FILTERED: 403,
}
DEFAULT_TEMPLATE: Final = '{"message":$context.error.messageString}'
HEADER: Final = "gatewayresponse.header."
JSON: Final = "application/json"
ERROR_TYPE: Final = "x-amzn-ErrorType"
# $context.error.message, ${stageVariables.x}, …: substitution is all that these templates can do.
NAME: Final = r"(?:context|stageVariables|method\.request)(?:\.[A-Za-z0-9_:\-]+)+"
VARIABLE: Final = re.compile(rf"\$\{{({NAME})\}}|\$({NAME})")

Lookup = Callable[[str], str | None]  # "context.path" or "stageVariables.x" -> value


def render(
    error: GatewayError,
    *,
    customized: Mapping[str, DeployedGatewayResponse],
    lookup: Lookup,
) -> HttpResponse:
    """The answer for a refusal, without the headers that every answer has (request ids).

    *customized* are the stage's own gateway responses by type; *lookup* gives the value of a variable for this call.
    """
    chosen = None
    if customized and error.is_customizable:
        chosen = customization(error.response_type, error.status, customized)
    if chosen is None:
        kind = type(error)
        if error.message is kind.default_message:
            return _standard_answer(kind)
        return _default_answer(kind, error.error_type, error.message)
    status = int(chosen.status_code) if chosen.status_code else error.status
    resolve = _with_error_variables(error, lookup)
    content_type, template = _choose_template(chosen, accept=lookup("method.request.header.Accept"))
    headers = [("Content-Type", content_type), (ERROR_TYPE, error.error_type)]
    for target, expression in chosen.response_parameters.items():
        value = literal(expression)
        value = resolve(expression) if value is None else value
        if target.startswith(HEADER) and value is not None:
            name = target.removeprefix(HEADER)
            headers = [line for line in headers if line[0].lower() != name.lower()]
            headers.append((name, header_text(value)))
    body = VARIABLE.sub(lambda match: resolve(match[1] or match[2]) or "", template)
    return HttpResponse(status=status, headers=Headers.of(headers), body=body.encode("utf-8", "surrogateescape"))


def customization(
    response_type: ResponseType, status: int, customized: Mapping[str, DeployedGatewayResponse]
) -> DeployedGatewayResponse | None:
    """The type's own customization, else that of its family, whose status, if set, replaces the type's *status*."""
    own = customized.get(response_type.value)
    family = customized.get("DEFAULT_4XX" if status < 500 else "DEFAULT_5XX")
    if own is None or response_type in {R.DEFAULT_4XX, R.DEFAULT_5XX}:
        return family
    return own


def _choose_template(chosen: DeployedGatewayResponse, *, accept: str | None) -> tuple[str, str]:
    """Content type and template: the first type that the client accepts, else JSON's, else the first there is."""
    templates = chosen.response_templates
    # UNCERTAIN: how the service chooses (spec 01, section 5.1).
    for accepted in (accept or "").split(","):
        content_type = accepted.partition(";")[0].strip().lower()
        if content_type in templates:
            return content_type, templates[content_type]
    if JSON in templates:
        return JSON, templates[JSON]
    return next(iter(templates.items()), (JSON, DEFAULT_TEMPLATE))


def _standard_answer(kind: type[GatewayError]) -> HttpResponse:
    """What all refusals of a kind answer that say nothing of their call, made once."""
    answer = _standard_answers.get(kind)
    if answer is None:
        answer = _standard_answers[kind] = _default_answer(kind, kind.error_type, kind.default_message)
    return answer


_standard_answers: Final[dict[type[GatewayError], HttpResponse]] = {}


def _default_answer(kind: type[GatewayError], error_type: str, message: str | None) -> HttpResponse:
    if not kind.has_document:
        return HttpResponse(status=kind.status, headers=Headers(()), body=b"")
    # OBSERVED: denials spell the key "Message", every other gateway response "message"; and a dead backend's answer
    # alone has a space after the colon (spec 01, section 3; spec 08, no. 43).
    key = b"Message" if issubclass(kind, AccessDenied) else b"message"
    space = b" " if issubclass(kind, IntegrationFailure) else b""
    return HttpResponse(
        status=kind.status,
        headers=Headers((("Content-Type", JSON), (ERROR_TYPE, error_type))),
        body=b'{"' + key + b'":' + space + msgspec.json.encode(message) + b"}",
    )


def _with_error_variables(error: GatewayError, lookup: Lookup) -> Lookup:
    values = {
        "context.error.message": error.message or "",
        "context.error.messageString": msgspec.json.encode(error.message).decode(),
        "context.error.responseType": error.response_type.value,
        "context.error.validationErrorString": "",
    }
    return lambda name: values[name] if name in values else lookup(name)

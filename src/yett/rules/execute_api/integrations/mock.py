"""What a ``MOCK`` integration answers. Its template may only say the status: VTL is not interpreted.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

import re
from typing import Final

import msgspec
import re2

from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.deployment import DeployedIntegration, DeployedIntegrationResponse
from yett.rules.execute_api.errors import ApiConfigurationError, UnsupportedMediaType
from yett.rules.execute_api.mapping.parameters import METHOD_HEADER, evaluate, header_text
from yett.values.http import Headers, HttpResponse

DEFAULT_CONTENT_TYPE: Final = "application/json"


def render_mock(call: Authorized) -> HttpResponse:
    """The answer: status by the request template, then headers and body by the matching integration response.

    Raises:
        UnsupportedMediaType: No template is for the request's content type, and nothing is passed through.
        ApiConfigurationError: The template says no status, or no integration response is for it.
    """
    routed = call.routed
    integration = routed.method.integration
    content_type = _media_type(routed.request.headers.get("content-type"))
    template = integration.request_templates.get(content_type)
    if template is None:
        if integration.passthrough_behavior == "NEVER" or (
            integration.passthrough_behavior == "WHEN_NO_TEMPLATES" and integration.request_templates
        ):
            raise UnsupportedMediaType(f"no template for `{content_type}`")
        template = ""
    status = _read_status(template)
    if status is None:
        raise ApiConfigurationError("the mock's request template gives no `statusCode`")
    row = _select(integration, status)
    headers = [("Content-Type", next(iter(row.response_templates), DEFAULT_CONTENT_TYPE))]
    for target, expression in row.response_parameters.items():
        value = evaluate(expression, routed, call.standing.identity)
        if target.startswith(METHOD_HEADER) and value is not None:
            name = target.removeprefix(METHOD_HEADER)
            headers = [line for line in headers if line[0].lower() != name.lower()]
            headers.append((name, header_text(value)))
    body = next(iter(row.response_templates.values()), "")
    return HttpResponse(status=int(row.status_code), headers=Headers.of(headers), body=body.encode())


def _media_type(content_type: str | None) -> str:
    return (content_type or DEFAULT_CONTENT_TYPE).partition(";")[0].strip().lower()


def _read_status(template: str) -> int | None:
    # SAM writes `{\n "statusCode" : 200\n}\n`, the console `{"statusCode": 200}`, older hands `{statusCode: 200}`.
    quoted = re.sub(r"([{,]\s*)([A-Za-z_]+)\s*:", r'\1"\2":', template)
    try:
        value = msgspec.json.decode(quoted)
    except msgspec.DecodeError:
        return None
    status = value.get("statusCode") if isinstance(value, dict) else None
    return status if isinstance(status, int) and not isinstance(status, bool) and 200 <= status <= 599 else None


def _select(integration: DeployedIntegration, status: int) -> DeployedIntegrationResponse:
    """The row whose selection pattern matches the status, else the default one."""
    default = None
    for row in integration.responses:
        if not row.selection_pattern:
            default = default or row
        elif _matches(row.selection_pattern, status):
            return row
    if default is None:
        raise ApiConfigurationError(f"no integration response matches status {status}, and there is no default")
    return default


def _matches(pattern: str, status: int) -> bool:
    """Whether a selection pattern, a regular expression, is for a status."""
    try:
        return re2.fullmatch(pattern, str(status)) is not None
    except re2.error as error:
        raise ApiConfigurationError(f"the selection pattern `{pattern}` is no regular expression") from error

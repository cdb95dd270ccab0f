"""The request that an ``HTTP_PROXY`` backend gets.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from typing import Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from yett.rules.execute_api.call import Authorized, Routed
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.errors import ApiConfigurationError
from yett.rules.execute_api.integrations.headers import HTTP_PROXY, passes_request
from yett.rules.execute_api.mapping.parameters import (
    INTEGRATION_HEADER,
    INTEGRATION_PATH,
    INTEGRATION_QUERY_STRING,
    evaluate,
)

SIGV4: Final = "AWS4-"
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
ANY: Final = "ANY"
# Headers of the gateway's own: what a client sends under these names does not pass for ours.
OWN: Final = frozenset(
    {"x-amzn-apigateway-api-id", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
)


class OutgoingRequest(Struct, frozen=True, kw_only=True):
    """A request for a backend. Host and framing are the upstream client's business."""

    method: str
    scheme: str
    host: str
    port: int
    target: str  # path and query
    headers: tuple[tuple[str, str], ...]
    body: bytes


def hides_authorization(routed: Routed) -> bool:
    """Whether the client's ``Authorization`` stays here: on ``AWS_IAM`` methods, and wherever it holds a signature."""
    if routed.method.authorization_type is AuthorizationType.AWS_IAM:
        return True
    return (routed.request.headers.get("authorization") or "").startswith(SIGV4)


def build_request(call: Authorized, *, trace_header: str, port: int) -> OutgoingRequest:
    """Build the backend's request from the integration's URI and mappings; what is not mapped passes through.

    Raises:
        ApiConfigurationError: The URI, once filled in, is no http or https URL.
    """
    routed = call.routed
    integration = routed.method.integration
    mapped = _evaluate_mappings(call)
    uri = integration.uri or ""
    for name, value in routed.plan.variables.items():
        uri = uri.replace(f"${{stageVariables.{name}}}", value)
    for name, value in mapped[INTEGRATION_PATH].items():
        # The client's own percent-encoding stays; only what could end a segment's text is encoded.
        uri = uri.replace(f"{{{name}}}", quote(value, safe="/%:@!$&'()*+,;=-._~"))
    try:
        parts = urlsplit(uri)
        backend_port = parts.port
    except ValueError as error:
        raise ApiConfigurationError(f"the integration's URI is no URL: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "{" in uri:
        raise ApiConfigurationError(f"the integration's URI `{uri}` is no http or https URL")
    method = integration.http_method or ANY
    return OutgoingRequest(
        method=routed.request.method if method == ANY else method,
        scheme=parts.scheme,
        host=parts.hostname,
        port=backend_port or DEFAULT_PORTS[parts.scheme],
        target=_join_target(parts.path, parts.query, routed.request.query, mapped[INTEGRATION_QUERY_STRING]),
        headers=_build_headers(routed, mapped[INTEGRATION_HEADER], trace_header=trace_header, port=port),
        body=routed.request.body,
    )


def _evaluate_mappings(call: Authorized) -> dict[str, dict[str, str]]:
    """The values of ``requestParameters`` by where they go: header, query string, path."""
    values: dict[str, dict[str, str]] = {INTEGRATION_HEADER: {}, INTEGRATION_QUERY_STRING: {}, INTEGRATION_PATH: {}}
    for target, expression in call.routed.method.integration.request_parameters.items():
        value = evaluate(expression, call.routed, call.standing.identity)
        for prefix, group in values.items():
            if target.startswith(prefix) and value is not None:
                group[target.removeprefix(prefix)] = value
    return values


def _join_target(path: str, own_query: str, client_query: str, mapped: dict[str, str]) -> str:
    """Path and query: the URI's own parameters, the client's as they stand, and those that are mapped."""
    pairs = [part for part in (own_query, client_query) if part]
    pairs += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in mapped.items()]
    return (path or "/") + ("?" + "&".join(pairs) if pairs else "")


def _build_headers(
    routed: Routed, mapped: dict[str, str], *, trace_header: str, port: int
) -> tuple[tuple[str, str], ...]:
    request = routed.request
    replaced = {name.lower() for name in mapped} | OWN
    if hides_authorization(routed):
        replaced.add("authorization")
    lines = [
        (name, value)
        for name, value in request.headers
        if name.lower() not in replaced and passes_request(name, HTTP_PROXY)
    ]
    lines += mapped.items()
    forwarded_for = request.headers.get_all("x-forwarded-for")
    lines += [
        ("X-Amzn-Apigateway-Api-Id", routed.plan.api_id),
        ("X-Amzn-Trace-Id", trace_header),
        ("X-Forwarded-For", ", ".join((*forwarded_for, request.source_ip))),
        ("X-Forwarded-Port", str(port)),
        ("X-Forwarded-Proto", request.scheme),
    ]
    if request.headers.get("user-agent") is None and "user-agent" not in replaced:
        lines.append(("User-Agent", f"AmazonAPIGateway_{routed.plan.api_id}"))
    return tuple(lines)

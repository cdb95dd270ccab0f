"""The request that an ``HTTP_PROXY`` backend gets.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

import re
from typing import Final
from urllib.parse import quote, unquote_plus

from msgspec import Struct

from yett.rules.execute_api.call import Authorized, Routed
from yett.rules.execute_api.errors import ApiConfigurationError, BadRequestParameters
from yett.rules.execute_api.headers import is_withheld
from yett.rules.execute_api.mapping.parameters import (
    INTEGRATION_PATH,
    INTEGRATION_QUERY_STRING,
    METHOD_PATH,
    evaluate,
    header_text,
)
from yett.rules.execute_api.plan import INTEGRATION_HEADER

SIGV4: Final = "AWS4-"
ANY: Final = "ANY"
AUTHORIZATION: Final = "authorization"
# Tells a backend of a caller that was let in though its signature was not verified; a client's line of this name is
# dropped at the edge.
NOT_VERIFIED: Final = "X-Yett-Signature-Not-Verified"
# What may stand in a path as it is; the percent sign too where the client has encoded already.
PATH_SAFE: Final = ":@!$&'()*+,;=-._~"
PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_.~-]*")  # what `quote` would leave alone, as most of what is called is
RAW_PATH_SAFE: Final = f"/%{PATH_SAFE}"
# ``..`` and ``.`` in every spelling that some backend resolves; it would leave the path that the API's owner gave, and
# the one that policies were asked about.
DOT_SEGMENT: Final = re.compile(r"(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:;[^/\\]*)?(?:[/\\]|%2f|%5c|$)", re.IGNORECASE)
ENCODED_AWAY: Final = re.compile(r"[%/\\]")  # in text that becomes one segment, where they part nothing
PARAMETER_SEPARATOR: Final = re.compile("[&;]")  # some backends part parameters at either


class OutgoingRequest(Struct, frozen=True, kw_only=True):
    """A request for a backend. Host and framing are the upstream client's business."""

    method: str
    scheme: str
    host: str
    port: int
    target: str  # path and query
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Mapped(Struct, frozen=True):
    """The values of ``requestParameters``, by where they go."""

    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    path: dict[str, str] = {}  # percent-encoded


NOTHING_MAPPED: Final = _Mapped()


def hides_authorization(routed: Routed) -> bool:
    """Whether the client's ``Authorization`` stays here though its method passes it on: it holds a signature."""
    return any(value.startswith(SIGV4) for value in routed.request.headers.get_all(AUTHORIZATION))


def build_request(call: Authorized, *, trace_header: str, port: int) -> OutgoingRequest:
    """Build the backend's request from the integration's URI and mappings; what is not mapped passes through.

    Raises:
        ApiConfigurationError: The URI is no http or https URL, or a part of its path is not mapped.
        BadRequestParameters: A part of the path would lead out of it.
    """
    routed = call.routed
    integration, target, request = routed.method.integration, routed.method.http_target, routed.request
    if target is None:
        raise ApiConfigurationError(f"the integration's URI `{integration.uri}` names no endpoint")
    mapped = _evaluate_mappings(call) if integration.request_parameters else NOTHING_MAPPED
    method = integration.http_method or ANY
    return OutgoingRequest(
        method=request.method if method == ANY else method,
        scheme=target.scheme,
        host=target.host,
        port=target.port,
        target=_join_target(
            _fill(target.path, mapped.path), _fill(target.query, mapped.path), request.query, mapped.query
        ),
        headers=_build_headers(call, mapped.headers, trace_header=trace_header, port=port),
        body=request.body,
    )


def _evaluate_mappings(call: Authorized) -> _Mapped:
    """What is mapped and has a value for this call."""
    mapped = _Mapped(headers={}, query={}, path={})
    for target, expression in call.routed.method.integration.request_parameters.items():
        value = evaluate(expression, call.routed, call.standing.identity)
        if value is None:
            continue
        if target.startswith(INTEGRATION_HEADER):
            mapped.headers[target.removeprefix(INTEGRATION_HEADER)] = header_text(value)
        elif target.startswith(INTEGRATION_QUERY_STRING):
            mapped.query[target.removeprefix(INTEGRATION_QUERY_STRING)] = value
        elif target.startswith(INTEGRATION_PATH):
            # The path's own parts keep the client's percent-encoding. Text from elsewhere is one segment and no more.
            is_raw = expression.startswith(METHOD_PATH)
            if DOT_SEGMENT.search(value if is_raw else ENCODED_AWAY.sub("_", value)):
                raise BadRequestParameters(f"a dot segment in what `{target}` takes from the client")
            safe = RAW_PATH_SAFE if is_raw else PATH_SAFE
            text = value if PLAIN_PATH.fullmatch(value) else quote(value, safe=safe)
            mapped.path[target.removeprefix(INTEGRATION_PATH)] = text
    return mapped


def _fill(template: str, values: dict[str, str]) -> str:
    """The template with its ``{names}`` replaced.

    Raises:
        ApiConfigurationError: One has no value.
    """
    if "{" not in template:
        return template
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    if "{" in template:
        raise ApiConfigurationError(f"a part of the integration's URI has no value: `{template}`")
    return template


def _join_target(path: str, own_query: str, client_query: str, mapped: dict[str, str]) -> str:
    """Path and query: the URI's own parameters, the client's as they stand, and those that are mapped.

    A mapped parameter replaces the client's of its name: what the API's owner maps, no caller can add to.
    """
    if mapped and client_query:
        parts = PARAMETER_SEPARATOR.split(client_query)
        kept = [part for part in parts if unquote_plus(part.partition("=")[0]) not in mapped]
        if len(kept) < len(parts):
            client_query = "&".join(kept)
    pairs = [part for part in (own_query, client_query) if part]
    pairs += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in mapped.items()]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def _build_headers(
    call: Authorized, mapped: dict[str, str], *, trace_header: str, port: int
) -> tuple[tuple[str, str], ...]:
    routed = call.routed
    request, withheld = routed.request, routed.method.withheld_headers
    get = request.headers.get
    if (get(AUTHORIZATION) or "") and hides_authorization(routed):
        withheld = withheld | {AUTHORIZATION}
    forwarded_for = request.source_ip
    if get("x-forwarded-for") is not None:
        forwarded_for = ", ".join((*request.headers.get_all("x-forwarded-for"), forwarded_for))
    lines = [line for line in request.headers.lines if not is_withheld(line[0], withheld)]
    lines += mapped.items()
    lines += (
        ("X-Amzn-Apigateway-Api-Id", routed.plan.api_id),
        ("X-Amzn-Trace-Id", trace_header),
        ("X-Forwarded-For", forwarded_for),
        ("X-Forwarded-Port", str(port)),
        ("X-Forwarded-Proto", request.scheme),
    )
    if call.standing.vouched_by is not None:
        lines.append((NOT_VERIFIED, call.standing.vouched_by))
    if get("user-agent") is None and "user-agent" not in withheld:
        lines.append(("User-Agent", f"AmazonAPIGateway_{routed.plan.api_id}"))
    return tuple(lines)

"""The request that an ``HTTP_PROXY`` backend gets.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

import re
from typing import Final
from urllib.parse import quote, unquote_plus

from msgspec import Struct

from yett.compiled import twin
from yett.rules.execute_api.call import Authorized, Routed
from yett.rules.execute_api.errors import ApiConfigurationError, BadRequestParameters
from yett.rules.execute_api.headers import Withheld, withhold
from yett.rules.execute_api.http_target import HttpTarget
from yett.rules.execute_api.mapping.parameters import (
    INTEGRATION_PATH,
    INTEGRATION_QUERY_STRING,
    METHOD_PATH,
    evaluate,
    header_text,
)
from yett.rules.execute_api.mapping.trace_header import TRACE_ID, render_trace_header
from yett.rules.execute_api.plan import INTEGRATION_HEADER
from yett.values.http import HttpRequest, Lines

SIGV4: Final = "AWS4-"
ANY: Final = "ANY"
AUTHORIZATION: Final = "authorization"
FORWARDED_FOR: Final = "x-forwarded-for"
USER_AGENT: Final = "user-agent"
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


class OutgoingRequest(Struct, frozen=True, gc=False):
    """A request for a backend, but for its body, which is the client's. Host and framing are the upstream client's
    business.
    """

    method: str
    endpoint: HttpTarget
    target: str  # path and query
    headers: Lines


class _Mapped(Struct, frozen=True):
    """The values of ``requestParameters``, by where they go."""

    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    path: dict[str, str] = {}  # percent-encoded


NOTHING_MAPPED: Final = _Mapped()


def withheld_headers(routed: Routed) -> Withheld:
    """Which of the client's lines stay here: those that its method keeps back, and ``Authorization`` with a signature
    in it.
    """
    withheld, headers = routed.question.method.withheld, routed.request.headers
    if AUTHORIZATION not in headers.by_name() or AUTHORIZATION in withheld.names:
        return withheld
    is_signature = any(value.startswith(SIGV4) for value in headers.get_all(AUTHORIZATION))
    return withhold(withheld.names | {AUTHORIZATION}) if is_signature else withheld


def build_request(call: Authorized, *, port: int) -> OutgoingRequest:
    """Build the backend's request from the integration's URI and mappings; what is not mapped passes through.

    Raises:
        ApiConfigurationError: The URI is no http or https URL, or a part of its path is not mapped.
        BadRequestParameters: A part of the path would lead out of it.
    """
    request, question = call.routed.request, call.routed.question
    integration, endpoint = question.method.integration, question.method.http_target
    if endpoint is None:
        raise ApiConfigurationError(f"the integration's URI `{integration.uri}` names no endpoint")
    mapped, headers = NOTHING_MAPPED, None
    if integration.request_parameters:
        mapped = _evaluate_mappings(call)
    elif call.standing.vouched_by is None:
        present = request.headers.by_name()
        headers = _forward_lines(
            request.headers.lines,
            present,
            question.method.withheld.known,
            question.plan.api_id,
            None if TRACE_ID not in present else render_trace_header(request),
            request.source_ip if FORWARDED_FOR not in present else _forwarded_for(request),
            port,
            request.scheme,
            request.received_at,
            request.request_id,
        )
    if headers is None:
        headers = build_headers(call, mapped.headers, port=port)
    target = endpoint.fixed
    if target is None or mapped.query or request.query:
        path, own_query = _fill(endpoint.path, mapped.path), _fill(endpoint.query, mapped.path)
        target = _join_target(path, own_query, request.query, mapped.query)
    method = integration.http_method or ANY
    return OutgoingRequest(request.method if method == ANY else method, endpoint, target, headers)


_forward_lines: Final = twin("yett.rules.execute_api.plain_lines", "forward_lines")


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


def build_headers(call: Authorized, mapped: dict[str, str], *, port: int) -> Lines:
    """The client's lines that its method passes on, those that are mapped, and the gateway's own."""
    routed = call.routed
    request, plan, present = routed.request, routed.question.plan, routed.request.headers.by_name()
    withheld = withheld_headers(routed)
    lines = [
        *withheld.passed(request.headers.lines),
        *mapped.items(),
        ("X-Amzn-Apigateway-Api-Id", plan.api_id),
        ("X-Amzn-Trace-Id", render_trace_header(request)),
        ("X-Forwarded-For", _forwarded_for(request)),
        ("X-Forwarded-Port", str(port)),
        ("X-Forwarded-Proto", request.scheme),
    ]
    if call.standing.vouched_by is not None:
        lines.append((NOT_VERIFIED, call.standing.vouched_by))
    if USER_AGENT not in present and USER_AGENT not in withheld.names:
        lines.append(("User-Agent", f"AmazonAPIGateway_{plan.api_id}"))
    return tuple(lines)


def _forwarded_for(request: HttpRequest) -> str:
    """The hops that are claimed, and the client as the edge sees it."""
    return ", ".join((*request.headers.get_all(FORWARDED_FOR), request.source_ip))

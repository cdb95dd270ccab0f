"""The event that a function behind ``AWS_PROXY`` gets.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from base64 import b64encode
from typing import Final

import msgspec

from yett.rules.execute_api.call import Authorized, Routed
from yett.rules.execute_api.integrations.http_request import withheld_headers
from yett.rules.execute_api.mapping.context import describe_authorizer
from yett.rules.execute_api.mapping.request_context import describe_request_context
from yett.rules.execute_api.multivalue import header_maps, or_null, query_maps
from yett.values.http import Headers

# In a context, the rule by which a caller was let in whose signature was not verified. Ours; AWS has no such calls.
NOT_VERIFIED: Final = "yettSignatureNotVerified"


def render_proxy_event(call: Authorized, *, trace_header: str, port: int) -> bytes:
    """The JSON of the event. Absent query, path parameters, stage variables and body are null, not empty."""
    routed = call.routed
    request = routed.request
    headers, multi_value_headers = header_maps(_forwarded_headers(routed, trace_header=trace_header, port=port))
    query, multi_value_query = query_maps(request.query)
    body, is_base64_encoded = _render_body(routed)
    context = describe_request_context(routed, call.standing.identity)
    if call.standing.vouched_by is not None:
        context[NOT_VERIFIED] = call.standing.vouched_by
    if (authorizer := describe_authorizer(call.standing.identity)) is not None:
        context["authorizer"] = authorizer
    return msgspec.json.encode(
        {
            "resource": routed.method.resource_path,
            "path": routed.path,
            "httpMethod": request.method,
            "headers": or_null(headers),
            "multiValueHeaders": or_null(multi_value_headers),
            "queryStringParameters": or_null(query),
            "multiValueQueryStringParameters": or_null(multi_value_query),
            "pathParameters": or_null(routed.path_parameters),
            "stageVariables": or_null(routed.plan.variables),
            "requestContext": context,
            "body": body,
            "isBase64Encoded": is_base64_encoded,
        }
    )


def is_binary(content_type: str | None, binary_media_types: frozenset[str]) -> bool:
    """Whether a media type is one of the API's binary ones. ``*/*`` makes every body binary."""
    if "*/*" in binary_media_types:
        return True
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return media_type in binary_media_types or f"{media_type.partition('/')[0]}/*" in binary_media_types


def _forwarded_headers(routed: Routed, *, trace_header: str, port: int) -> Headers:
    """The client's headers as the function sees them, with those that the gateway adds for every proxy."""
    request = routed.request
    return Headers(
        (
            *withheld_headers(routed).passed(request.headers.lines),
            ("X-Amzn-Trace-Id", trace_header),
            ("X-Forwarded-For", ", ".join((*request.headers.get_all("x-forwarded-for"), request.source_ip))),
            ("X-Forwarded-Port", str(port)),
            ("X-Forwarded-Proto", request.scheme),
        )
    )


def _render_body(routed: Routed) -> tuple[str | None, bool]:
    """Text as it is; binary media types, and what is no UTF-8, as base64 (OBSERVED)."""
    body = routed.request.body
    if not body:
        return None, False
    if not is_binary(routed.request.headers.get("content-type"), routed.plan.binary_media_types):
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return b64encode(body).decode(), True

"""What a function behind ``AWS_PROXY`` answered.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html, and the
rules observed on the service (spec 06, section 1.2; spec 08, no. 6).
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

import msgspec

from yett.rules.execute_api.errors import ApiConfigurationError, MalformedProxyResponse
from yett.rules.execute_api.headers import FUNCTION, relay_lines
from yett.rules.execute_api.integrations.lambda_event import is_binary
from yett.rules.execute_api.plan import StagePlan
from yett.values.http import Headers, HttpRequest, HttpResponse

MEMBERS: Final = frozenset({"isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"})
DEFAULT_CONTENT_TYPE: Final = "application/json"
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what is no JSON, or nested too deeply
# An interim status (1xx) would end no exchange: the client would wait for another answer on the same connection.
# Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.2
FIRST_FINAL_STATUS: Final = 200
LAST_STATUS: Final = 599
# What can stand in a header line without ending it. Source: RFC 9110, sections 5.1 and 5.5.
FIELD_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
FIELD_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def parse_proxy_response(payload: bytes, *, plan: StagePlan, request: HttpRequest) -> HttpResponse:
    """Turn the function's answer into the response. No member is mandatory; an unknown one makes it malformed.

    Raises:
        MalformedProxyResponse: It is no object, or has a member or value that is not of the form.
        ApiConfigurationError: Its body is said to be base64 and is not.
    """
    try:
        answer = msgspec.json.decode(payload)
    except UNREADABLE as error:
        raise MalformedProxyResponse("malformed Lambda proxy response: not JSON") from error
    if not isinstance(answer, dict):
        raise MalformedProxyResponse("malformed Lambda proxy response: no object")
    if unknown := sorted(answer.keys() - MEMBERS):
        raise MalformedProxyResponse(f"malformed Lambda proxy response: unknown member `{unknown[0]}`")
    lines = _merge_headers(answer.get("headers"), answer.get("multiValueHeaders"))
    if not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("Content-Type", DEFAULT_CONTENT_TYPE))
    return HttpResponse(
        status=_read_status(answer.get("statusCode")),
        headers=Headers(relay_lines(tuple(lines), FUNCTION)),
        body=_read_body(answer, plan=plan, request=request),
    )


def _read_status(value: object) -> int:
    match value:
        case None:
            return 200
        case bool():
            status = 0
        case int():
            status = value
        case str() if value.isascii() and value.isdigit() and len(value) <= 3:
            status = int(value)
        case _:
            status = 0
    if not FIRST_FINAL_STATUS <= status <= LAST_STATUS:
        raise MalformedProxyResponse("malformed Lambda proxy response: `statusCode` is no status")
    return status


def _merge_headers(single: object, multiple: object) -> list[tuple[str, str]]:
    """Both maps as lines. Where both have a name, the multi-value map's casing wins and its values come first."""
    lines: list[tuple[str, str]] = []
    spelled: dict[str, str] = {}
    for name, values in _mapping(multiple, "multiValueHeaders").items():
        if not isinstance(values, list):
            raise MalformedProxyResponse(f"malformed Lambda proxy response: multiValueHeaders `{name}` is no list")
        spelled[name.lower()] = name
        lines += [(name, text) for value in values if (text := _render_value(name, value)) is not None]
    seen = set(lines)
    for name, value in _mapping(single, "headers").items():
        text = _render_value(name, value)
        shown = spelled.get(name.lower(), name)
        if text is not None and (shown, text) not in seen:
            lines.append((shown, text))
    return lines


def _mapping(value: object, member: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedProxyResponse(f"malformed Lambda proxy response: `{member}` is no object")
    return value


def _render_value(name: str, value: object) -> str | None:
    """Text as it is, booleans as ``true``, null not at all; anything else, numbers included, is malformed
    (OBSERVED).
    """
    match value:
        case None:
            return None
        case bool():
            text = "true" if value else "false"
        case str():
            text = value
        case _:
            raise MalformedProxyResponse(f"malformed Lambda proxy response: header `{name}` is no text")
    if FIELD_NAME.fullmatch(name) is None or FIELD_VALUE.fullmatch(text) is None:
        raise MalformedProxyResponse(f"malformed Lambda proxy response: header {name!r} is no header line")
    return text


def _read_body(answer: Mapping[str, object], *, plan: StagePlan, request: HttpRequest) -> bytes:
    body, is_base64_encoded = answer.get("body"), answer.get("isBase64Encoded", False)
    if not isinstance(is_base64_encoded, bool | None):
        raise MalformedProxyResponse("malformed Lambda proxy response: `isBase64Encoded` is no boolean")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedProxyResponse("malformed Lambda proxy response: `body` is no text")
    accepted = (request.headers.get("accept") or "").partition(",")[0]
    if is_base64_encoded and is_binary(accepted, plan.binary_media_types):
        try:
            return b64decode(body, validate=True)
        except ValueError as error:
            raise ApiConfigurationError("the body is said to be base64 and is not") from error
    return body.encode("utf-8", "surrogatepass")

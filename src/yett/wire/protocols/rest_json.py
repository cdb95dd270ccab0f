"""The REST JSON protocol, of API Gateway and Lambda: members in path, query string, headers and body.

Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qsl, unquote

import msgspec

from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.timestamps import parse_iso, render_iso
from yett.wire.protocols import json
from yett.wire.shapes import Kind, Location, MalformedInput, Member, NotInModel, Operation, Service, Shape

JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"
TEXT: Final = "text/plain"

Query = dict[str, list[str]]


def parse_input(operation: Operation, request: HttpRequest) -> dict[str, object]:
    """The parameters of a call. What the model does not know is ignored, as AWS does.

    The path is of the operation's template: `find_operation` has seen to it.

    Raises:
        MalformedInput: A member is not of its type, or the body no JSON.
    """
    shape = operation.input
    if shape is None:
        return {}
    params = read_payload(shape, request.body)
    labels = read_labels(operation, request.path)
    query: Query = {}
    for name, text in parse_qsl(request.query.replace("+", "%2B"), keep_blank_values=True):
        query.setdefault(name, []).append(text)
    named = {member.wire_name for member in shape.members.values() if member.location is Location.QUERY_STRING}
    for name, member in shape.members.items():
        value: object | None = None
        match member.location:
            case Location.URI:
                value = read_text(member, labels[member.wire_name])
            case Location.QUERY_STRING:
                value = read_query(member, query, named | set(operation.query))
            case Location.HEADER:
                line = request.headers.get(member.wire_name.lower())
                value = None if line is None else read_text(member, line)
            case Location.HEADERS:
                prefix = member.wire_name.lower()
                value = {n[len(prefix) :]: t for n, t in request.headers if n.lower().startswith(prefix)} or None
        if value is not None:
            params[name] = value
    return params


def read_payload(shape: Shape, body: bytes) -> dict[str, object]:
    """What the body gives: the payload member, or all members without a place of their own."""
    if shape.payload is None:
        if not any(member.location is None for member in shape.members.values()):
            return {}
        value = json.decode(body)
        if not isinstance(value, dict):
            raise MalformedInput("the body is not a JSON object")
        inside = ((name, m, value.get(m.wire_name)) for name, m in shape.members.items() if m.location is None)
        return {name: json.read(m.shape, item, depth=0) for name, m, item in inside if item is not None}
    if not body:
        return {}
    member = shape.members[shape.payload]
    match member.shape.kind:
        case Kind.BLOB:
            return {shape.payload: body}
        case Kind.STRING:
            return {shape.payload: read_utf8(body)}
        case _:
            return {shape.payload: json.read(member.shape, json.decode(body), depth=0)}


def read_utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedInput("the body is not UTF-8") from error


def read_labels(operation: Operation, path: str) -> dict[str, str]:
    """The labels of the operation's template, percent-decoded."""
    wanted = operation.path.strip("/").split("/")
    given = path.removeprefix("/").removesuffix("/").split("/")
    labels: dict[str, str] = {}
    for at, segment in enumerate(wanted):
        if not segment.startswith("{"):
            continue
        if segment.endswith("+}"):
            tail = len(wanted) - at - 1
            labels[segment[1:-2]] = unquote("/".join(given[at : len(given) - tail]))
            given = [*given[:at], "", *given[len(given) - tail :]]
        else:
            labels[segment[1:-1]] = unquote(given[at])
    return labels


def read_query(member: Member, query: Query, named: set[str]) -> object | None:
    """A member of the query string: one value, a list of all of its name, or a map of all that others do not take."""
    if member.shape.kind is Kind.MAP:
        item = member.shape.members["value"]
        rest = {name: texts for name, texts in query.items() if name not in named}
        if item.shape.kind is Kind.LIST:
            return rest or None
        return {name: read_text(item, texts[-1]) for name, texts in rest.items()} or None
    texts = query.get(member.wire_name)
    if texts is None:
        return None
    if member.shape.kind is Kind.LIST:
        element = member.shape.members["member"]
        return [read_text(element, text) for text in texts]
    return read_text(member, texts[-1])


def read_text(member: Member, text: str) -> object:
    """A scalar outside the body."""
    try:
        match member.shape.kind:
            case Kind.STRING:
                return text
            case Kind.INTEGER | Kind.LONG:
                return int(text)
            case Kind.FLOAT | Kind.DOUBLE:
                return float(text)
            case Kind.BOOLEAN if text in ("true", "false"):
                return text == "true"
            case Kind.BLOB:
                return base64.b64decode(text, validate=True)
            case Kind.TIMESTAMP:
                return read_moment(text)
    except (ValueError, binascii.Error) as error:
        raise MalformedInput(f"`{member.wire_name}` is not of type {member.shape.kind}") from error
    raise MalformedInput(f"`{member.wire_name}` is not of type {member.shape.kind}")


def read_moment(text: str) -> datetime:
    """ISO 8601 as in query strings, RFC 822 as in headers, or seconds since 1970."""
    if "," in text:
        return parsedate_to_datetime(text).astimezone(UTC)
    try:
        return json.read_moment(float(text))
    except ValueError:
        return parse_iso(text)


def render_output(operation: Operation, result: Mapping[str, object], request_id: str) -> HttpResponse:
    """Status, headers and body of a result; a member at ``statusCode`` says the status.

    Raises:
        NotInModel: The result has a member or a type that the output has not.
    """
    shape = operation.output
    if shape is None:
        if result:
            raise NotInModel(f"{operation.name} has no output")
        return respond(operation.status, Headers(), b"", request_id)
    if unknown := set(result) - set(shape.members):
        raise NotInModel(f"{operation.name} has no {sorted(unknown)}")
    status, headers = operation.status, Headers()
    for name, member in shape.members.items():
        value = result.get(name)
        if value is None:
            continue
        if member.location is Location.STATUS_CODE:
            assert isinstance(value, int)
            status = value
        elif member.location is Location.HEADER:
            headers = headers.with_line(member.wire_name, write_text(member, value))
        elif member.location is Location.HEADERS:
            assert isinstance(value, Mapping)
            for key, item in value.items():
                headers = headers.with_line(member.wire_name + key, str(item))
    content_type, body = write_payload(shape, result, operation.name)
    if status == 204:
        body = b""
    if body and "content-type" not in headers.names():
        headers = headers.with_line("Content-Type", content_type)
    return respond(status, headers, body, request_id)


def write_payload(shape: Shape, result: Mapping[str, object], path: str) -> tuple[str, bytes]:
    """Media type and bytes of the body."""
    if shape.payload is None:
        inside = ((m, result.get(name)) for name, m in shape.members.items() if m.location is None)
        body = {m.wire_name: json.write(m.shape, item, f"{path}.{m.name}") for m, item in inside if item is not None}
        return JSON, msgspec.json.encode(body)
    value, member = result.get(shape.payload), shape.members[shape.payload]
    match member.shape.kind, value:
        case _, None:
            return JSON, b""
        case Kind.BLOB, bytes():
            return BYTES, value
        case Kind.STRING, str():
            return TEXT, value.encode()
        case _:
            return JSON, msgspec.json.encode(json.write(member.shape, value, f"{path}.{member.name}"))


def write_text(member: Member, value: object) -> str:
    """A header's value. Line ends cannot be written."""
    written = json.write(member.shape, value, member.name)
    if isinstance(value, datetime):
        is_iso = member.timestamp_format == "iso8601"
        return render_iso(value) if is_iso else format_datetime(value.astimezone(UTC), usegmt=True)
    text = str(written).lower() if isinstance(written, bool) else str(written)
    if "\r" in text or "\n" in text or "\0" in text:
        raise NotInModel(f"{member.name} cannot be a header's value")
    return text


def render_error(
    service: Service, code: str, message: str, *, status: int, request_id: str, fields: Mapping[str, object]
) -> HttpResponse:
    """An error: its code in ``x-amzn-ErrorType``, its message in the body, ``Retry-After`` and the like in headers."""
    error = service.errors.get(code)
    headers = Headers((("x-amzn-ErrorType", code),))
    body: dict[str, object] = {json.message_name(error, code): message}
    if error is not None:
        # Lambda's errors say whose fault it was.
        if "Type" in error.members and "Type" not in fields:
            body["Type"] = "User" if status < 500 else "Service"
        inside = {
            name: value
            for name, value in fields.items()
            if error.members.get(name) is None or not error.members[name].location
        }
        for name, value in fields.items():
            if name not in inside:
                headers = headers.with_line(error.members[name].wire_name, write_text(error.members[name], value))
        body |= json.write_fields(error, inside, code)
    elif fields:
        raise NotInModel(f"{code} is no error of the model, and has no fields")
    return respond(status, headers.with_line("Content-Type", JSON), msgspec.json.encode(body), request_id)


def respond(status: int, headers: Headers, body: bytes, request_id: str) -> HttpResponse:
    return HttpResponse(status=status, headers=Headers((("x-amzn-RequestId", request_id), *headers)), body=body)

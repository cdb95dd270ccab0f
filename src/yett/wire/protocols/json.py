"""The JSON protocols 1.0 and 1.1, of Cognito user pools, Organizations and DynamoDB; and the JSON of any body.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import base64
import binascii
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.timestamps import parse_iso, render_epoch
from yett.wire.limits import MAX_DEPTH
from yett.wire.shapes import Kind, MalformedInput, NotInModel, Operation, Service, Shape

# The namespace that a service puts before the codes of its own errors, where it does.
# OBSERVED at DynamoDB: `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`, and `com.amazon.coral.service#...`
# for errors common to all services.
NAMESPACES: Final[Mapping[str, tuple[str, str]]] = {
    "dynamodb": ("com.amazonaws.dynamodb.v20120810#", "com.amazon.coral.service#")
}
# OBSERVED: common errors that are made before the service is reached spell their text "Message", all others "message".
SPELT_WITH_A_CAPITAL: Final = frozenset({"AccessDeniedException", "SerializationException"})


def parse_input(operation: Operation, request: HttpRequest) -> dict[str, object]:
    """The parameters of a call. Members that the model does not know are ignored, as AWS does.

    Raises:
        MalformedInput: The body is no JSON object, or a member not of its type.
    """
    if operation.input is None:
        return {}
    return read_body(operation.input, request.body)


def read_body(shape: Shape, body: bytes) -> dict[str, object]:
    """A structure from the JSON of a body; without a body, an empty one."""
    params = read(shape, decode(body), depth=0)
    if not isinstance(params, dict):
        raise MalformedInput("Start of structure or map found where not expected.")
    return params


def decode(body: bytes) -> object:
    if not body.strip():
        return {}
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedInput("the body is not valid JSON") from error


def read(shape: Shape, value: object, *, depth: int) -> object:
    """A value of the shape. Nulls in structures count as absent."""
    if depth > MAX_DEPTH:
        raise MalformedInput("the body is nested too deep")
    if shape.is_document:
        return value
    match shape.kind, value:
        case Kind.STRUCTURE, dict():
            wanted = ((name, member, value.get(member.wire_name)) for name, member in shape.members.items())
            return {
                name: read(member.shape, inner, depth=depth + 1) for name, member, inner in wanted if inner is not None
            }
        case Kind.LIST, list():
            element = shape.members["member"].shape
            return [read(element, item, depth=depth + 1) for item in value]
        case Kind.MAP, dict():
            element = shape.members["value"].shape
            return {key: read(element, item, depth=depth + 1) for key, item in value.items() if item is not None}
    return read_scalar(shape, value)


def read_scalar(shape: Shape, value: object) -> object:
    match shape.kind, value:
        case Kind.STRING, str():
            return value
        case Kind.BOOLEAN, bool():
            return value
        case ((Kind.INTEGER | Kind.LONG), int()) if not isinstance(value, bool):
            return value
        case ((Kind.INTEGER | Kind.LONG), float()) if value.is_integer():
            return int(value)
        case ((Kind.FLOAT | Kind.DOUBLE), int() | float()) if not isinstance(value, bool):
            return float(value)
        case Kind.BLOB, str():
            try:
                return base64.b64decode(value, validate=True)
            except (ValueError, binascii.Error) as error:
                raise MalformedInput("a blob is not base64") from error
        case Kind.TIMESTAMP, int() | float() | str() if not isinstance(value, bool):
            return read_moment(value)
    raise MalformedInput(f"{token_name(value)} can not be converted to {java_name(shape.kind)}")


def read_moment(value: float | str) -> datetime:
    """Seconds since 1970, or ISO 8601."""
    try:
        return parse_iso(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedInput("a timestamp cannot be read") from error


def token_name(value: object) -> str:
    """What Java's JSON reader calls a token. OBSERVED: `NUMBER_VALUE can not be converted to String`."""
    match value:
        case None:
            return "NULL_VALUE"
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case str():
            return "STRING_VALUE"
        case int():
            return "NUMBER_VALUE"
        case float():
            return "DECIMAL_VALUE"
        case list():
            return "START_ARRAY"
        case _:
            return "START_OBJECT"


def java_name(kind: Kind) -> str:
    return {Kind.STRUCTURE: "Object", Kind.LIST: "List", Kind.MAP: "Map", Kind.BLOB: "Blob"}.get(
        kind, kind.capitalize()
    )


def render_output(operation: Operation, result: Mapping[str, object], request_id: str) -> HttpResponse:
    """The JSON of a result; an operation without output answers an empty body.

    Raises:
        NotInModel: The result has a member or a type that the output has not.
    """
    if operation.output is None:
        if result:
            raise NotInModel(f"{operation.name} has no output")
        return respond(operation.service, operation.status, b"", request_id)
    body = msgspec.json.encode(write(operation.output, result, operation.name))
    return respond(operation.service, operation.status, body, request_id)


def render_error(
    service: Service, code: str, message: str, *, status: int, request_id: str, fields: Mapping[str, object]
) -> HttpResponse:
    """An error document: ``__type`` and the message, beside what else the model's error has."""
    own, common = NAMESPACES.get(service.name, ("", ""))
    error = service.errors.get(code)
    namespace = common if error is None else own
    body = {"__type": namespace + code, message_name(error, code): message, **write_fields(error, fields, code)}
    response = respond(service, status, msgspec.json.encode(body), request_id)
    return HttpResponse(
        status=status, headers=response.headers.with_line("x-amzn-ErrorType", f"{code}:"), body=response.body
    )


def message_name(error: Shape | None, code: str) -> str:
    """Under which name the error carries its text: the models say "message" or "Message"."""
    if error is not None:
        for member in error.members.values():
            if member.name.lower() == "message":
                return member.wire_name
    return "Message" if code in SPELT_WITH_A_CAPITAL else "message"


def write_fields(error: Shape | None, fields: Mapping[str, object], code: str) -> dict[str, object]:
    if error is None:
        if fields:
            raise NotInModel(f"{code} is no error of the model, and has no fields")
        return {}
    written = write(error, fields, code)
    assert isinstance(written, dict)
    return written


def respond(service: Service, status: int, body: bytes, request_id: str) -> HttpResponse:
    headers = Headers(
        (("x-amzn-RequestId", request_id), ("Content-Type", f"application/x-amz-json-{service.json_version}"))
    )
    return HttpResponse(status=status, headers=headers, body=body)


def write(shape: Shape, value: object, path: str) -> object:
    """What JSON is written of a value.

    Raises:
        NotInModel: It is not of the shape.
    """
    if shape.is_document:
        return value
    match shape.kind, value:
        case Kind.STRUCTURE, Mapping():
            if unknown := set(value) - set(shape.members):
                raise NotInModel(f"{path} has no {sorted(unknown)}")
            present = ((member, value.get(name)) for name, member in shape.members.items())
            return {m.wire_name: write(m.shape, item, f"{path}.{m.name}") for m, item in present if item is not None}
        case Kind.LIST, list() | tuple():
            return [write(shape.members["member"].shape, item, path) for item in value]
        case Kind.MAP, Mapping():
            return {str(key): write(shape.members["value"].shape, item, f"{path}.{key}") for key, item in value.items()}
    return write_scalar(shape, value, path)


def write_scalar(shape: Shape, value: object, path: str) -> object:
    match shape.kind, value:
        case Kind.STRING, str():
            return str(value)
        case Kind.BOOLEAN, bool():
            return value
        case ((Kind.INTEGER | Kind.LONG), int()) if not isinstance(value, bool):
            return value
        case ((Kind.FLOAT | Kind.DOUBLE), int() | float()) if not isinstance(value, bool) and math.isfinite(value):
            return value
        case Kind.BLOB, bytes():
            return base64.b64encode(value).decode()
        case Kind.TIMESTAMP, datetime():
            return write_epoch(value)
    raise NotInModel(f"{path} is not of type {shape.kind}")


def write_epoch(moment: datetime) -> float:
    """Seconds since 1970, a whole number where it is one."""
    seconds = render_epoch(moment)
    return int(seconds) if seconds.is_integer() else seconds

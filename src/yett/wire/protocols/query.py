"""The query protocol, of IAM and STS: a form comes in, XML goes out.

Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.timestamps import parse_iso, render_iso
from yett.wire.limits import MAX_FORM_DEPTH, MAX_FORM_FIELDS
from yett.wire.shapes import Kind, MalformedInput, NotInModel, Operation, Service, Shape

CONTENT_TYPE: Final = "text/xml"
FORM: Final = "application/x-www-form-urlencoded"
# XML 1.0 has no way to write these; what IAM stores cannot hold them, so they only come back in error texts.
NOT_IN_XML: Final = {
    **dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), "\ufffd")
}
LINE_ENDS: Final = {"\r": "&#xD;", "\x85": "&#x85;", "\u2028": "&#x2028;"}

Node = dict[str, Any]  # part of a dotted name -> Node or text


def read_form(request: HttpRequest) -> dict[str, str]:
    """The fields of query string and body together; of fields of one name, the last.

    Raises:
        MalformedInput: There are too many, or the body is no text.
    """
    fields: list[tuple[str, str]] = []
    try:
        fields += parse_qsl(request.query, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
        if (request.headers.get("content-type") or "").partition(";")[0].strip().lower() == FORM:
            body = request.body.decode()
            fields += parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise MalformedInput("the form cannot be read") from error
    return dict(fields)


def parse_input(operation: Operation, request: HttpRequest) -> dict[str, object]:
    """The parameters of a call. Fields that the model does not know are ignored, as AWS does.

    Raises:
        MalformedInput: A field is not of its member's type.
    """
    if operation.input is None:
        return {}
    params = read(operation.input, grow_tree(read_form(request)), "")
    assert isinstance(params, dict)
    return params


def grow_tree(form: Mapping[str, str]) -> Node:
    """``{"Tags.member.1.Key": "a"}`` -> ``{"Tags": {"member": {"1": {"Key": "a"}}}}``; "" where it has both."""
    root: Node = {}
    for name, text in form.items():
        parts = name.split(".", MAX_FORM_DEPTH)
        if len(parts) > MAX_FORM_DEPTH:
            raise MalformedInput("a field name has too many parts")
        node = root
        for part in parts[:-1]:
            child = node.setdefault(part, {})
            if isinstance(child, str):
                child = node[part] = {"": child}
            node = child
        last = parts[-1]
        if isinstance(node.get(last), dict):
            node[last][""] = text
        else:
            node[last] = text
    return root


def read(shape: Shape, node: Node | str, path: str) -> object:
    """A value of the shape; None where an empty field says nothing."""
    match shape.kind:
        case Kind.STRUCTURE:
            return read_structure(shape, node, path)
        case Kind.LIST:
            return read_list(shape, node, path)
        case Kind.MAP:
            return read_map(shape, node, path)
        case _:
            text = node if isinstance(node, str) else node.get("")
            if not isinstance(text, str):
                raise MalformedInput(f"Unexpected list element termination at {path}")
            return read_text(shape, text, path)


def read_structure(shape: Shape, node: Node | str, path: str) -> dict[str, object]:
    values: dict[str, object] = {}
    if isinstance(node, dict):
        for name, member in shape.members.items():
            if (child := node.get(member.wire_name)) is not None:
                values[name] = read(member.shape, child, f"{path}.{name}".lstrip("."))
    return values


def read_list(shape: Shape, node: Node | str, path: str) -> list[object]:
    """``X.member.N`` in the order of N; gaps close. A bare ``X=`` is an empty list."""
    element = shape.members["member"]
    items = node if shape.is_flattened or isinstance(node, str) else node.get(element.wire_name, "")
    return [read(element.shape, child, f"{path}.{n}.member") for n, child in numbered(items, path)]


def read_map(shape: Shape, node: Node | str, path: str) -> dict[str, object]:
    """``X.entry.N.key`` and ``X.entry.N.value``."""
    key, value = shape.members["key"], shape.members["value"]
    entries = node if shape.is_flattened or isinstance(node, str) else node.get("entry", "")
    found: dict[str, object] = {}
    for number, entry in numbered(entries, path):
        if not isinstance(entry, dict) or key.wire_name not in entry:
            raise MalformedInput(f"entry {number} of {path} has no key")
        found[str(read(key.shape, entry[key.wire_name], path))] = read(
            value.shape, entry.get(value.wire_name, ""), path
        )
    return found


def numbered(node: Node | str, path: str) -> list[tuple[int, Any]]:
    if isinstance(node, str):
        return []
    try:
        return sorted((int(number), child) for number, child in node.items() if number)
    except ValueError as error:
        raise MalformedInput(f"the elements of {path} are not numbered") from error
    except TypeError as error:  # two spellings of one number, "1" and "01"
        raise MalformedInput(f"an element of {path} is given twice") from error


def read_text(shape: Shape, text: str, path: str) -> object:
    try:
        match shape.kind:
            case Kind.STRING:
                return text
            case Kind.INTEGER | Kind.LONG:
                return int(text)
            case Kind.FLOAT | Kind.DOUBLE:
                return float(text)
            case Kind.BOOLEAN if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case Kind.BLOB:
                return base64.b64decode(text, validate=True)
            case Kind.TIMESTAMP:
                return parse_iso(text)
    except (ValueError, binascii.Error) as error:
        raise MalformedInput(f"{path} is not of type {shape.kind}") from error
    raise MalformedInput(f"{path} is not of type {shape.kind}")


def render_output(operation: Operation, result: Mapping[str, object], request_id: str) -> HttpResponse:
    """The XML document of a result.

    Raises:
        NotInModel: The result has a member or a type that the output has not.
    """
    body = [f'<{operation.name}Response xmlns="{operation.service.xml_namespace}">']
    if operation.output is not None:
        inside = "".join(write_members(operation.output, result, operation.name))
        wrapper = operation.result_wrapper
        body.append(f"<{wrapper}>{inside}</{wrapper}>" if wrapper else inside)
    elif result:
        raise NotInModel(f"{operation.name} has no output")
    body.append(
        f"<ResponseMetadata><RequestId>{write_text(request_id)}</RequestId></ResponseMetadata></{operation.name}Response>"
    )
    return respond(operation.status, "".join(body), request_id)


def render_error(
    service: Service, code: str, message: str, *, status: int, request_id: str, fields: Mapping[str, object]
) -> HttpResponse:
    """An ErrorResponse document; ``Type`` is Sender below 500, else Receiver."""
    error = service.errors.get(code)
    detail = "".join(write_members(error, fields, code)) if error is not None else ""
    kind = "Sender" if status < 500 else "Receiver"
    return respond(
        status,
        f'<ErrorResponse xmlns="{service.xml_namespace}"><Error><Type>{kind}</Type><Code>{write_text(code)}</Code>'
        f"<Message>{write_text(message)}</Message>{detail}</Error><RequestId>{write_text(request_id)}</RequestId></ErrorResponse>",
        request_id,
    )


def respond(status: int, body: str, request_id: str) -> HttpResponse:
    headers = Headers((("x-amzn-RequestId", request_id), ("Content-Type", CONTENT_TYPE)))
    return HttpResponse(status=status, headers=headers, body=body.encode())


def write_members(shape: Shape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        raise NotInModel(f"{path} is no structure")
    if unknown := set(value) - set(shape.members):
        raise NotInModel(f"{path} has no {sorted(unknown)}")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from write(member.shape, value[name], member.wire_name, f"{path}.{name}")


def write(shape: Shape, value: object, tag: str, path: str) -> Iterator[str]:
    match shape.kind:
        case Kind.STRUCTURE:
            yield f"<{tag}>{''.join(write_members(shape, value, path))}</{tag}>"
        case Kind.LIST if isinstance(value, list | tuple):
            element = shape.members["member"]
            item_tag = tag if shape.is_flattened else element.wire_name
            inside = "".join(part for item in value for part in write(element.shape, item, item_tag, path))
            yield inside if shape.is_flattened else f"<{tag}>{inside}</{tag}>"
        case Kind.MAP if isinstance(value, Mapping):
            inside = "".join(part for key, item in value.items() for part in write_entry(shape, key, item, tag, path))
            yield inside if shape.is_flattened else f"<{tag}>{inside}</{tag}>"
        case _:
            yield f"<{tag}>{write_scalar(shape, value, path)}</{tag}>"


def write_entry(shape: Shape, key: object, value: object, tag: str, path: str) -> Iterator[str]:
    entry = tag if shape.is_flattened else "entry"
    yield f"<{entry}>"
    yield from write(shape.members["key"].shape, key, shape.members["key"].wire_name, path)
    yield from write(shape.members["value"].shape, value, shape.members["value"].wire_name, path)
    yield f"</{entry}>"


def write_scalar(shape: Shape, value: object, path: str) -> str:
    match shape.kind, value:
        case Kind.STRING, str():
            return write_text(value)
        case Kind.BOOLEAN, bool():
            return "true" if value else "false"
        case ((Kind.INTEGER | Kind.LONG), int()) if not isinstance(value, bool):
            return str(value)
        case ((Kind.FLOAT | Kind.DOUBLE), int() | float()) if not isinstance(value, bool):
            return str(value)
        case Kind.BLOB, bytes():
            return base64.b64encode(value).decode()
        case Kind.TIMESTAMP, datetime():
            return render_iso(value)
    raise NotInModel(f"{path} is not of type {shape.kind}")


def write_text(text: str) -> str:
    return escape(text.translate(NOT_IN_XML), LINE_ENDS)

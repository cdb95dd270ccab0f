"""botocore's service models -> shapes, once a service. The one importer of botocore here."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

from botocore.loaders import Loader

from yett.wire.shapes import Kind, Location, Member, Operation, Protocol, Service, Shape

TYPES: Final[Mapping[str, Kind]] = {kind.value: kind for kind in Kind} | {"character": Kind.STRING}
NO_SIGNATURE: Final = "smithy.api#noAuth"

Model = Mapping[str, Any]


@cache
def service_model(name: str) -> Service:
    """The service that botocore calls *name*. Takes some 50 ms the first time.

    Raises:
        botocore.exceptions.UnknownServiceError: There is no such service.
    """
    model: Model = Loader().load_service_model(name, "service-2")
    metadata = model["metadata"]
    shapes = load_shapes(model["shapes"])
    operations: dict[str, Operation] = {}
    service = Service(
        name=name,
        protocol=Protocol(metadata["protocol"]),
        signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
        api_version=metadata["apiVersion"],
        json_version=metadata.get("jsonVersion", "1.1"),
        target_prefix=metadata.get("targetPrefix", ""),
        xml_namespace=metadata.get("xmlNamespace", ""),
        operations=operations,
        errors=dict(errors_by_code(shapes.values())),
    )
    for operation_name, operation in model["operations"].items():
        operations[operation_name] = load_operation(operation_name, operation, service, shapes)
    return service


def load_shapes(models: Mapping[str, Model]) -> dict[str, Shape]:
    """All shapes by name, made first and filled with their members after, because shapes may hold themselves."""
    members: dict[str, dict[str, Member]] = {name: {} for name in models}
    shapes = {name: load_shape(name, model, members[name]) for name, model in models.items()}
    for name, model in models.items():
        members[name].update(load_members(model, shapes))
    return shapes


def load_shape(name: str, model: Model, members: Mapping[str, Member]) -> Shape:
    error = model.get("error", {})
    is_error = bool(model.get("exception") or error)
    is_fault = bool(model.get("fault") or error.get("fault"))
    return Shape(
        name=name,
        kind=TYPES[model["type"]],
        members=members,
        required=tuple(model.get("required", ())),
        minimum=model.get("min"),
        maximum=model.get("max"),
        pattern=model.get("pattern"),
        enum=tuple(model.get("enum", ())),
        is_sensitive=bool(model.get("sensitive")),
        is_flattened=bool(model.get("flattened")),
        is_document=bool(model.get("document")),
        payload=model.get("payload"),
        timestamp_format=model.get("timestampFormat"),
        error_code=error.get("code", name) if is_error else None,
        error_status=error.get("httpStatusCode", 500 if is_fault else None),
        is_server_fault=is_fault,
    )


def load_members(model: Model, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Member]]:
    match model["type"]:
        case "structure":
            for name, member in model.get("members", {}).items():
                yield name, load_member(name, member, shapes)
        case "list":
            yield "member", load_member("member", model["member"], shapes)
        case "map":
            for name in ("key", "value"):
                yield name, load_member(name, model[name], shapes)


def load_member(name: str, model: Model, shapes: Mapping[str, Shape]) -> Member:
    location = model.get("location")
    return Member(
        name=name,
        shape=shapes[model["shape"]],
        wire_name=model.get("locationName", name),
        location=Location(location) if location else None,
        timestamp_format=model.get("timestampFormat"),
    )


def load_operation(name: str, model: Model, service: Service, shapes: Mapping[str, Shape]) -> Operation:
    http = model["http"]
    path, _, query = http["requestUri"].partition("?")
    return Operation(
        name=name,
        service=service,
        method=http["method"],
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        status=http.get("responseCode", 200),
        input=shapes[model["input"]["shape"]] if "input" in model else None,
        output=shapes[model["output"]["shape"]] if "output" in model else None,
        result_wrapper=model.get("output", {}).get("resultWrapper"),
        needs_signature=model.get("authtype") != "none" and NO_SIGNATURE not in model.get("auth", ()),
    )


def errors_by_code(shapes: Any) -> Iterator[tuple[str, Shape]]:
    for shape in shapes:
        if shape.error_code is not None:
            yield shape.name, shape
            yield shape.error_code, shape

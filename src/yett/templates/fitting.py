"""Properties as an operation's parameters: names and types by the service model.

CloudFormation writes `"true"` and `"10"` where APIs have booleans and numbers, and spells API Gateway's members with a
capital. What the model does not know is refused: nothing is dropped on the way.
"""

import json
from collections.abc import Mapping
from typing import Any, Never

from yett.values.errors import Refusal
from yett.wire import service_model
from yett.wire.shapes import Kind, Shape

WHOLE = (Kind.INTEGER, Kind.LONG)
NUMBERS = (*WHOLE, Kind.FLOAT, Kind.DOUBLE)


class DoesNotFit(Refusal):
    """A property that the operation does not have, or of another type. ``way`` leads to it."""

    def __init__(self, reason: str, *, way: tuple[str | int, ...]) -> None:
        super().__init__(reason)
        self.way = way


class Given(dict[str, Any]):
    """Properties, or a part of them, that refuse to be without what is asked of them."""

    def __init__(self, value: Mapping[str, Any], way: tuple[str | int, ...] = ()) -> None:
        super().__init__({name: given(one, (*way, name)) for name, one in value.items()})
        self._way = way

    def __missing__(self, name: str) -> Never:
        raise DoesNotFit(f"the property `{name}` is missing", way=self._way)


def given(value: Any, way: tuple[str | int, ...] = ()) -> Any:
    """A value whose mappings, at any depth, are `Given`."""
    if isinstance(value, Mapping):
        return Given(value, way)
    if isinstance(value, list):
        return [given(one, (*way, index)) for index, one in enumerate(value)]
    return value


def entries(properties: Mapping[str, Any], name: str, *members: str) -> list[Mapping[str, Any]]:
    """The entries of a property that is a list of mappings with these members and no others.

    Raises:
        DoesNotFit: It is something else.
    """
    listed = properties.get(name) or []
    if not isinstance(listed, list):
        raise DoesNotFit(f"`{name}` is a list", way=(name,))
    for index, one in enumerate(listed):
        if not isinstance(one, Mapping):
            raise DoesNotFit(f"an entry of `{name}` has {' and '.join(members)}", way=(name, index))
        for member in one:
            if member not in members:
                raise DoesNotFit(f"the property `{member}` is not offered", way=(name, index, member))
        for member in members:
            if member not in one:
                raise DoesNotFit(f"the property `{member}` is missing", way=(name, index))
    return listed


def tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """``Tags`` as most operations take them.

    Raises:
        DoesNotFit: They are no list of keys and values.
    """
    return {str(tag["Key"]): str(tag["Value"]) for tag in entries(properties, "Tags", "Key", "Value")}


def fit(service: str, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as the parameters of an operation.

    Raises:
        DoesNotFit
    """
    shape = service_model(service).operations[operation].input
    if shape is None:
        shape = Shape(name="", kind=Kind.STRUCTURE)
    fitted: dict[str, Any] = fit_value(shape, dict(properties), ())
    return fitted


def fit_value(shape: Shape, value: Any, way: tuple[str | int, ...]) -> Any:
    """One value, by its shape."""
    if shape.kind is Kind.STRUCTURE and isinstance(value, dict):
        return fit_structure(shape, value, way)
    if shape.kind is Kind.LIST:
        items = value if isinstance(value, list | tuple) else [value]
        return [fit_value(shape.members["member"].shape, one, (*way, index)) for index, one in enumerate(items)]
    if shape.kind is Kind.MAP and isinstance(value, dict):
        inner = shape.members["value"].shape
        return {str(name): fit_value(inner, one, (*way, name)) for name, one in value.items()}
    if shape.kind is Kind.STRING and isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))  # policies and schemas
    if isinstance(value, dict | list):
        raise DoesNotFit(f"`{way[-1]}` is no {shape.kind.value}", way=way)
    return fit_scalar(shape, value, way)


def fit_structure(shape: Shape, value: Mapping[str, Any], way: tuple[str | int, ...]) -> dict[str, Any]:
    """A structure; names compare without case."""
    names = {name.lower(): name for name in shape.members}
    fitted = {}
    for given, one in value.items():
        name = names.get(str(given).lower())
        if name is None:
            raise DoesNotFit(f"the property `{given}` is not offered", way=(*way, given))
        fitted[name] = fit_value(shape.members[name].shape, one, (*way, given))
    return fitted


def fit_scalar(shape: Shape, value: Any, way: tuple[str | int, ...]) -> Any:
    """A text, number or boolean."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if shape.kind is Kind.STRING:
        return text
    if shape.kind is Kind.BOOLEAN and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        if shape.kind in WHOLE:
            return int(text)
        if shape.kind in NUMBERS:
            return float(text)
    except ValueError:
        pass
    if shape.kind in (Kind.BLOB, Kind.TIMESTAMP):
        return value
    raise DoesNotFit(f"`{way[-1] if way else text}` is no {shape.kind.value}", way=way)

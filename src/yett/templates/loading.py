"""Reading a template: YAML or JSON with CloudFormation's short tags, and the line of every value.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from yett.templates.errors import TemplateRefused
from yett.templates.including import Includer
from yett.templates.openapi import is_openapi, template_around
from yett.values.bounded_yaml import BoundedLoader

TEMPLATE_BYTES: Final = 1024 * 1024  # AWS's bound for a template in S3
VALUES: Final = 200_000  # ours: values once aliases are written out
SHORT_TAGS: Final = frozenset(
    {
        "And", "Base64", "Cidr", "Condition", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join",
        "Length", "Not", "Or", "Ref", "Select", "Split", "Sub", "ToJsonString", "Transform",
    }
)  # fmt: skip
PLAIN: Final = frozenset({"Ref", "Condition"})  # no "Fn::" before these

Path_ = tuple[str | int, ...]


class Loaded(Struct, frozen=True):
    """A template with the lines of its values."""

    path: Path
    content: dict[str, Any]
    lines: Mapping[Path_, int]  # by the way to the value: ("Resources", "Api", "Properties", "Auth") -> line, from 1
    included: tuple[Path, ...] = ()  # files whose content is in it
    is_openapi: bool = False  # no template at all: the resources were put around an OpenAPI document

    def is_made(self, logical_id: str) -> bool:
        """Whether a resource is not the user's own but was made for one of them."""
        return self.is_openapi or logical_id not in self.content.get("Resources", {})

    def line(self, *way: str | int) -> int | None:
        """The line of the value, or of the nearest one around it that the file has; None if it has none of it."""
        while way:
            if way in self.lines:
                return self.lines[way]
            way = way[:-1]
        return None

    def line_of_resource(self, logical_id: str, *way: str | int) -> int | None:
        """The line of a resource's part. One that SAM made is where the resource is that it was made of."""
        if logical_id in self.content.get("Resources", {}):
            return self.line("Resources", logical_id, *way)
        origins = [name for name in self.content.get("Resources", {}) if logical_id.startswith(name)]
        return self.line("Resources", max(origins, key=len)) if origins else None

    def refuse(self, message: str, *way: str | int) -> TemplateRefused:
        """A refusal that names the file and the value's line."""
        return TemplateRefused(message, path=self.path, line=self.line(*way))


class Reader(BoundedLoader):
    """YAML's safe values. Dates stay text, as `Version: 2012-10-17` is meant."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def load_template(path: Path) -> Loaded:
    """Read a template file; an OpenAPI document becomes one.

    Raises:
        TemplateRefused: It cannot be read, or is no template.
    """
    lines: dict[Path_, int] = {}
    content = load_document(path, lines)
    if is_openapi(content):
        around, moved = template_around(content, lines, path)
        return Loaded(path, around, moved, is_openapi=True)
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        raise TemplateRefused("no template: it has no `Resources`, and is no OpenAPI document", path=path)
    loaded = Loaded(path, content, lines)
    includer = Includer(path, load_document, lambda message, way: loaded.refuse(message, *way))
    return Loaded(path, includer.template(content), lines, included=tuple(includer.files))


def load_document(path: Path, lines: dict[Path_, int] | None = None) -> Any:
    """The content of a YAML or JSON file, short tags written out; the lines of its values are put into *lines*.

    Raises:
        TemplateRefused: It cannot be read.
    """
    lines = {} if lines is None else lines
    try:
        text = path.read_bytes()
    except OSError as error:
        raise TemplateRefused(f"the template cannot be read: {error.strerror}", path=path) from error
    if len(text) > TEMPLATE_BYTES:
        raise TemplateRefused(f"a template has {TEMPLATE_BYTES} bytes at most", path=path)
    reader = None
    try:
        reader = Reader(text)
        node = reader.get_single_node()
        content = None if node is None else construct(reader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        raise TemplateRefused(f"no YAML: {error.problem}", path=path, line=line) from error
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise TemplateRefused(f"no YAML: {error}", path=path) from error
    finally:
        if reader is not None:
            reader.dispose()
    return content


def construct(reader: Reader, node: yaml.Node, way: Path_, lines: dict[Path_, int]) -> Any:
    """The node's value, noting the line of it and of all within."""
    lines.setdefault(way, node.start_mark.line + 1)
    if len(lines) > VALUES:
        raise yaml.MarkedYAMLError(problem=f"over {VALUES} values", problem_mark=node.start_mark)
    if node.tag.startswith("!") and node.tag != "!":
        return construct_tagged(reader, node, way, lines)
    if isinstance(node, yaml.MappingNode):
        reader.flatten_mapping(node)
        made: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = construct(reader, key_node, (*way, "\0key"), {})
            if not isinstance(key, str | int):
                raise yaml.MarkedYAMLError(problem="a key is no text", problem_mark=key_node.start_mark)
            if key in made:
                raise yaml.MarkedYAMLError(problem=f"`{key}` is given twice", problem_mark=key_node.start_mark)
            lines[(*way, key)] = key_node.start_mark.line + 1
            made[key] = construct(reader, value_node, (*way, key), lines)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [construct(reader, one, (*way, index), lines) for index, one in enumerate(node.value)]
    return reader.construct_object(node)


def construct_tagged(reader: Reader, node: yaml.Node, way: Path_, lines: dict[Path_, int]) -> dict[str, Any]:
    """``!Sub x`` as ``{"Fn::Sub": x}``."""
    name = node.tag[1:]
    if name not in SHORT_TAGS:
        raise yaml.MarkedYAMLError(problem=f"unknown tag `!{name}`", problem_mark=node.start_mark)
    written = name if name in PLAIN else f"Fn::{name}"
    way = (*way, written)
    if isinstance(node, yaml.ScalarNode):
        value: Any = node.value
    elif isinstance(node, yaml.SequenceNode):
        value = [construct(reader, one, (*way, index), lines) for index, one in enumerate(node.value)]
    else:
        node.tag = "tag:yaml.org,2002:map"
        value = construct(reader, node, way, lines)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {written: value}

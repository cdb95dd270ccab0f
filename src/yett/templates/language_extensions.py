"""The transform AWS::LanguageExtensions: loops are written out, and policies of deletion may have functions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from yett.templates.cloudformation import Scope, resolve
from yett.templates.errors import TemplateRefused
from yett.templates.loading import VALUES, Loaded, Path_

TRANSFORM: Final = "AWS::LanguageExtensions"
LOOP: Final = "Fn::ForEach::"
SECTIONS: Final = ("Conditions", "Resources", "Outputs")
POLICIES: Final = ("DeletionPolicy", "UpdateReplacePolicy")
NO_WORD: Final = re.compile(r"[^A-Za-z0-9]")


def has_language_extensions(template: Mapping[str, Any]) -> bool:
    """Whether the template asks for the transform."""
    transform = template.get("Transform", [])
    return TRANSFORM in (transform if isinstance(transform, list) else [transform])


def extend(loaded: Loaded, scope: Scope) -> Loaded:
    """The template with every loop written out; what is written out has the line of what it was written out from.

    Args:
        scope: Parameters, pseudo parameters, mappings and conditions; nothing is made yet.

    Raises:
        TemplateRefused: A loop is none, makes a name twice, or more than a template may hold.
    """
    if not has_language_extensions(loaded.content):
        refuse_loops(loaded)
        return loaded
    lines = {way: line for way, line in loaded.lines.items() if not way or way[0] not in SECTIONS}
    extender = Extender(loaded, scope, lines)
    content = dict(loaded.content)
    for section in SECTIONS:
        if isinstance(content.get(section), dict):
            content[section] = extender.write(content[section], (section,), (section,), {})
    for logical_id, resource in (content.get("Resources") or {}).items():
        for policy in POLICIES:
            if isinstance(resource, dict) and isinstance(resource.get(policy), dict):
                resource[policy] = extender.settled(resource[policy], ("Resources", logical_id, policy))
    return msgspec.structs.replace(loaded, content=content, lines=lines)


def refuse_loops(loaded: Loaded) -> None:
    """Take no loop in a template that does not ask for the transform.

    Raises:
        TemplateRefused
    """
    for section in SECTIONS:
        for name in loaded.content.get(section) or {}:
            if isinstance(name, str) and name.startswith(LOOP):
                raise loaded.refuse(f"`{name}` needs the transform `{TRANSFORM}`", section, name)


class Extender:
    """Writes a template out anew, and notes the lines of what it writes."""

    def __init__(self, loaded: Loaded, scope: Scope, lines: dict[Path_, int]) -> None:
        self._loaded = loaded
        self._scope = scope
        self._lines = lines
        self._count = 0

    def write(self, value: Any, old: Path_, new: Path_, names: Mapping[str, str]) -> Any:
        """A value with its loops written out.

        Args:
            old: Where it stands in the user's file.
            new: Where it will stand.
            names: What the identifiers of the loops around it stand for.
        """
        self._count += 1
        if self._count > VALUES:
            raise self._loaded.refuse(f"over {VALUES} values once its loops are written out", *old)
        if (line := self._loaded.line(*old)) is not None:
            self._lines.setdefault(new, line)
        if isinstance(value, str):
            return put_in(value, names)
        if isinstance(value, list):
            return [self.write(one, (*old, at), (*new, at), names) for at, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and value.get("Ref") in names:
            return names[value["Ref"]]
        written: dict[Any, Any] = {}
        for name, one, place, within in self.members(value, old, names):
            key = put_in(name, within) if isinstance(name, str) else name
            if key in written:
                raise self._loaded.refuse(f"`{key}` is made twice by a loop", *place)
            written[key] = self.write(one, place, (*new, key), within)
        return written

    def members(
        self, value: Mapping[Any, Any], old: Path_, names: Mapping[str, str]
    ) -> Iterator[tuple[Any, Any, Path_, Mapping[str, str]]]:
        """The members of a mapping, those of its loops as often as they are gone through."""
        for name, one in value.items():
            way = (*old, name)
            if not (isinstance(name, str) and name.startswith(LOOP)):
                yield name, one, way, names
                continue
            if not (isinstance(one, list) and len(one) == 3 and isinstance(one[0], str) and isinstance(one[2], dict)):
                raise self._loaded.refuse(f"`{name}` needs an identifier, a collection and what to repeat", *way)
            identifier = put_in(one[0], names)
            if identifier in names or identifier in self._scope.parameters:
                raise self._loaded.refuse(f"`{name}`: `{identifier}` has a meaning already", *way)
            for item in self.collection(one[1], way, names):
                yield from self.members(one[2], (*way, 2), {**names, identifier: item})

    def collection(self, value: Any, way: Path_, names: Mapping[str, str]) -> list[str]:
        """What a loop goes through."""
        found = self.settled(named(value, names), way)
        if not isinstance(found, list) or not all(isinstance(one, str | int) for one in found):
            raise self._loaded.refuse("a loop goes through a list of texts, or a parameter that is one", *way)
        return [str(one) for one in found]

    def settled(self, value: Any, way: Path_) -> Any:
        """A value whose functions can be answered before anything is made."""
        try:
            return resolve(value, self._scope)
        except TemplateRefused as error:
            raise self._loaded.refuse(error.message, *way) from error


def named(value: Any, names: Mapping[str, str]) -> Any:
    """A collection with the identifiers of the loops around it put in."""
    if isinstance(value, str):
        return put_in(value, names)
    if isinstance(value, list):
        return [named(one, names) for one in value]
    if isinstance(value, dict):
        if len(value) == 1 and value.get("Ref") in names:
            return names[value["Ref"]]
        return {name: named(one, names) for name, one in value.items()}
    return value


def put_in(text: str, names: Mapping[str, str]) -> str:
    """The text with ``${Name}`` and ``&{Name}`` replaced; by the latter only letters and digits are put in."""
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", NO_WORD.sub("", value))
    return text

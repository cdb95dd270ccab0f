"""CloudFormation: conditions, intrinsic functions, and what depends on what.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-reference.html
"""

import base64
import heapq
import ipaddress
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

from yett.templates.errors import TemplateRefused

SUBSTITUTION: Final = re.compile(r"\$\{(!?)([A-Za-z0-9:._\-]+)\}")
PSEUDO: Final = "AWS::"
NO_VALUE: Final = object()
REFERENCES: Final = ("Ref", "Fn::GetAtt", "Fn::Sub")


class DependencyFault(TemplateRefused):
    """Resources that cannot be put in an order; ``resources`` names them."""

    def __init__(self, message: str, resources: tuple[str, ...]) -> None:
        super().__init__(message)
        self.resources = resources


class Attributes(Struct, frozen=True):
    """What a resource that is made gives to others."""

    physical_id: str
    attributes: Mapping[str, str]


class Scope(Struct, kw_only=True):
    """All that names can stand for. ``made`` grows while a template is deployed."""

    parameters: Mapping[str, Any]
    pseudo: Mapping[str, str]  # "AWS::Region"
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]  # as written
    made: dict[str, Attributes]
    secret_parameters: frozenset[str] = frozenset()  # NoEcho
    exports: Mapping[str, str] = {}  # of the other stacks
    imported: set[str] = field(default_factory=set)  # names of exports that were asked for


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every intrinsic function answered. ``AWS::NoValue`` takes its property or element away.

    Raises:
        TemplateRefused: A name stands for nothing, or a function has not what it needs; with the way to it.
    """
    if isinstance(value, list):
        resolved = [within(index, one, scope) for index, one in enumerate(value)]
        return [one for one in resolved if one is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref":
            return reference(argument, scope)
        if name == "Condition" and isinstance(argument, str):
            return condition(argument, scope)
        if isinstance(name, str) and name.startswith("Fn::"):
            return call(name, argument, scope)
    resolved_members = {name: within(name, one, scope) for name, one in value.items()}
    return {name: one for name, one in resolved_members.items() if one is not NO_VALUE}


def within(step: str | int, value: Any, scope: Scope) -> Any:
    """What a part of a value is; a refusal learns the step that led to the part."""
    try:
        return resolve(value, scope)
    except TemplateRefused as error:
        error.way = (step, *error.way)
        raise


def reference(name: Any, scope: Scope) -> Any:
    """What ``Ref`` gives."""
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.pseudo:
        return scope.pseudo[name]
    if name in scope.parameters:
        return scope.parameters[name]
    if name in scope.made:
        return scope.made[name].physical_id
    raise TemplateRefused(f"`Ref: {name}` names nothing in this template")


def attribute(argument: Any, scope: Scope) -> str:
    """What ``Fn::GetAtt`` gives."""
    parts = argument.split(".", 1) if isinstance(argument, str) else [str(resolve(one, scope)) for one in argument]
    if len(parts) != 2 or parts[0] not in scope.made:
        raise TemplateRefused(f"`Fn::GetAtt: {argument}` names no resource of this template")
    found = scope.made[parts[0]].attributes.get(parts[1])
    if found is None:
        raise TemplateRefused(f"`Fn::GetAtt: {'.'.join(parts)}`: yett gives this resource no attribute `{parts[1]}`")
    return found


def substitute(argument: Any, scope: Scope) -> str:
    """What ``Fn::Sub`` gives."""
    text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str):
        raise TemplateRefused("`Fn::Sub` needs a text")
    values = {name: resolve(one, scope) for name, one in own.items()}

    def put(match: re.Match[str]) -> str:
        literal, name = match[1], match[2]
        if literal:
            return f"${{{name}}}"
        if name in values:
            return str(values[name])
        return str(attribute(name, scope) if "." in name else reference(name, scope))

    return SUBSTITUTION.sub(put, text)


def condition(name: str, scope: Scope) -> bool:
    """Whether a condition of the template holds."""
    if name not in scope.conditions:
        raise TemplateRefused(f"the template has no condition `{name}`")
    found = resolve(scope.conditions[name], scope)
    if not isinstance(found, bool):
        raise TemplateRefused(f"the condition `{name}` is neither true nor false")
    return found


def call(name: str, argument: Any, scope: Scope) -> Any:
    """What an intrinsic function gives."""
    match name:
        case "Fn::GetAtt":
            return attribute(argument, scope)
        case "Fn::Sub":
            return substitute(argument, scope)
        case "Fn::If" if isinstance(argument, list) and len(argument) == 3:
            chosen = 1 if condition(str(argument[0]), scope) else 2
            return within(chosen, argument[chosen], scope)
    given = within(name, argument, scope)
    match name, given:
        case "Fn::Join", [str(delimiter), list(parts)]:
            return delimiter.join(str(part) for part in parts)
        case "Fn::Select", [index, list(items)] if str(index).isdigit() and int(index) < len(items):
            return items[int(index)]
        case "Fn::Split", [str(delimiter), str(text)]:
            return text.split(delimiter)
        case "Fn::Base64", str(text):
            return base64.b64encode(text.encode()).decode()
        case "Fn::FindInMap", [str(mapping), first, second, *default]:
            return find_in_map(mapping, first, second, default, scope)
        case "Fn::Equals", [one, other]:
            return comparable(one) == comparable(other)
        case "Fn::And", list(sides) if are_conditions(sides):
            return all(sides)
        case "Fn::Or", list(sides) if are_conditions(sides):
            return any(sides)
        case "Fn::Not", [bool(side)]:
            return not side
        case "Fn::Cidr", [str(block), count, *bits] if len(bits) < 2:
            return cidr(block, count, bits[0] if bits else None)
        case "Fn::GetAZs", str(region):
            return [f"{region or scope.pseudo['AWS::Region']}{letter}" for letter in "abc"]
        case "Fn::ImportValue", str(export):
            return import_value(export, scope)
        case "Fn::Length", list(items):
            return len(items)
        case "Fn::ToJsonString", value:
            return json.dumps(value, separators=(",", ":"))
        case _:
            raise TemplateRefused(f"`{name}` is not offered, or not with these arguments")


def are_conditions(sides: list[Any]) -> bool:
    """Whether every one is true or false."""
    return all(isinstance(side, bool) for side in sides)


def cidr(block: str, count: Any, bits: Any) -> list[str]:
    """That many networks within a block, each with so many bits for its hosts; by default as many as fit evenly.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html
    """
    try:
        network, wanted = ipaddress.ip_network(block), int(count)
        host_bits = network.max_prefixlen - network.prefixlen if bits is None else int(bits)
    except ValueError as error:
        raise TemplateRefused(f"`Fn::Cidr`: {error}") from error
    if bits is None:
        host_bits -= max(wanted - 1, 0).bit_length()
    prefix = network.max_prefixlen - host_bits
    if not 1 <= wanted <= 256 or not network.prefixlen <= prefix <= network.max_prefixlen:
        raise TemplateRefused(f"`Fn::Cidr`: {wanted} networks with {host_bits} bits for hosts are not in `{block}`")
    found = [str(one) for one in itertools.islice(network.subnets(new_prefix=prefix), wanted)]
    if len(found) < wanted:
        raise TemplateRefused(f"`Fn::Cidr`: `{block}` has only {len(found)} networks with {host_bits} bits for hosts")
    return found


def import_value(export: str, scope: Scope) -> str:
    """What another stack exports."""
    if export not in scope.exports:
        raise TemplateRefused(f"no other stack of this account and Region exports `{export}`")
    scope.imported.add(export)
    return scope.exports[export]


def comparable(value: Any) -> Any:
    """The value as CloudFormation compares it: numbers and booleans are texts."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def find_in_map(mapping: str, first: Any, second: Any, default: list[Any], scope: Scope) -> Any:
    """An entry of a mapping."""
    try:
        return scope.mappings[mapping][str(first)][str(second)]
    except KeyError as error:
        if default and isinstance(default[0], dict) and "DefaultValue" in default[0]:
            return default[0]["DefaultValue"]
        raise TemplateRefused(f"the mapping `{mapping}` has no entry `{first}`, `{second}`") from error


# -- what depends on what


def references(value: Any) -> Iterator[str]:
    """The names that a value refers to, parameters and pseudo parameters among them."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    if not isinstance(value, dict):
        return
    for name, argument in value.items():
        if name == "Ref" and isinstance(argument, str):
            yield argument
        elif name == "Fn::GetAtt":
            yield (argument.split(".", 1) if isinstance(argument, str) else [str(one) for one in argument])[0]
        elif name == "Fn::Sub":
            yield from references_of_sub(argument)
        else:
            yield from references(argument)


def references_of_sub(argument: Any) -> Iterator[str]:
    """The names within a ``Fn::Sub``, less those that it defines itself."""
    text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    yield from references(own)
    for literal, name in SUBSTITUTION.findall(str(text)):
        if not literal and name not in own:
            yield name.split(".", 1)[0]


def order(resources: Mapping[str, Any]) -> list[str]:
    """The resources, each after what it depends on; otherwise as the template has them.

    Raises:
        DependencyFault: Some depend on each other in a circle, or on what is not there.
    """
    needs: dict[str, set[str]] = {}
    for logical_id, resource in resources.items():
        stated = resource.get("DependsOn", [])
        stated = [stated] if isinstance(stated, str) else stated
        for name in stated:
            if name not in resources:
                raise DependencyFault(f"`{logical_id}` depends on `{name}`, which is not there", (logical_id,))
        needs[logical_id] = ({*stated, *references(resource.get("Properties", {}))} & set(resources)) - {logical_id}
    place = {logical_id: number for number, logical_id in enumerate(resources)}
    needed_by: dict[str, list[str]] = {logical_id: [] for logical_id in resources}
    for logical_id, names in needs.items():
        for name in names:
            needed_by[name].append(logical_id)
    waits_for = {logical_id: len(names) for logical_id, names in needs.items()}
    ready = [(place[one], one) for one, count in waits_for.items() if not count]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        _, settled = heapq.heappop(ready)
        ordered.append(settled)
        for one in needed_by[settled]:
            waits_for[one] -= 1
            if not waits_for[one]:
                heapq.heappush(ready, (place[one], one))
    if len(ordered) < len(resources):
        circle = find_circle({one: names for one, names in needs.items() if waits_for[one]})
        way = " -> ".join(f"`{one}`" for one in (*circle, circle[0]))
        raise DependencyFault(f"these resources depend on each other in a circle: {way}", circle)
    return ordered


def find_circle(needs: Mapping[str, set[str]]) -> tuple[str, ...]:
    """A circle among resources each of which waits for another of them, or for one that does."""
    walked: list[str] = []
    one = next(iter(needs))
    while one not in walked:
        walked.append(one)
        one = min(name for name in needs[one] if name in needs)
    return tuple(walked[walked.index(one) :])

"""The check before anything is made: each type, part and property is read, ignored by name, or stops the deployment."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from yett.templates.cdk import BOOTSTRAP_RULE, is_synthesized
from yett.templates.errors import TemplateRefused
from yett.templates.loading import Loaded
from yett.templates.resources.table import TYPES
from yett.templates.strictness import (
    IGNORED_PARTS,
    IGNORED_SECTIONS,
    IGNORED_TYPES,
    READ_PARTS,
    READ_SECTIONS,
    TRANSFORMS,
)

RETAINING: Final = ("Retain", "RetainExceptOnCreate")


class Ignored(Struct, frozen=True, kw_only=True):
    """Something in the template that changes nothing here."""

    what: str  # "AWS::Logs::LogGroup", or "AWS::ApiGateway::Stage TracingEnabled"
    logical_id: str
    line: int | None
    why: str


class Fault(Struct, frozen=True):
    """Something in the template that would not be enforced."""

    text: str
    line: int | None


def check_template(template: Mapping[str, Any], loaded: Loaded) -> tuple[Ignored, ...]:
    """What of the template is ignored.

    Raises:
        TemplateRefused: With every part of it that is not offered, each with its line.
    """
    faults = [*section_faults(loaded), *resource_faults(template, loaded)]
    if faults:
        first, *rest = faults
        others = [f"{loaded.path}:{fault.line}: {fault.text}" for fault in rest]
        raise TemplateRefused("\n".join([first.text, *others]), path=loaded.path, line=first.line)
    return tuple(ignored(template, loaded))


def section_faults(loaded: Loaded) -> Iterator[Fault]:
    """What is wrong with the template's sections, as the user wrote them."""
    for section in loaded.content:
        if section == "Rules" and is_synthesized(loaded) and set(loaded.content[section]) == {BOOTSTRAP_RULE}:
            continue
        if section not in READ_SECTIONS | IGNORED_SECTIONS:
            yield Fault(f"the section `{section}` is not offered", loaded.line(section))
    given = loaded.content.get("Transform", [])
    for transform in given if isinstance(given, list) else [given]:
        if not isinstance(transform, str) or transform not in TRANSFORMS:
            yield Fault(f"the transform `{transform}` is not offered", loaded.line("Transform"))


def resource_faults(template: Mapping[str, Any], loaded: Loaded) -> Iterator[Fault]:
    """What is wrong with the resources."""
    for logical_id, resource in template["Resources"].items():
        line = loaded.line_of_resource(logical_id)
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            yield Fault(f"`{logical_id}` has no `Type`", line)
            continue
        name = resource["Type"]
        if name in IGNORED_TYPES:
            continue
        if name not in TYPES:
            yield Fault(
                f"`{logical_id}`: resources of type `{name}` are not offered, so it would not be enforced", line
            )
            continue
        for part in resource:
            if part not in READ_PARTS | IGNORED_PARTS:
                where = loaded.line_of_resource(logical_id, part)
                yield Fault(f"`{logical_id}`: `{part}` of a resource is not offered", where)
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            try:
                policy_of(resource, policy)
            except TemplateRefused as error:
                yield Fault(f"`{logical_id}`: {error.message}", loaded.line_of_resource(logical_id, policy))
        for prop in resource.get("Properties") or {}:
            if prop not in TYPES[name].reads | TYPES[name].ignores:
                where = loaded.line_of_resource(logical_id, "Properties", prop)
                text = f"`{logical_id}`: the property `{prop}` of `{name}` is not offered, so it would not be enforced"
                yield Fault(text, where)


def ignored(template: Mapping[str, Any], loaded: Loaded) -> Iterator[Ignored]:
    """What changes nothing here."""
    for logical_id, resource in template["Resources"].items():
        name = resource["Type"]
        if name in IGNORED_TYPES:
            line = loaded.line_of_resource(logical_id)
            yield Ignored(what=name, logical_id=logical_id, line=line, why=IGNORED_TYPES[name])
            continue
        for prop in resource.get("Properties") or {}:
            if prop in TYPES[name].ignores:
                line = loaded.line_of_resource(logical_id, "Properties", prop)
                why = "changes nothing of who may call what"
                yield Ignored(what=f"{name} {prop}", logical_id=logical_id, line=line, why=why)


def policy_of(resource: Mapping[str, Any], name: str) -> str:
    """The DeletionPolicy or UpdateReplacePolicy of a resource.

    Raises:
        TemplateRefused: It is none that is offered.
    """
    policy = str(resource.get(name, "Delete"))
    if policy not in ("Delete", *RETAINING):
        raise TemplateRefused(f"`{name}: {policy}` is not offered: write Delete, Retain or RetainExceptOnCreate")
    return policy

"""Where in the user's file the cause of a refusal stands."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yett.policy import Kind, MalformedPolicyDocument, parse_policy
from yett.ports.errors import Unavailable
from yett.services.call import ServiceError
from yett.templates.cloudformation import Scope, resolve
from yett.templates.errors import TemplateRefused
from yett.templates.events import describe
from yett.templates.fitting import DoesNotFit
from yett.templates.loading import Loaded, Path_
from yett.values.errors import Refusal

POINTER: Final = re.compile(r"at `#/([^`]*)`")  # into an OpenAPI document
MEMBER: Final = re.compile(r"at '(\w+)[^']*' failed to satisfy")  # of an operation's parameters
# What comes of properties that have another form than is read: a text where a mapping belongs.
Misshapen = TypeError | ValueError | KeyError | AttributeError
MISSHAPEN: Final = (TypeError, ValueError, KeyError, AttributeError)
# Properties that hold policies of another kind than identity-based ones.
POLICY_KINDS: Final[Mapping[str, Kind]] = {"AssumeRolePolicyDocument": Kind.TRUST}


def refusal_of(
    loaded: Loaded, logical_id: str, resource: Mapping[str, Any], error: Refusal | Unavailable | Misshapen, scope: Scope
) -> TemplateRefused:
    """A refusal in the user's terms: the resource, its type, and the line of what is wrong with it."""
    if isinstance(error, Refusal | Unavailable):
        text = describe(error)
    else:
        text = f"its properties have another form than they need ({type(error).__name__}: {error})"
    way: Path_ = ()
    if isinstance(error, TemplateRefused | DoesNotFit):
        way = error.way
    elif isinstance(error, ServiceError) and error.code == "MalformedPolicyDocument":
        way, detail = fault_of_policy(resource, scope)
        text = f"{text} ({detail})" if detail else text
    elif member := MEMBER.search(text):
        way = tuple(name for name in resource.get("Properties") or {} if name.lower() == member[1].lower())[:1]
    line = loaded.line_of_resource(logical_id, "Properties", *way)
    body = body_of(loaded, logical_id)
    if body is not None and way[:1] == ("Body",):
        line = loaded.line("Resources", logical_id, "Properties", body, *way[1:])
    if body is not None and (pointed := POINTER.search(text)):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in pointed[1].split("/")]
        line = loaded.line("Resources", logical_id, "Properties", body, *parts)
    return TemplateRefused(f"`{logical_id}` ({resource['Type']}): {text}", path=loaded.path, line=line)


def body_of(loaded: Loaded, logical_id: str) -> str | None:
    """The property in which the user wrote an API's OpenAPI document."""
    places = {name: ("Resources", logical_id, "Properties", name) for name in ("DefinitionBody", "Body")}
    return next((name for name, place in places.items() if place in loaded.lines), None)


def fault_of_policy(resource: Mapping[str, Any], scope: Scope) -> tuple[Path_, str]:
    """The way to what makes a policy of a resource none, and our words for it; nothing if no fault is found."""
    for way, document in policies_in(resolve(resource.get("Properties") or {}, scope), ()):
        kind = POLICY_KINDS.get(str(way[0]), Kind.IDENTITY)
        try:
            parse_policy(json.dumps(document), kind=kind)
        except MalformedPolicyDocument as error:
            parts = (part.replace("~1", "/").replace("~0", "~") for part in error.path.split("/")[1:])
            return (*way, *(int(part) if part.isdecimal() else part for part in parts)), error.detail
    return (), ""


def policies_in(value: Any, way: Path_) -> Iterator[tuple[Path_, Any]]:
    """The policy documents within properties, each with the way to it."""
    if isinstance(value, dict) and "Statement" in value:
        yield way, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from policies_in(one, (*way, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from policies_in(one, (*way, index))

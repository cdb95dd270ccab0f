"""Paths of resources, and the tree that they make.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html (characters),
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html (greedy variables)
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from yett.rules.apigateway.errors import BadRequest, Conflict, NotFound
from yett.rules.apigateway.limits import RESOURCES_PER_API
from yett.rules.apigateway.rest_api import Resource

PATH_PART: Final = re.compile(r"[a-zA-Z0-9._\-:,~$@!*'+%]+|\{[a-zA-Z0-9._\-:]+\+?\}")
GREEDY: Final = re.compile(r"\{[^}]+\+\}")


def child_path(parent: Resource, path_part: str) -> str:
    """The path of a child."""
    return f"{parent.path.rstrip('/')}/{path_part}"


def parse_path_part(text: str) -> str:
    """A path part that a resource may have.

    Raises:
        BadRequest: It has characters that none may have, or braces that are no whole segment.
    """
    if not PATH_PART.fullmatch(text):
        raise BadRequest(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
            "beginning and the end."
        )
    return text


def add_child(resources: Mapping[str, Resource], *, id: str, parent_id: str, path_part: str) -> Resource:
    """A new resource below another.

    Raises:
        NotFound: There is no such parent.
        Conflict: It has a child of this part.
        BadRequest: The part is none, the parent is greedy, or it has a variable child already.
    """
    parent = resources.get(parent_id)
    if parent is None:
        raise NotFound("Invalid Resource identifier specified")
    check_sibling(resources, parent, parse_path_part(path_part), but=None)
    if len(resources) >= RESOURCES_PER_API:
        raise BadRequest(f"an API has {RESOURCES_PER_API} resources at most")
    return Resource(id=id, parent_id=parent.id, path_part=path_part, path=child_path(parent, path_part))


def check_sibling(resources: Mapping[str, Resource], parent: Resource, path_part: str, *, but: str | None) -> None:
    """That *parent* may have a child of this part, beside its others (the resource *but* not counted)."""
    if parent.path_part and GREEDY.fullmatch(parent.path_part):
        raise BadRequest(f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}")
    siblings = [other for other in resources.values() if other.parent_id == parent.id and other.id != but]
    if any(other.path_part == path_part for other in siblings):
        raise Conflict(f"Another resource with the same parent already has this name: {path_part}")
    variable = next((other.path_part for other in siblings if (other.path_part or "").startswith("{")), None)
    if path_part.startswith("{") and variable is not None:
        raise BadRequest(
            f"A sibling ({variable}) of this resource already has a variable path part -- only one is allowed"
        )


def descendants(resources: Mapping[str, Resource], id: str) -> Iterator[str]:
    """The ids of a resource and of all below it."""
    yield id
    for other in resources.values():
        if other.parent_id == id:
            yield from descendants(resources, other.id)


def rename(resources: Mapping[str, Resource], id: str, *, parent_id: str, path_part: str) -> dict[str, Resource]:
    """The tree with a resource under another name or parent, and the paths of all below it moved along."""
    parent = resources.get(parent_id)
    if parent is None or parent_id in set(descendants(resources, id)):
        raise NotFound("Invalid Resource identifier specified")
    check_sibling(resources, parent, parse_path_part(path_part), but=id)
    renamed = dict(resources)

    def settle(moving: Resource, under: Resource, part: str) -> None:
        settled = Resource(
            id=moving.id,
            parent_id=under.id,
            path_part=part,
            path=child_path(under, part),
            resource_methods=moving.resource_methods,
        )
        renamed[moving.id] = settled
        for child in resources.values():
            if child.parent_id == moving.id:
                settle(child, settled, child.path_part or "")

    settle(resources[id], parent, path_part)
    return renamed

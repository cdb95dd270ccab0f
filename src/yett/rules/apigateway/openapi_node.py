"""Walking an OpenAPI document: objects, references, and the JSON pointer of a fault."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from yett.rules.apigateway.errors import ApiRefused, BadRequest, NotOffered

Node = Mapping[str, Any]


@contextmanager
def at(pointer: str) -> Iterator[None]:
    """Let refusals name the part of the document that they are about."""
    try:
        yield
    except NotOffered as error:
        if error.where.startswith("#"):
            raise
        raise NotOffered(error.feature, where=f"{pointer}/{error.where}" if error.where else pointer) from error
    except ApiRefused as error:
        if "at `#" in error.message:
            raise
        raise BadRequest(f"Errors found during import: {error.message} (at `{pointer}`)") from error


def mapping(node: object, pointer: str) -> Node:
    """The node, which must be an object; nothing counts as an empty one."""
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise BadRequest(f"Invalid OpenAPI input: an object is expected (at `{pointer}`)")
    return node


def escaped(part: str) -> str:
    """A part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def resolve(document: Node, node: object, pointer: str) -> Node:
    """The node, or what its ``$ref`` within the document names."""
    given = mapping(node, pointer)
    reference = given.get("$ref")
    if reference is None:
        return given
    found: Any = document
    for part in str(reference).removeprefix("#/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    if not str(reference).startswith("#/") or found is None:
        raise BadRequest(f"Errors found during import: unresolved reference `{reference}` (at `{pointer}`)")
    return mapping(found, pointer)

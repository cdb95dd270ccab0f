"""Where an authorizer finds its evidence: ``method.request.header.X`` and its kin.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Self

from msgspec import Struct

from yett.rules.execute_api.multivalue import query_values
from yett.values.errors import Refusal
from yett.values.http import HttpRequest


class NotAnIdentitySource(Refusal):
    """The text names no place that an identity can be read from."""


class Place(StrEnum):
    """The places that an identity source may name."""

    HEADER = "method.request.header."
    QUERY_STRING = "method.request.querystring."
    STAGE_VARIABLE = "stageVariables."
    CONTEXT = "context."


class IdentitySource(Struct, frozen=True):
    """One source."""

    place: Place
    name: str  # a header's in lower case

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``method.request.header.Authorization``, ``stageVariables.tenant`` or ``context.path``.

        Raises:
            NotAnIdentitySource: It is none; path parameters cannot be one.
        """
        stripped = text.strip()
        for place in Place:
            name = stripped.removeprefix(place.value)
            if name != stripped and name:
                return cls(place, name.lower() if place is Place.HEADER else name)
        raise NotAnIdentitySource(f"`{text.strip()}` is no identity source: use {', '.join(f'{p}NAME' for p in Place)}")


def parse_identity_sources(text: str | None) -> tuple[IdentitySource, ...]:
    """Read a comma-separated list; None and the empty text are no source at all.

    Raises:
        NotAnIdentitySource: One of them is none.
    """
    return tuple(IdentitySource.parse(part) for part in (text or "").split(",") if part.strip())


def read(
    sources: tuple[IdentitySource, ...],
    request: HttpRequest,
    *,
    stage_variables: Mapping[str, str],
    context: Callable[[str], str | None],
) -> tuple[tuple[str, ...], ...] | None:
    """Every value of every source, in order; None if a source has none, or an empty one."""
    evidence: list[tuple[str, ...]] = []
    for source in sources:
        name = source.name
        match source.place:
            case Place.HEADER:
                values = request.headers.get_all(name)
            case Place.QUERY_STRING:
                values = query_values(request.query, name)
            case Place.STAGE_VARIABLE:
                values = (stage_variables.get(name) or "",)
            case Place.CONTEXT:
                values = (context(name) or "",)
        if not values or not all(values):
            return None
        evidence.append(values)
    return tuple(evidence)

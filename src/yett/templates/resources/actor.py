"""What a resource type needs to act: operations as the deployment's caller, names, and packed code."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from msgspec import Struct

from yett.ports.stack_store import ResourceRecord
from yett.services.call import ServiceError

MISSING: Final = re.compile(r"NotFound|NoSuchEntity|ResourceNotFoundException|not exist")
UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LOWER: Final = UPPER.lower()
MARK: Final = "yett:resource"  # the tag of what has no name by which it could be found again


class Actor(Protocol):
    """Acts as the deployment's caller, in its account and Region."""

    account: str
    region: str
    stack: str

    async def do(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Perform an operation.

        Raises:
            ServiceError: It is refused.
        """
        ...

    def name(self, logical_id: str, *, limit: int, lower: bool = False) -> str:
        """``{stack}-{logical id}-{twelve characters}``, cut to the limit: the same while one resource is made."""
        ...

    def mark(self, logical_id: str) -> str:
        """The value of the tag `MARK` on what this creation makes."""
        ...

    async def package(self, logical_id: str, code: object, runtime: str) -> bytes:
        """The zip file of a function's ``Code``."""
        ...

    def issuer(self, pool_id: str) -> str:
        """Where a user pool's issuer lies."""
        ...

    @property
    def now(self) -> datetime: ...


class Wanted(Struct, frozen=True, kw_only=True):
    """A resource as the template has it, its functions answered."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    former_id: str | None = None  # of one that its backend has lost


class Made(Struct, frozen=True, kw_only=True):
    """A resource that is there: what Ref and Fn::GetAtt give."""

    physical_id: str
    attributes: Mapping[str, str] = {}


Create = Callable[[Actor, Wanted], Awaitable[Made]]
Update = Callable[[Actor, Wanted, ResourceRecord], Awaitable[Made | None]]  # None: it must be replaced
Delete = Callable[[Actor, ResourceRecord], Awaitable[None]]
IsThere = Callable[[Actor, ResourceRecord], Awaitable[bool]]
Find = Callable[[Actor, Wanted], Awaitable[tuple[str, ...]]]


class ResourceType(Struct, frozen=True, kw_only=True):
    """One row of the table of types."""

    reads: frozenset[str]  # properties; which of their members the operations take is the service model's to say
    create: Create
    delete: Delete
    find: Find | None  # physical ids of all that stands where this would be made; None: of its making nothing is left
    update: Update | None = None
    ignores: frozenset[str] = frozenset()  # properties that change nothing of who may call what
    is_there: IsThere | None = None  # for what a backend may have lost
    stands_alone: bool = True  # there cannot be two of the names that `find` goes by: the old goes before the new


def names(text: str) -> frozenset[str]:
    """Property names, written with blanks between."""
    return frozenset(text.split())


async def gone(actor: Actor, service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Delete something; that it is not there is as good."""
    try:
        await actor.do(service, operation, params)
    except ServiceError as error:
        if not MISSING.search(error.code):
            raise


async def there(actor: Actor, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a reading operation answers; None if it finds nothing."""
    try:
        return await actor.do(service, operation, params)
    except ServiceError as error:
        if MISSING.search(error.code):
            return None
        raise


async def exists(actor: Actor, service: str, operation: str, params: Mapping[str, Any]) -> bool:
    """Whether a reading operation finds anything."""
    return await there(actor, service, operation, params) is not None


async def pages(
    actor: Actor, service: str, operation: str, params: Mapping[str, Any], *, items: str, cursor: str
) -> list[Mapping[str, Any]]:
    """The items of all pages of a list; none if what it is a list of is not there.

    Args:
        cursor: The member that tells, in answers and in what is asked next, how far the list was read.
    """
    found: list[Mapping[str, Any]] = []
    asked = dict(params)
    while True:
        answer = await there(actor, service, operation, asked) or {}
        found += answer.get(items) or ()
        if not answer.get(cursor):
            return found
        asked[cursor] = answer[cursor]

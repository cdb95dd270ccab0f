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
        """A fresh name, ``{stack}-{logical id}-{twelve random characters}``, cut to the limit."""
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


class ResourceType(Struct, frozen=True, kw_only=True):
    """One row of the table of types."""

    reads: frozenset[str]  # properties; which of their members the operations take is the service model's to say
    create: Create
    delete: Delete
    update: Update | None = None
    ignores: frozenset[str] = frozenset()  # properties that change nothing of who may call what
    is_there: IsThere | None = None  # for what a backend may have lost


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

"""What templates made: for their update and removal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct


class ResourceRecord(Struct, frozen=True, kw_only=True):
    """A resource that a template made."""

    logical_id: str
    type: str  # "AWS::Lambda::Function"
    physical_id: str  # what Ref gives
    attributes: Mapping[str, str] = {}  # what Fn::GetAtt gives; some are secret
    properties: Mapping[str, Any] = {}  # as they were given to its operations
    digest: str  # SHA-256 of the properties, and of the code they name


class StackRecord(Struct, frozen=True, kw_only=True):
    """A stack as it stands. Some attributes are secret: the store seals the whole record."""

    name: str
    account: str
    region: str
    stack_id: str  # ARN
    resources: tuple[ResourceRecord, ...]  # in the order in which they were made
    updated_at: datetime


class StackStore(Protocol):
    """Stacks by account, Region and name."""

    async def find(self, account: str, region: str, name: str) -> StackRecord | None: ...

    async def put(self, stack: StackRecord) -> None:
        """Keep the stack as it stands, in the place of what was kept of it."""
        ...

    async def remove(self, account: str, region: str, name: str) -> bool:
        """Forget the stack; whether there was one."""
        ...

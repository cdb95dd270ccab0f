"""What templates made: for their update and removal, and for putting back what a deployment did not finish."""

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
    code: str = ""  # of a function: SHA-256 of its package
    secret_ways: tuple[str, ...] = ()  # "Environment/Variables/KEY": properties that secrets went into
    is_retained: bool = False  # DeletionPolicy: when the template or the stack goes, it stays
    is_retained_when_replaced: bool = False  # UpdateReplacePolicy


class Step(Struct, frozen=True, kw_only=True):
    """What a deployment does to one resource, written down before it is done."""

    action: str  # "create"; "update"; "replace": made beside the old one; "remake": made where the old one was
    logical_id: str
    type: str
    properties: Mapping[str, Any]  # that it is to have
    token: str  # ends the names and marks of what is made, so that it can be found again
    before: ResourceRecord | None  # what there was
    found: tuple[str, ...] = ()  # physical ids that stood where it was to be made
    is_cleared: bool = False  # of a remake: the old one is gone
    is_done: bool = False


class StackRecord(Struct, frozen=True, kw_only=True):
    """A stack as it stands. Some attributes are secret: the store seals the whole record.

    While a deployment is under way, or was cut off, its steps are in ``journal``.
    """

    name: str
    account: str
    region: str
    stack_id: str  # ARN
    resources: tuple[ResourceRecord, ...]  # in the order in which they were made
    updated_at: datetime
    serial: int = 0  # counts the changes of this record
    journal: tuple[Step, ...] = ()
    leavings: tuple[ResourceRecord, ...] = ()  # replaced or gone: removed when the deployment has succeeded
    exports: Mapping[str, str] = {}  # names of outputs for other stacks, with their values
    imports: tuple[str, ...] = ()  # names that this stack has of others


class StackStore(Protocol):
    """Stacks by account, Region and name."""

    async def find(self, account: str, region: str, name: str) -> StackRecord | None: ...

    async def all(self, account: str, region: str) -> tuple[StackRecord, ...]:
        """The stacks of an account in a Region, by name."""
        ...

    async def put(self, stack: StackRecord) -> None:
        """Keep the stack as it stands, in the place of what was kept of it.

        Raises:
            Conflict: Its serial does not follow the kept one's: somebody else has changed it.
        """
        ...

    async def remove(self, account: str, region: str, name: str) -> bool:
        """Forget the stack; whether there was one."""
        ...

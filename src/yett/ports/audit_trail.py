"""Who did what, when, from where, with which outcome."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One administrative act. It never holds parameters' values: they may be secret."""

    request_id: str
    at: datetime
    account: str
    principal: str  # ARN, or "anonymous" for operations that need no signature
    source_ip: str
    action: str  # IAM action, "iam:CreateRole"
    resource: str  # ARN or "*"
    outcome: str  # "allowed", or the error code


class AuditTrail(Protocol):
    """Keeps entries in the order given; an entry is durable once ``record`` returns."""

    async def record(self, entry: AuditEntry) -> None: ...

    async def recent(self, account: str, *, limit: int) -> tuple[AuditEntry, ...]:
        """The newest entries of the account, newest first."""
        ...

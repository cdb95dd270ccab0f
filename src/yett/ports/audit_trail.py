"""Who did what, when, from where, with which outcome."""

import re
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

ALLOWED: Final = "allowed"  # the outcome of what was done


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
    source_identity: str | None = None  # who is behind a session, if it was said when the session was made


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which entries are wanted: those that all of this holds for. Of a pattern, ``*`` stands for any text."""

    principal: str = "*"  # or the source identity
    source_ip: str = "*"
    action: str = "*"  # whatever its case
    resource: str = "*"
    outcome: str = "*"
    is_refused: bool = False
    since: datetime | None = None
    until: datetime | None = None  # itself left out

    def admits(self, entry: AuditEntry) -> bool:
        """Whether the entry is wanted."""
        return (
            (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
            and not (self.is_refused and entry.outcome == ALLOWED)
            and (is_like(self.principal, entry.principal) or is_like(self.principal, entry.source_identity or ""))
            and is_like(self.source_ip, entry.source_ip)
            and is_like(self.action.lower(), entry.action.lower())
            and any(is_like(self.resource, each) for each in (entry.resource, *entry.resource.split()))
            and is_like(self.outcome, entry.outcome)
        )


def is_like(pattern: str, text: str) -> bool:
    """Whether the text is as the pattern says."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


EVERYTHING: Final = AuditFilter()


class AuditTrail(Protocol):
    """Keeps entries in the order given; an entry is durable once ``record`` returns."""

    async def record(self, entry: AuditEntry) -> None: ...

    async def recent(self, account: str, *, limit: int, wanted: AuditFilter = EVERYTHING) -> tuple[AuditEntry, ...]:
        """The newest entries of the account that are wanted, newest first."""
        ...

"""Why a call was answered as it was, as one process of a node tells another."""

from datetime import datetime

import msgspec
from msgspec import Struct

from yett.execute_api.decisions import Decisions, Record
from yett.execute_api.trace import explain
from yett.ports.settings import Settings
from yett.sigv4 import Difference, NotCanonical, Outline, compare, read_parts


class Explained(Struct, frozen=True, kw_only=True):
    """An explanation, and whose API it is about."""

    account: str
    region: str
    api_id: str
    trace: bytes  # JSON
    at: datetime  # when the call came in
    proposals: bytes = b"[]"  # JSON: what would allow it, as the process that refused it sees it
    outline: Outline | None = None  # of a call whose signature does not match: what a client's own is held against


class Recent(Struct, frozen=True, kw_only=True):
    """Explanations of the newest calls, oldest first."""

    decisions: tuple[Explained, ...]
    waiting: datetime | None  # when the first came in of the calls that are still going on


def explained(record: Record, settings: Settings) -> Explained:
    """A record of this process, explained."""
    plan = record.plan
    account, region = (plan.account, plan.region) if plan is not None else (settings.account, settings.region)
    trace = msgspec.json.encode(explain(record))
    outline = None if record.refusal is None else record.refusal.outline
    return Explained(account=account, region=region, api_id=record.api_id, trace=trace, at=record.at, outline=outline)


def recent(decisions: Decisions, settings: Settings, *, after: datetime, limit: int) -> Recent:
    """What this process decided since a moment, of very much the newest."""
    records, waiting = decisions.since(after, limit)
    return Recent(decisions=tuple(explained(record, settings) for record in records), waiting=waiting)


class Compared(Struct, frozen=True, kw_only=True, rename="camel"):
    """A client's own canonical request, held against that of a call that was refused."""

    request_id: str
    same: bool
    differences: tuple[Difference, ...]
    timestamp: str  # of the string to sign, as it came in
    scope: str


class Pasted(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The body of a comparison."""

    canonical_request: str


def compared(request_id: str, outline: Outline | None, body: bytes) -> Compared:
    """Where the canonical request that *body* holds differs from what came in.

    Raises:
        NotCanonical: It holds none; or there is nothing to hold it against.
    """
    if outline is None:
        raise NotCanonical(
            "nothing of this call was kept to hold a canonical request against: that is of calls alone whose signature "
            "does not match, up to a length, and so many in a second"
        )
    try:
        pasted = msgspec.json.decode(body, type=Pasted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotCanonical(f"the comparison cannot be read: {error}") from error
    differences = compare(read_parts(pasted.canonical_request), outline)
    return Compared(
        request_id=request_id,
        same=not differences,
        differences=differences,
        timestamp=outline.timestamp,
        scope=outline.scope,
    )

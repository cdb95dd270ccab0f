"""Why a call was answered as it was, as one process of a node tells another."""

from datetime import datetime

import msgspec
from msgspec import Struct

from yett.execute_api.decisions import Decisions, Record
from yett.execute_api.trace import explain
from yett.ports.settings import Settings


class Explained(Struct, frozen=True, kw_only=True):
    """An explanation, and whose API it is about."""

    account: str
    region: str
    api_id: str
    trace: bytes  # JSON
    at: datetime  # when the call came in


class Recent(Struct, frozen=True, kw_only=True):
    """Explanations of the newest calls, oldest first."""

    decisions: tuple[Explained, ...]
    waiting: datetime | None  # when the first came in of the calls that are still going on


def explained(record: Record, settings: Settings) -> Explained:
    """A record of this process, explained."""
    plan = record.plan
    account, region = (plan.account, plan.region) if plan is not None else (settings.account, settings.region)
    trace = msgspec.json.encode(explain(record))
    return Explained(account=account, region=region, api_id=record.api_id, trace=trace, at=record.at)


def recent(decisions: Decisions, settings: Settings, *, after: datetime, limit: int) -> Recent:
    """What this process decided since a moment, of very much the newest."""
    records, waiting = decisions.since(after, limit)
    return Recent(decisions=tuple(explained(record, settings) for record in records), waiting=waiting)

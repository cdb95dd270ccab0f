"""Why a call was answered as it was, as one process of a node tells another."""

import msgspec
from msgspec import Struct

from yett.execute_api.decisions import Record
from yett.execute_api.trace import explain
from yett.ports.settings import Settings


class Explained(Struct, frozen=True, kw_only=True):
    """An explanation, and whose API it is about."""

    account: str
    region: str
    api_id: str
    trace: bytes  # JSON


def explained(record: Record, settings: Settings) -> Explained:
    """A record of this process, explained."""
    plan = record.plan
    account, region = (plan.account, plan.region) if plan is not None else (settings.account, settings.region)
    trace = msgspec.json.encode(explain(record))
    return Explained(account=account, region=region, api_id=record.api_id, trace=trace)

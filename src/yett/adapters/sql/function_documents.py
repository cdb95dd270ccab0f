"""A function's documents within one transaction: the function, its versions, aliases, events, and who has which code.

A version's key is ``{function}:{number of ten digits}``, an alias's ``{function}:{alias}``: no name of a function holds
a colon.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.layer_documents import CODE, digest_of, drop_code, use_code
from yett.ports.errors import Conflict
from yett.ports.function_store import AliasRecord, EventRecord, FunctionRecord
from yett.rules.lambda_.names import LATEST

__all__ = ["CODE", "digest_of"]

FUNCTION: Final = "lambda.function"
VERSION: Final = "lambda.version"
ALIAS: Final = "lambda.alias"
EVENT: Final = "lambda.event"  # in no account or Region; key: request id


class Stored(Struct, frozen=True, kw_only=True):
    """The body of a document: the record without its variables, which are sealed."""

    record: FunctionRecord
    environment: bytes


encode: Final = msgspec.json.Encoder().encode
ALIASES: Final = msgspec.json.Decoder(AliasRecord)
_DECODER: Final = msgspec.json.Decoder(Stored)
_EVENTS: Final = msgspec.json.Decoder(EventRecord)
_VARIABLES: Final = msgspec.json.Decoder(dict[str, str])


def scope(arn: str) -> str:
    """The scope that a change of the function moves."""
    return f"function:{arn}"


def version_key(name: str, version: str) -> str:
    """Versions in the order of their numbers."""
    return f"{name}:{version.zfill(10)}"


def alias_key(name: str, alias: str) -> str:
    """The key of an alias."""
    return f"{name}:{alias}"


def place(record: FunctionRecord) -> tuple[str, str]:
    """Kind and key of a record's document."""
    if record.version == LATEST:
        return FUNCTION, record.name
    return VERSION, version_key(record.name, record.version)


def find(tx: Transaction, account: str, region: str, name: str, version: str = LATEST) -> FunctionRecord | None:
    """The function, or one of its versions."""
    kind, key = (FUNCTION, name) if version == LATEST else (VERSION, version_key(name, version))
    body = tx.find(account, region, kind, key)
    return None if body is None else opened(tx, body)


def find_alias(tx: Transaction, account: str, region: str, function_name: str, name: str) -> AliasRecord | None:
    """The alias."""
    body = tx.find(account, region, ALIAS, alias_key(function_name, name))
    return None if body is None else ALIASES.decode(body)


def check_version(tx: Transaction, alias: AliasRecord) -> None:
    """See that the alias's version is there.

    Raises:
        Conflict: It is not.
    """
    if find(tx, alias.account, alias.region, alias.function_name, alias.version) is None:
        raise Conflict(f"version {alias.version} of `{alias.function_name}`")


def sealed(tx: Transaction, record: FunctionRecord) -> bytes:
    """The document of a record."""
    variables = tx.seal(encode(record.environment), identity=identity_of(record))
    return encode(Stored(record=msgspec.structs.replace(record, environment={}), environment=variables))


def opened(tx: Transaction, body: bytes) -> FunctionRecord:
    """The record of a document."""
    stored = _DECODER.decode(body)
    record = stored.record
    variables: Mapping[str, str] = _VARIABLES.decode(tx.open(stored.environment, identity=identity_of(record)))
    return msgspec.structs.replace(record, environment=variables)


def environment_identity(kind: str, account: str, region: str, key: str) -> str:
    """What the sealed variables of a function's or version's document are bound to."""
    return f"{kind}/{account}/{region}/{key}/environment"


def identity_of(record: FunctionRecord) -> str:
    """The same, of a record."""
    kind, key = place(record)
    return environment_identity(kind, record.account, record.region, key)


def payload_identity(request_id: str) -> str:
    """What an event's sealed payload is bound to."""
    return f"{EVENT}/{request_id}/payload"


def sealed_event(tx: Transaction, event: EventRecord) -> bytes:
    """The document of an event."""
    payload = tx.seal(event.payload, identity=payload_identity(event.request_id))
    return encode(msgspec.structs.replace(event, payload=payload))


def opened_event(tx: Transaction, body: bytes) -> EventRecord:
    """The event of a document."""
    event = _EVENTS.decode(body)
    payload = tx.open(event.payload, identity=payload_identity(event.request_id))
    return msgspec.structs.replace(event, payload=payload)


def codes_of(record: FunctionRecord) -> frozenset[str]:
    """CodeSha256 of what the function is made of: its package and its layers."""
    return frozenset((record.code_sha256, *(layer.code_sha256 for layer in record.layers)))


def keep_function_code(tx: Transaction, record: FunctionRecord) -> None:
    """Note that the function or version has its package and layers, which are there."""
    for code_sha256 in codes_of(record):
        use_code(tx, record.account, record.region, code_sha256, user=place(record)[1])


def drop_function_code(tx: Transaction, record: FunctionRecord, *, kept: FunctionRecord | None) -> None:
    """Note that the function or version has this no more, but what it has as *kept*."""
    for code_sha256 in codes_of(record) - (codes_of(kept) if kept is not None else frozenset()):
        drop_code(tx, record.account, record.region, code_sha256, user=place(record)[1])


def forget_event_config(tx: Transaction, account: str, region: str, name: str, qualifier: str) -> None:
    """Drop what was set for the events of a version or alias that goes: the next of its name has nothing of it."""
    latest = find(tx, account, region, name)
    if latest is None or qualifier not in latest.event_configs:
        return
    kept = {key: config for key, config in latest.event_configs.items() if key != qualifier}
    tx.replace(account, region, FUNCTION, name, sealed(tx, msgspec.structs.replace(latest, event_configs=kept)))

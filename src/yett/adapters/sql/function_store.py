"""Functions in the database, their packages too, so that every node that shares it can run them.

Versions and aliases are documents under their function's name; what is in `function_documents` is done within one
transaction.
"""

import hashlib

from msgspec import structs

from yett.adapters.sql import layer_documents
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.function_documents import (
    ALIAS,
    ALIASES,
    CODE,
    EVENT,
    FUNCTION,
    VERSION,
    alias_key,
    check_version,
    digest_of,
    drop_function_code,
    encode,
    find,
    find_alias,
    forget_event_config,
    keep_function_code,
    opened,
    opened_event,
    place,
    scope,
    sealed,
    sealed_event,
    version_key,
)
from yett.ports.errors import Conflict, Unavailable
from yett.ports.function_store import AliasRecord, EventRecord, FunctionRecord, LayerRecord
from yett.rules.lambda_.names import LATEST


class SqlFunctionStore:
    """Answers `yett.ports.function_store.FunctionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Functions and their versions

    async def find(self, account: str, region: str, name: str, *, version: str = LATEST) -> FunctionRecord | None:
        return await self._database.read(lambda tx: find(tx, account, region, name, version))

    async def list_functions(
        self, account: str, region: str, *, after: str = "", limit: int
    ) -> tuple[FunctionRecord, ...]:
        def work(tx: Transaction) -> tuple[FunctionRecord, ...]:
            rows = tx.scan(account, region, FUNCTION, after=after, limit=limit)
            return tuple(opened(tx, body) for _, body in rows)

        return await self._database.read(work)

    async def add(self, record: FunctionRecord, package: bytes) -> None:
        def work(tx: Transaction) -> None:
            tx.add(record.account, record.region, FUNCTION, record.name, sealed(tx, record))
            layer_documents.keep_package(tx, record.account, record.region, record.code_sha256, package)
            keep_function_code(tx, record)
            tx.touch(scope(record.arn))

        await self._database.write(work)

    async def replace(self, record: FunctionRecord, *, expected_revision_id: str, package: bytes | None = None) -> None:
        def work(tx: Transaction) -> None:
            present = find(tx, record.account, record.region, record.name, record.version)
            if present is None or present.revision_id != expected_revision_id:
                raise Conflict(f"function `{record.name}`")
            kind, key = place(record)
            tx.replace(record.account, record.region, kind, key, sealed(tx, record))
            if package is not None:
                layer_documents.keep_package(tx, record.account, record.region, record.code_sha256, package)
            keep_function_code(tx, record)
            drop_function_code(tx, present, kept=record)
            tx.touch(scope(record.arn))

        await self._database.write(work)

    async def publish(self, version: FunctionRecord, *, expected_revision_id: str) -> None:
        def work(tx: Transaction) -> None:
            latest = find(tx, version.account, version.region, version.name)
            if latest is None or latest.revision_id != expected_revision_id:
                raise Conflict(f"function `{version.name}`")
            if version.version != str(latest.last_version + 1):
                raise Conflict(f"version {version.version} of `{version.name}`")
            kind, key = place(version)
            tx.add(version.account, version.region, kind, key, sealed(tx, version))
            keep_function_code(tx, version)
            counted = structs.replace(latest, last_version=latest.last_version + 1)
            tx.replace(version.account, version.region, FUNCTION, version.name, sealed(tx, counted))
            tx.touch(scope(version.arn))

        await self._database.write(work)

    async def list_versions(
        self, account: str, region: str, name: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[FunctionRecord, ...]:
        def work(tx: Transaction) -> tuple[FunctionRecord, ...]:
            after_key = version_key(name, str(after))
            rows = tx.scan(account, region, VERSION, prefix=f"{name}:", after=after_key, limit=limit)
            return tuple(opened(tx, body) for _, body in rows)

        return await self._database.read(work)

    async def remove(self, account: str, region: str, name: str) -> bool:
        def work(tx: Transaction) -> bool:
            present = find(tx, account, region, name)
            if present is None:
                return False
            for key, _ in tx.scan(account, region, ALIAS, prefix=f"{name}:"):
                tx.remove(account, region, ALIAS, key)
            for key, body in tx.scan(account, region, VERSION, prefix=f"{name}:"):
                tx.remove(account, region, VERSION, key)
                drop_function_code(tx, opened(tx, body), kept=None)
            tx.remove(account, region, FUNCTION, name)
            drop_function_code(tx, present, kept=None)
            tx.touch(scope(present.arn))
            return True

        return await self._database.write(work)

    async def remove_version(self, account: str, region: str, name: str, version: str) -> bool:
        def work(tx: Transaction) -> bool:
            present = find(tx, account, region, name, version)
            if present is None or version == LATEST:
                return False
            for _, body in tx.scan(account, region, ALIAS, prefix=f"{name}:"):
                if ALIASES.decode(body).version == version:
                    raise Conflict(f"version {version} of `{name}` has an alias")
            tx.remove(account, region, VERSION, version_key(name, version))
            forget_event_config(tx, account, region, name, version)
            drop_function_code(tx, present, kept=None)
            tx.touch(scope(present.arn))
            return True

        return await self._database.write(work)

    # Aliases

    async def find_alias(self, account: str, region: str, function_name: str, name: str) -> AliasRecord | None:
        return await self._database.read(lambda tx: find_alias(tx, account, region, function_name, name))

    async def list_aliases(
        self, account: str, region: str, function_name: str, *, after: str = "", limit: int | None = None
    ) -> tuple[AliasRecord, ...]:
        def work(tx: Transaction) -> tuple[AliasRecord, ...]:
            after_key = alias_key(function_name, after)
            rows = tx.scan(account, region, ALIAS, prefix=f"{function_name}:", after=after_key, limit=limit)
            return tuple(ALIASES.decode(body) for _, body in rows)

        return await self._database.read(work)

    async def add_alias(self, record: AliasRecord) -> None:
        def work(tx: Transaction) -> None:
            check_version(tx, record)
            key = alias_key(record.function_name, record.name)
            tx.add(record.account, record.region, ALIAS, key, encode(record))
            tx.touch(scope(record.arn.rpartition(":")[0]))

        await self._database.write(work)

    async def replace_alias(self, record: AliasRecord, *, expected_revision_id: str) -> None:
        def work(tx: Transaction) -> None:
            present = find_alias(tx, record.account, record.region, record.function_name, record.name)
            if present is None or present.revision_id != expected_revision_id:
                raise Conflict(f"alias `{record.name}`")
            check_version(tx, record)
            key = alias_key(record.function_name, record.name)
            tx.replace(record.account, record.region, ALIAS, key, encode(record))
            tx.touch(scope(record.arn.rpartition(":")[0]))

        await self._database.write(work)

    async def remove_alias(self, account: str, region: str, function_name: str, name: str) -> bool:
        def work(tx: Transaction) -> bool:
            present = find_alias(tx, account, region, function_name, name)
            if present is None:
                return False
            tx.remove(account, region, ALIAS, alias_key(function_name, name))
            forget_event_config(tx, account, region, function_name, name)
            tx.touch(scope(present.arn.rpartition(":")[0]))
            return True

        return await self._database.write(work)

    # Layers

    async def publish_layer(self, record: LayerRecord, package: bytes) -> LayerRecord:
        return await self._database.write(lambda tx: layer_documents.publish(tx, record, package))

    async def find_layer(self, account: str, region: str, name: str, version: int) -> LayerRecord | None:
        return await self._database.read(lambda tx: layer_documents.find(tx, account, region, name, version))

    async def list_layer_versions(self, account: str, region: str, name: str | None) -> tuple[LayerRecord, ...]:
        return await self._database.read(lambda tx: layer_documents.versions(tx, account, region, name))

    async def remove_layer(self, account: str, region: str, name: str, version: int) -> bool:
        return await self._database.write(lambda tx: layer_documents.remove(tx, account, region, name, version))

    # Code

    async def find_code(self, account: str, region: str, code_sha256: str) -> bytes | None:
        digest = digest_of(code_sha256)

        def work(tx: Transaction) -> bytes | None:
            pieces = tx.scan(account, region, CODE, prefix=f"{digest}/")
            return b"".join(piece for _, piece in pieces) if pieces else None

        package = await self._database.read(work)
        if package is not None and hashlib.sha256(package).hexdigest() != digest:
            raise Unavailable(f"the stored package {digest} is damaged")
        return package

    # Events

    async def put_event(self, event: EventRecord) -> None:
        await self._database.write(lambda tx: tx.put("", "", EVENT, event.request_id, sealed_event(tx, event)))

    async def remove_event(self, request_id: str) -> None:
        await self._database.write(lambda tx: tx.remove("", "", EVENT, request_id))

    async def list_events(self) -> tuple[EventRecord, ...]:
        def work(tx: Transaction) -> tuple[EventRecord, ...]:
            return tuple(opened_event(tx, body) for _, body in tx.scan("", "", EVENT))

        return await self._database.read(work)

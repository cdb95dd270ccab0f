"""Functions in the database, their packages too, so that every node that shares it can run them.

A package is cut into rows of a bounded size, shared by the functions of the account and Region that have the same; the
rows ``lambda.code-use`` say which those are.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.ports.errors import Conflict, Unavailable
from yett.ports.function_store import FunctionRecord

FUNCTION: Final = "lambda.function"
CODE: Final = "lambda.code"  # key: digest/number of the piece
CODE_USE: Final = "lambda.code-use"  # key: digest/function name
PIECE_BYTES: Final = 1024 * 1024


class Stored(Struct, frozen=True, kw_only=True):
    """The body of a document: the record without its variables, which are sealed."""

    record: FunctionRecord
    environment: bytes


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Stored)
_VARIABLES: Final = msgspec.json.Decoder(dict[str, str])


class SqlFunctionStore:
    """Answers `yett.ports.function_store.FunctionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, account: str, region: str, name: str) -> FunctionRecord | None:
        def work(tx: Transaction) -> FunctionRecord | None:
            return find(tx, account, region, name)

        return await self._database.read(work)

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
            keep_code(tx, record, package)
            tx.touch(scope(record.arn))

        await self._database.write(work)

    async def replace(self, record: FunctionRecord, *, expected_revision_id: str, package: bytes | None = None) -> None:
        def work(tx: Transaction) -> None:
            present = find(tx, record.account, record.region, record.name)
            if present is None or present.revision_id != expected_revision_id:
                raise Conflict(f"function `{record.name}`")
            tx.replace(record.account, record.region, FUNCTION, record.name, sealed(tx, record))
            if package is not None:
                keep_code(tx, record, package)
            if present.code_sha256 != record.code_sha256:
                drop_code(tx, present)
            tx.touch(scope(record.arn))

        await self._database.write(work)

    async def remove(self, account: str, region: str, name: str) -> bool:
        def work(tx: Transaction) -> bool:
            present = find(tx, account, region, name)
            if present is None:
                return False
            tx.remove(account, region, FUNCTION, name)
            drop_code(tx, present)
            tx.touch(scope(present.arn))
            return True

        return await self._database.write(work)

    async def find_code(self, account: str, region: str, code_sha256: str) -> bytes | None:
        digest = digest_of(code_sha256)

        def work(tx: Transaction) -> bytes | None:
            pieces = tx.scan(account, region, CODE, prefix=f"{digest}/")
            return b"".join(piece for _, piece in pieces) if pieces else None

        package = await self._database.read(work)
        if package is not None and hashlib.sha256(package).hexdigest() != digest:
            raise Unavailable(f"the stored package {digest} is damaged")
        return package


def scope(arn: str) -> str:
    """The scope that a change of the function moves."""
    return f"function:{arn}"


def find(tx: Transaction, account: str, region: str, name: str) -> FunctionRecord | None:
    """The function, within a transaction."""
    body = tx.find(account, region, FUNCTION, name)
    return None if body is None else opened(tx, body)


def sealed(tx: Transaction, record: FunctionRecord) -> bytes:
    """The document of a record."""
    identity = environment_identity(record.account, record.region, record.name)
    variables = tx.seal(_ENCODER.encode(record.environment), identity=identity)
    return _ENCODER.encode(Stored(record=msgspec.structs.replace(record, environment={}), environment=variables))


def opened(tx: Transaction, body: bytes) -> FunctionRecord:
    """The record of a document."""
    stored = _DECODER.decode(body)
    record = stored.record
    identity = environment_identity(record.account, record.region, record.name)
    variables: Mapping[str, str] = _VARIABLES.decode(tx.open(stored.environment, identity=identity))
    return msgspec.structs.replace(record, environment=variables)


def environment_identity(account: str, region: str, name: str) -> str:
    """What a function's sealed variables are bound to."""
    return f"{FUNCTION}/{account}/{region}/{name}/environment"


def keep_code(tx: Transaction, record: FunctionRecord, package: bytes) -> None:
    """Keep the package, once, and note that the function has it."""
    digest = digest_of(record.code_sha256)
    if not tx.scan(record.account, record.region, CODE, prefix=f"{digest}/", limit=1):
        for number, start in enumerate(range(0, len(package), PIECE_BYTES)):
            piece = package[start : start + PIECE_BYTES]
            tx.put(record.account, record.region, CODE, f"{digest}/{number:06}", piece)
    tx.put(record.account, record.region, CODE_USE, f"{digest}/{record.name}", b"")


def drop_code(tx: Transaction, record: FunctionRecord) -> None:
    """Note that the function has this package no more, and drop it with its last user."""
    digest = digest_of(record.code_sha256)
    tx.remove(record.account, record.region, CODE_USE, f"{digest}/{record.name}")
    if tx.count(record.account, record.region, CODE_USE, prefix=f"{digest}/"):
        return
    number = 0
    while tx.remove(record.account, record.region, CODE, f"{digest}/{number:06}"):
        number += 1


def digest_of(code_sha256: str) -> str:
    """CodeSha256 (base64) as hexadecimal text, which is good in keys and file names."""
    return base64.b64decode(code_sha256).hex()

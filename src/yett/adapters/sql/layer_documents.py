"""Packages and layers within one transaction.

A package is cut into rows of a bounded size, shared by all in the account and Region that have the same; the rows
``lambda.code-use`` say which those are.
"""

import base64
from typing import Final

import msgspec

from yett.adapters.sql.documents import Transaction
from yett.ports.function_store import LayerRecord

CODE: Final = "lambda.code"  # key: digest/number of the piece
CODE_USE: Final = "lambda.code-use"  # key: digest/user: a function, function:version or layer/name:version
LAYER: Final = "lambda.layer"  # key: name:version of ten digits
LAST_LAYER: Final = "lambda.layer-last"  # key: name; body: the number that was given last
PIECE_BYTES: Final = 1024 * 1024

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(LayerRecord)


def publish(tx: Transaction, record: LayerRecord, package: bytes) -> LayerRecord:
    """Add the layer's next version."""
    last = tx.find(record.account, record.region, LAST_LAYER, record.name)
    number = 1 + (0 if last is None else int(last))
    tx.put(record.account, record.region, LAST_LAYER, record.name, str(number).encode())
    published = msgspec.structs.replace(record, version=number)
    key = layer_key(record.name, number)
    tx.add(record.account, record.region, LAYER, key, _ENCODER.encode(published))
    keep_package(tx, record.account, record.region, record.code_sha256, package)
    use_code(tx, record.account, record.region, record.code_sha256, user=f"layer/{key}")
    return published


def find(tx: Transaction, account: str, region: str, name: str, version: int) -> LayerRecord | None:
    """The version of the layer."""
    body = tx.find(account, region, LAYER, layer_key(name, version))
    return None if body is None else _DECODER.decode(body)


def versions(tx: Transaction, account: str, region: str, name: str | None) -> tuple[LayerRecord, ...]:
    """Versions of the layer, or of all."""
    rows = tx.scan(account, region, LAYER, prefix="" if name is None else f"{name}:")
    return tuple(_DECODER.decode(body) for _, body in rows)


def remove(tx: Transaction, account: str, region: str, name: str, version: int) -> bool:
    """Remove the version; its package stays with the functions that have it."""
    record = find(tx, account, region, name, version)
    if record is None:
        return False
    key = layer_key(name, version)
    tx.remove(account, region, LAYER, key)
    drop_code(tx, account, region, record.code_sha256, user=f"layer/{key}")
    return True


def layer_key(name: str, version: int) -> str:
    """Versions in the order of their numbers."""
    return f"{name}:{version:010}"


def keep_package(tx: Transaction, account: str, region: str, code_sha256: str, package: bytes) -> None:
    """Keep the package, once; its first user is noted in the same transaction."""
    digest = digest_of(code_sha256)
    if tx.scan(account, region, CODE, prefix=f"{digest}/", limit=1):
        return
    for number, start in enumerate(range(0, len(package), PIECE_BYTES)):
        tx.put(account, region, CODE, f"{digest}/{number:06}", package[start : start + PIECE_BYTES])


def use_code(tx: Transaction, account: str, region: str, code_sha256: str, *, user: str) -> None:
    """Note that somebody has the package."""
    tx.put(account, region, CODE_USE, f"{digest_of(code_sha256)}/{user}", b"")


def drop_code(tx: Transaction, account: str, region: str, code_sha256: str, *, user: str) -> None:
    """Note that somebody has the package no more, and drop it with its last user."""
    digest = digest_of(code_sha256)
    tx.remove(account, region, CODE_USE, f"{digest}/{user}")
    if tx.count(account, region, CODE_USE, prefix=f"{digest}/"):
        return
    number = 0
    while tx.remove(account, region, CODE, f"{digest}/{number:06}"):
        number += 1


def digest_of(code_sha256: str) -> str:
    """CodeSha256 (base64) as hexadecimal text, which is good in keys and file names."""
    return base64.b64decode(code_sha256).hex()

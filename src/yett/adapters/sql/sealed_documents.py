"""Values as documents whose secrets are sealed one by one, bound to the place where the document lies."""

import base64
from typing import Any, TypeVar

import msgspec

from yett.adapters.sql.documents import Transaction
from yett.values.secret import Secret

T = TypeVar("T")


def encode_sealed(transaction: Transaction, value: object, *, identity: str) -> bytes:
    """A value as a document; *identity* is what its secrets are bound to."""

    def seal(found: Any) -> str:
        if not isinstance(found, Secret):
            raise NotImplementedError(type(found).__name__)
        return base64.b64encode(transaction.seal(found.reveal().encode(), identity=identity)).decode()

    return msgspec.json.encode(value, enc_hook=seal)


def decode_sealed(transaction: Transaction, body: bytes, shape: type[T], *, identity: str) -> T:
    """A document as a value, its secrets open.

    Raises:
        SealBroken: They were sealed for another place, or changed.
    """

    def unseal(wanted: type, found: Any) -> Any:
        if wanted is not Secret or not isinstance(found, str):
            raise NotImplementedError(wanted.__name__)
        return Secret(transaction.open(base64.b64decode(found), identity=identity).decode())

    return msgspec.json.decode(body, type=shape, dec_hook=unseal)

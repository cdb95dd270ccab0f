"""Stacks as sealed documents: attributes of resources may be secret access keys."""

from typing import Final

import msgspec

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.ports.errors import AlreadyExists, Conflict
from yett.ports.stack_store import StackRecord

STACK: Final = "cloudformation.stack"
encode: Final = msgspec.json.encode
decode: Final = msgspec.json.Decoder(StackRecord).decode


class Serial(msgspec.Struct, frozen=True):
    """What of a record tells whether another may follow it."""

    serial: int = 0


decode_serial: Final = msgspec.json.Decoder(Serial).decode


def identity(account: str, region: str, name: str) -> str:
    """What a sealed record is bound to."""
    return f"{STACK}/{account}/{region}/{name}"


class SqlStackStore:
    """The store of stacks on the database. See `ports/stack_store.py` for what it promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, account: str, region: str, name: str) -> StackRecord | None:
        def work(tx: Transaction) -> bytes | None:
            body = tx.find(account, region, STACK, name)
            return None if body is None else tx.open(body, identity=identity(account, region, name))

        body = await self._database.read(work)
        return None if body is None else decode(body)

    async def all(self, account: str, region: str) -> tuple[StackRecord, ...]:
        def work(tx: Transaction) -> list[bytes]:
            found = tx.scan(account, region, STACK)
            return [tx.open(body, identity=identity(account, region, name)) for name, body in found]

        return tuple(decode(body) for body in await self._database.read(work))

    async def put(self, stack: StackRecord) -> None:
        place = (stack.account, stack.region, stack.name)

        def work(tx: Transaction) -> None:
            sealed = tx.seal(encode(stack), identity=identity(*place))
            body = tx.find(stack.account, stack.region, STACK, stack.name)
            kept = 0 if body is None else decode_serial(tx.open(body, identity=identity(*place))).serial
            if stack.serial != kept + 1:
                raise Conflict(f"stack `{stack.name}` has been changed by another deployment meanwhile")
            if body is None:
                try:
                    tx.add(stack.account, stack.region, STACK, stack.name, sealed)
                except AlreadyExists as error:
                    raise Conflict(f"stack `{stack.name}` has been made by another deployment meanwhile") from error
            else:
                tx.replace(stack.account, stack.region, STACK, stack.name, sealed, expected=body)

        await self._database.write(work)

    async def remove(self, account: str, region: str, name: str) -> bool:
        return await self._database.write(lambda tx: tx.remove(account, region, STACK, name))

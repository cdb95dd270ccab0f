"""One transaction on documents: what a store may ask of the database while it has it."""

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from yett.adapters.sql.schema import DOCUMENTS, POINTERS, REVISIONS
from yett.adapters.sql.sealing import Sealer
from yett.ports.errors import AlreadyExists, Conflict

LAST_CODE_POINT: Final = 0x10FFFF
SEALING_LOCK: Final = 0x7365616C  # "seal": held, shared, from a seal to the end of its transaction
SURROGATES: Final = range(0xD800, 0xE000)


class Pointer(Struct, frozen=True):
    """Where the document lives that a global identifier names."""

    account: str
    region: str
    key: str


class Transaction:
    """Reads and writes of one transaction. Good only while the work that was given it runs.

    Documents live at (account, region, kind, key); region is "" for global services. Keys are kept as given: whoever
    folds case does so before. No key may hold U+0000.
    """

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self.connection = connection
        self._sealer = sealer
        self._insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        self._touched: set[str] = set()

    # -- documents

    def find(self, account: str, region: str, kind: str, key: str) -> bytes | None:
        """The document's body, or None."""
        found = self.connection.execute(select(DOCUMENTS.c.body).where(*at(account, region, kind, key))).scalar()
        return None if found is None else bytes(found)

    def add(self, account: str, region: str, kind: str, key: str, body: bytes) -> None:
        """Add a document.

        Raises:
            AlreadyExists: There is one of this key.
        """
        row = {"account": account, "region": region, "kind": kind, "key": storable(key), "body": body}
        insertion = self._insert(DOCUMENTS).values(row).on_conflict_do_nothing().returning(DOCUMENTS.c.key)
        if self.connection.execute(insertion).first() is None:
            raise AlreadyExists(f"{kind} `{key}`")

    def put(self, account: str, region: str, kind: str, key: str, body: bytes) -> None:
        """Add a document, or replace the one of this key."""
        row = {"account": account, "region": region, "kind": kind, "key": storable(key), "body": body}
        self.connection.execute(
            self._insert(DOCUMENTS)
            .values(row)
            .on_conflict_do_update(index_elements=["account", "region", "kind", "key"], set_={"body": body})
        )

    def replace(
        self, account: str, region: str, kind: str, key: str, body: bytes, *, expected: bytes | None = None
    ) -> None:
        """Replace a document; if *expected* is given, only if its body still equals that.

        Raises:
            Conflict: It is gone, or its body is another.
        """
        change = update(DOCUMENTS).where(*at(account, region, kind, key)).values(body=body)
        if expected is not None:
            change = change.where(DOCUMENTS.c.body == expected)
        if self.connection.execute(change).rowcount != 1:
            raise Conflict(f"{kind} `{key}`")

    def remove(self, account: str, region: str, kind: str, key: str) -> bool:
        """Remove a document; whether there was one."""
        return self.connection.execute(delete(DOCUMENTS).where(*at(account, region, kind, key))).rowcount == 1

    def scan(
        self, account: str, region: str, kind: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[tuple[str, bytes]]:
        """Keys and bodies of documents whose key begins with *prefix* and comes after *after*, in byte order of key."""
        query = select(DOCUMENTS.c.key, DOCUMENTS.c.body).where(*under(account, region, kind, prefix))
        if after:
            query = query.where(DOCUMENTS.c.key > after)
        rows = self.connection.execute(query.order_by(DOCUMENTS.c.key).limit(limit))
        return [(str(row[0]), bytes(row[1])) for row in rows]

    def count(self, account: str, region: str, kind: str, *, prefix: str = "") -> int:
        """How many documents have a key that begins with *prefix*."""
        query = select(func.count()).select_from(DOCUMENTS).where(*under(account, region, kind, prefix))
        return int(self.connection.execute(query).scalar_one())

    def has_more(self, account: str, region: str, kind: str, *, than: int) -> bool:
        """Whether there are more documents of the kind; it looks at so many keys, however many there are."""
        query = select(DOCUMENTS.c.key).where(*under(account, region, kind, "")).order_by(DOCUMENTS.c.key)
        return self.connection.execute(query.offset(than).limit(1)).first() is not None

    # -- pointers

    def point(self, kind: str, value: str, account: str, region: str, key: str) -> None:
        """Let a globally unique identifier (access key id, API id, pool id) name a document.

        Raises:
            AlreadyExists: It names one already.
        """
        row = {"kind": kind, "value": storable(value), "account": account, "region": region, "key": storable(key)}
        insertion = self._insert(POINTERS).values(row).on_conflict_do_nothing().returning(POINTERS.c.value)
        if self.connection.execute(insertion).first() is None:
            raise AlreadyExists(f"{kind} `{value}`")

    def find_pointer(self, kind: str, value: str) -> Pointer | None:
        """Where the document lives that this identifier names."""
        query = select(POINTERS.c.account, POINTERS.c.region, POINTERS.c.key)
        row = self.connection.execute(query.where(POINTERS.c.kind == kind, POINTERS.c.value == storable(value))).first()
        return None if row is None else Pointer(*row)

    def unpoint(self, kind: str, value: str) -> None:
        """Let the identifier name nothing."""
        self.connection.execute(delete(POINTERS).where(POINTERS.c.kind == kind, POINTERS.c.value == storable(value)))

    # -- secrets

    def seal(self, secret: bytes, *, identity: str) -> bytes:
        """Seal a secret for the row of this identity (AES-256-GCM; see sealing.py)."""
        self._lock("pg_advisory_xact_lock_shared")
        return self._sealer.seal(secret, identity=identity)

    def open(self, sealed: bytes, *, identity: str) -> bytes:
        """Open a sealed secret of the row of this identity.

        Raises:
            SealBroken: It is of another row, or changed.
        """
        return self._sealer.open(sealed, identity=identity)

    def await_sealers(self) -> None:
        """Wait for the end of every transaction that has sealed something: those that follow know newer keys.

        SQLite's only writer, which this is, has waited already.
        """
        self._lock("pg_advisory_xact_lock")

    def _lock(self, function: str) -> None:
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text(f"SELECT {function}({SEALING_LOCK})"))

    # -- revisions

    def touch(self, scope: str) -> None:
        """Move the revision of a scope ("stage:abc123/prod"): views made of it are stale once this commits."""
        self._touched.add(scope)
        self.connection.execute(
            self._insert(REVISIONS)
            .values(scope=storable(scope), revision=1)
            .on_conflict_do_update(index_elements=["scope"], set_={"revision": REVISIONS.c.revision + 1})
        )

    def revision(self, scope: str) -> int:
        """The revision of a scope; 0 if it was never touched."""
        found = self.connection.execute(
            select(REVISIONS.c.revision).where(REVISIONS.c.scope == storable(scope))
        ).scalar()
        return 0 if found is None else int(found)

    @property
    def touched(self) -> frozenset[str]:
        """The scopes touched so far."""
        return frozenset(self._touched)


def at(account: str, region: str, kind: str, key: str) -> tuple[ColumnElement[bool], ...]:
    """The rows of exactly this key: one or none."""
    columns = DOCUMENTS.c
    return (columns.account == account, columns.region == region, columns.kind == kind, columns.key == storable(key))


def under(account: str, region: str, kind: str, prefix: str) -> tuple[ColumnElement[bool], ...]:
    """The rows whose key begins with *prefix*."""
    columns = DOCUMENTS.c
    place = (columns.account == account, columns.region == region, columns.kind == kind)
    if not prefix:
        return place
    end = successor(prefix)
    begun = (*place, columns.key >= storable(prefix))
    return begun if end is None else (*begun, columns.key < end)


def successor(prefix: str) -> str | None:
    """The least text, by code points (so by UTF-8 bytes), after all that begin with *prefix*; None if there is none."""
    for index in range(len(prefix) - 1, -1, -1):
        after = ord(prefix[index]) + 1
        if after in SURROGATES:
            after = SURROGATES.stop
        if after <= LAST_CODE_POINT:
            return prefix[:index] + chr(after)
    return None


def storable(key: str) -> str:
    """The key itself; PostgreSQL's text cannot hold U+0000, so neither database may."""
    if "\0" in key:
        raise ValueError("a key holds U+0000")
    return key

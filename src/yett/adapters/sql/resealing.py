"""Sealing anew what older master keys have sealed, while servers go on writing.

Every store that seals has its kinds in ``IDENTITIES``; a test holds the table to the code. Sealed records lie in
documents as they are, or in base64 within JSON.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, select, tuple_

from yett.adapters.sql.credential_store import seal_identity as credential_identity
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.function_documents import EVENT, FUNCTION, environment_identity, payload_identity
from yett.adapters.sql.function_documents import VERSION as FUNCTION_VERSION
from yett.adapters.sql.iam_documents import (
    ACCESS_KEY,
    LOGIN_PROFILE,
    MFA_DEVICE,
    SAML_PROVIDER,
    entity_identity,
    seal_identity,
)
from yett.adapters.sql.schema import DOCUMENTS
from yett.adapters.sql.sealing import VERSION, SealBroken, Sealer
from yett.adapters.sql.stack_store import STACK
from yett.adapters.sql.stack_store import identity as stack_identity
from yett.adapters.sql.user_pool_store import KEYS, SEALED_KINDS, seal_identity_of
from yett.values.errors import Refusal

PAGE: Final = 100  # documents looked at in one read
PASSES: Final = 5
BASE64: Final = rb"[A-Za-z0-9+/]*={0,2}"
SEALED_TEXT: Final = re.compile(b'"(A[Q-Za-f]' + BASE64 + b')"')  # what begins with VERSION, in base64

Identity = Callable[[str, str, str], str]  # account, region, key of the document -> what its records are bound to


def cognito(kind: str) -> Identity:
    """Secrets in user pools' documents are bound to kind and key."""
    return lambda account, region, key: seal_identity_of(kind, key)  # noqa: ARG005


def credential(kind: str) -> Identity:
    """Secrets in documents of IAM's credentials are bound to kind, account and key."""
    return lambda account, region, key: credential_identity(kind, account, key)  # noqa: ARG005


IDENTITIES: Final[Mapping[str, Identity]] = {
    ACCESS_KEY: lambda account, region, key: seal_identity(account, key.rpartition("/")[2]),  # noqa: ARG005
    EVENT: lambda account, region, key: payload_identity(key),  # noqa: ARG005
    LOGIN_PROFILE: credential(LOGIN_PROFILE),
    MFA_DEVICE: credential(MFA_DEVICE),
    SAML_PROVIDER: lambda account, region, key: entity_identity(SAML_PROVIDER, account, key),  # noqa: ARG005
    FUNCTION: partial(environment_identity, FUNCTION),
    FUNCTION_VERSION: partial(environment_identity, FUNCTION_VERSION),
    STACK: stack_identity,
    **{kind: cognito(kind) for kind in SEALED_KINDS},
}
ALWAYS_SEALED: Final = (
    ACCESS_KEY,
    LOGIN_PROFILE,
    MFA_DEVICE,
    EVENT,
    FUNCTION,
    FUNCTION_VERSION,
    STACK,
    KEYS,
)  # each document of these holds a sealed record


class Place(Struct, frozen=True):
    """Where a document lies."""

    account: str
    region: str
    kind: str
    key: str

    @property
    def identity(self) -> str:
        """What the sealed records in it are bound to."""
        return IDENTITIES[self.kind](self.account, self.region, self.key)


class StillSealing(Refusal):
    """Some server seals under an older master key all the time."""


async def reseal(database: Database, sealer: Sealer) -> int:
    """Seal everything under the sealer's current key that an older one of its keys has sealed.

    Each document is changed in a transaction of its own page: what has been done is kept if this is cut off, and the
    rest opens as before.

    Returns:
        How many documents were changed. When this returns, no record is left under an older key.

    Raises:
        StillSealing: Records under older keys keep coming: another server does not know the current key.
    """
    await database.write(Transaction.await_sealers)
    total = 0
    for _ in range(PASSES):
        changed = await reseal_once(database, sealer)
        if not changed:
            return total
        total += changed
    raise StillSealing(
        "secrets are still being sealed under an older master key: restart the other servers of this database with "
        "the current key first in YETT_MASTER_KEY, then run this again"
    )


async def reseal_once(database: Database, sealer: Sealer) -> int:
    """Go through all documents once."""
    pattern = sealed_by(sealer.older)
    changed = 0
    after: Place | None = None
    while True:
        start = after
        places = await database.read(lambda tx, start=start: page(tx.connection, start))  # type: ignore[misc]
        if not places:
            return changed
        stale = [place for place, body in places if is_stale(body, sealer.older, pattern)]
        if stale:
            changed += await database.write(lambda tx, stale=stale: reseal_all(tx, stale, sealer, pattern))  # type: ignore[misc]
        after = places[-1][0]


def page(connection: Connection, after: Place | None) -> list[tuple[Place, bytes]]:
    """The next documents that may hold sealed records."""
    columns = (DOCUMENTS.c.account, DOCUMENTS.c.region, DOCUMENTS.c.kind, DOCUMENTS.c.key)
    query = select(*columns, DOCUMENTS.c.body).where(DOCUMENTS.c.kind.in_(sorted(IDENTITIES)))
    if after is not None:
        query = query.where(tuple_(*columns) > (after.account, after.region, after.kind, after.key))
    rows = connection.execute(query.order_by(*columns).limit(PAGE))
    return [(Place(*row[:4]), bytes(row[4])) for row in rows]


def sealed_by(key_ids: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """Finds records in base64 under these keys: version and key id are nine bytes, twelve whole characters."""
    beginnings = [re.escape(base64.b64encode(VERSION + each)) for each in key_ids]
    return re.compile(b"(?:" + b"|".join(beginnings) + b")" + BASE64) if beginnings else re.compile(rb"(?!)")


def is_stale(body: bytes, key_ids: tuple[bytes, ...], pattern: re.Pattern[bytes]) -> bool:
    """Whether the document seems to hold a record under one of these keys."""
    return any(body.startswith(VERSION + each) for each in key_ids) or pattern.search(body) is not None


def reseal_all(tx: Transaction, places: list[Place], sealer: Sealer, pattern: re.Pattern[bytes]) -> int:
    """Seal the records of these documents anew; how many documents changed."""
    changed = 0
    for place in places:
        body = tx.find(place.account, place.region, place.kind, place.key)
        if body is None:
            continue
        anew = resealed(tx, body, place.identity, sealer, pattern)
        if anew != body:
            tx.replace(place.account, place.region, place.kind, place.key, anew, expected=body)
            changed += 1
    return changed


def resealed(tx: Transaction, body: bytes, identity: str, sealer: Sealer, pattern: re.Pattern[bytes]) -> bytes:
    """The document with its stale records sealed anew.

    Text that only looks like a record (a session token that somebody pasted) does not open, and stays.
    """
    if any(body.startswith(VERSION + each) for each in sealer.older):
        return tx.seal(tx.open(body, identity=identity), identity=identity)

    def renew(found: re.Match[bytes]) -> bytes:
        try:
            secret = tx.open(base64.b64decode(found[0]), identity=identity)
        except (SealBroken, ValueError):
            return found[0]
        return base64.b64encode(tx.seal(secret, identity=identity))

    return pattern.sub(renew, body)


def shut(connection: Connection, sealer: Sealer | None) -> Mapping[str, int]:
    """How many documents, by kind, hold secrets that the sealer does not open (none opens without one)."""
    found: dict[str, int] = {}
    for place, body in documents(connection, ALWAYS_SEALED):
        if sealer is None or not opens(body, place.identity, sealer):
            found[place.kind] = found.get(place.kind, 0) + 1
    return found


def documents(connection: Connection, kinds: tuple[str, ...]) -> Iterator[tuple[Place, bytes]]:
    """Every document of these kinds."""
    columns = (DOCUMENTS.c.account, DOCUMENTS.c.region, DOCUMENTS.c.kind, DOCUMENTS.c.key, DOCUMENTS.c.body)
    query = select(*columns).where(DOCUMENTS.c.kind.in_(kinds)).execution_options(yield_per=PAGE)
    for row in connection.execute(query):
        yield Place(*row[:4]), bytes(row[4])


def opens(body: bytes, identity: str, sealer: Sealer) -> bool:
    """Whether the document holds a record that the sealer opens."""
    candidates = [body, *(decoded(each) for each in SEALED_TEXT.findall(body))]
    for each in candidates:
        try:
            sealer.open(each, identity=identity)
        except SealBroken:
            continue
        return True
    return False


def decoded(text: bytes) -> bytes:
    """What base64 holds; nothing, if it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""

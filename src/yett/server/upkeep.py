"""What is done to a store beside its server: backup and restore, a new master key, reading the audit trail."""

import asyncio
import base64
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.backup import BackupHeader, back_up, open_backup
from yett.adapters.sql.database import Database
from yett.adapters.sql.function_documents import FUNCTION
from yett.adapters.sql.iam_documents import ACCESS_KEY, LOGIN_PROFILE, MFA_DEVICE, access_key_of
from yett.adapters.sql.master_keys import (
    ENVIRONMENT_NAME,
    FILE_NAME,
    MasterKeyFile,
    OlderKey,
    parse_master_keys,
)
from yett.adapters.sql.resealing import reseal, shut
from yett.adapters.sql.sealing import KEY_BYTES, Sealer
from yett.adapters.sql.stack_store import STACK
from yett.adapters.sql.user_pool_store import KEYS as POOL_KEYS
from yett.ports.audit_trail import AuditEntry, AuditFilter
from yett.ports.errors import Unavailable
from yett.ports.iam_store import AccessKeyStatus
from yett.server.credentials import FILE as CREDENTIALS
from yett.server.credentials import RootCredentials, write_file
from yett.server.home import Home
from yett.server.settings import ServerSettings
from yett.server.wiring import DATABASE
from yett.values.errors import Refusal

# The longest a session token can be good: GetSessionToken's, 36 hours.
# Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
LONGEST_SESSION: Final = timedelta(seconds=129_600)
# What is lost with secrets that do not open, in words; a kind that is not here is called by its own name.
WORDS: Final[Mapping[str, str]] = {
    ACCESS_KEY: "access keys",
    LOGIN_PROFILE: "passwords",
    MFA_DEVICE: "MFA devices",
    FUNCTION: "functions",
    STACK: "stacks",
    POOL_KEYS: "user pools",
}


class NothingThere(Refusal):
    """There is no store, or no master key, to do this to."""


class SecretsShut(Refusal):
    """The backup's secrets are sealed under a master key that is not known here."""


class Rotated(Struct, frozen=True, kw_only=True):
    """What a rotation has done."""

    documents: int  # sealed anew
    has_new_key: bool  # made by the rotation, in the home's file; else the environment's first one
    older_keys: int  # that still open session tokens


class Restored(Struct, frozen=True, kw_only=True):
    """What a restoration has brought."""

    header: BackupHeader
    shut: Mapping[str, int]  # documents whose secrets do not open, by what they are
    has_credentials: bool  # whether root's were written into the home


def url_of(settings: ServerSettings) -> str:
    """The URL of the settings' database."""
    return settings.database_url or f"sqlite:///{settings.home / DATABASE}"


def require_store(settings: ServerSettings) -> str:
    """The URL of the settings' database, which is there.

    Raises:
        NothingThere: It is an SQLite file that does not exist.
    """
    location = make_url(url := url_of(settings))
    if location.get_backend_name() == "sqlite" and not Path(location.database or "").is_file():
        raise NothingThere(
            f"there is no database at `{location.database}`: set YETT_HOME or YETT_DATABASE_URL to yours"
        )
    return url


def make_backup(
    settings: ServerSettings, environment: MutableMapping[str, str], file: Path, *, now: datetime, with_master_key: bool
) -> BackupHeader:
    """Write a backup of the settings' store; its server may run.

    Raises:
        NothingThere: There is no store, or no master key to put into the backup.
        NotEmpty, NoBackup, SchemaTooNew: See ``back_up``.
    """
    url = require_store(settings)
    keys: tuple[bytes, ...] = ()
    if with_master_key:
        if ENVIRONMENT_NAME in environment:
            keys = parse_master_keys(environment[ENVIRONMENT_NAME])
        elif (settings.home / FILE_NAME).exists():
            keys = MasterKeyFile(settings.home / FILE_NAME).keys()
        else:
            raise NothingThere(f"there is no master key, neither in {ENVIRONMENT_NAME} nor in `{settings.home}`")
    with database_failures():
        return back_up(url, file, now=now, master_keys=tuple(base64.b64encode(each).decode() for each in keys))


def restore_backup(
    settings: ServerSettings,
    environment: MutableMapping[str, str],
    file: Path,
    *,
    now: datetime,
    replaces: bool,
    may_be_shut: bool,
) -> Restored:
    """Put a backup into the settings' store, on whose home no server runs.

    A master key in the backup goes into the home's file, unless the environment has one.

    Raises:
        HomeInUse: A server runs on the home.
        SecretsShut: No master key that is known here opens the backup's secrets, and that *may* not *be*.
        NotEmpty, NoBackup, SchemaTooNew: See ``Backup.restore`` and ``open_backup``.
    """
    home = Home.hold(settings.home)
    try:
        with TemporaryDirectory(prefix="yett-restore-") as scratch, database_failures():
            backup = open_backup(file, Path(scratch))
            try:
                sealer = sealer_for(backup.header, environment, settings.home)
                with backup.engine.begin() as connection:
                    found = {WORDS.get(kind, kind): count for kind, count in shut(connection, sealer).items()}
                if found and not may_be_shut:
                    raise SecretsShut(words_of(found, settings.home))
                database = Database.open(url_of(settings), sealer=sealer or Sealer(secrets.token_bytes(KEY_BYTES)))
                try:
                    backup.restore(database.writers, replaces=replaces)
                    install_master_keys(backup.header, environment, settings.home, now=now)
                    has_credentials = asyncio.run(keep_root(database, settings)) if not found else False
                finally:
                    asyncio.run(database.close())
                return Restored(header=backup.header, shut=found, has_credentials=has_credentials)
            finally:
                backup.close()
    finally:
        home.release()


def sealer_for(header: BackupHeader, environment: MutableMapping[str, str], home: Path) -> Sealer | None:
    """A sealer with the master keys that are known here, the backup's own among them; None without any."""
    if ENVIRONMENT_NAME in environment:
        return Sealer(*parse_master_keys(environment[ENVIRONMENT_NAME]))
    enclosed = tuple(base64.b64decode(each) for each in header.master_keys)
    present = MasterKeyFile(home / FILE_NAME).keys() if (home / FILE_NAME).exists() else ()
    return Sealer(*enclosed, *present) if enclosed or present else None


def install_master_keys(
    header: BackupHeader, environment: MutableMapping[str, str], home: Path, *, now: datetime
) -> None:
    """Put the backup's master keys into the home's file; those that are there already go on opening."""
    if ENVIRONMENT_NAME in environment or not header.master_keys:
        return
    file = MasterKeyFile(home / FILE_NAME)
    present = file.keys() if file.path.exists() else ()
    current, *others = dict.fromkeys((*(base64.b64decode(each) for each in header.master_keys), *present))
    with file.held():
        file.write(current, tuple(OlderKey(each, now) for each in others))


def words_of(found: Mapping[str, int], home: Path) -> str:
    """What does not open, and what to do."""
    lost = ", ".join(f"{count} {what}" for what, count in found.items())
    return (
        f"the secrets of this backup cannot be opened ({lost}): they are sealed under another master key than "
        f"{ENVIRONMENT_NAME} or `{home / FILE_NAME}` holds. Give the one that they were sealed under, or restore the "
        "rest with --without-secrets"
    )


async def keep_root(database: Database, settings: ServerSettings) -> bool:
    """Write root's credentials into a home that has none, from the store; whether it was done."""
    if (settings.home / CREDENTIALS).exists():
        return False
    account = settings.account
    rows = await database.read(
        lambda tx: [
            access_key_of(tx, account, body) for _, body in tx.scan(account, "", ACCESS_KEY, prefix=f"{account}/")
        ]
    )
    active = [each for each in rows if each.status is AccessKeyStatus.ACTIVE]
    if not active:
        return False
    root = RootCredentials(access_key_id=active[0].access_key_id, secret_access_key=active[0].secret_access_key)
    write_file(settings.home, root)
    return True


async def rotate_master_key(
    settings: ServerSettings, environment: MutableMapping[str, str], *, now: datetime, forgets: bool
) -> Rotated:
    """Seal every secret of the store under a new master key; its server may run.

    With keys in the environment, the first of them is the new one, and every server of the store has them already.
    Else the new one is made, and put before the older ones of the home's file, which its server follows. Should this be
    cut off, both keys go on opening, and the next rotation takes up the rest. An older key stays, for session tokens,
    until the longest of them is over, unless all are to be *forgotten* at once.

    Raises:
        NothingThere: There is no store, or no key to rotate.
        StillSealing: See ``reseal``.
    """
    url = require_store(settings)
    if ENVIRONMENT_NAME in environment:
        keys = parse_master_keys(environment[ENVIRONMENT_NAME])
        if len(keys) == 1:
            raise NothingThere(
                f"{ENVIRONMENT_NAME} holds one key: start every server with NEW,OLD in it (first with OLD,NEW, where "
                "several share the database), then run this with the same"
            )
        return Rotated(documents=await reseal_store(url, Sealer(*keys)), has_new_key=False, older_keys=len(keys) - 1)
    file = MasterKeyFile(settings.home / FILE_NAME)
    if not file.path.exists():
        raise NothingThere(f"there is no master key, neither in {ENVIRONMENT_NAME} nor in `{settings.home}`")
    with file.held():
        former, older = file.read()
        new = secrets.token_bytes(KEY_BYTES)
        older = (OlderKey(former, now), *older)
        file.write(new, older)
        documents = await reseal_store(url, Sealer(new, *(each.key for each in older)))
        kept = () if forgets else tuple(each for each in older if now - each.since < LONGEST_SESSION)
        file.write(new, kept)
    return Rotated(documents=documents, has_new_key=True, older_keys=len(kept))


async def reseal_store(url: str, sealer: Sealer) -> int:
    """Seal anew what older keys have sealed; how many documents."""
    database = Database.open(url, sealer=sealer)
    try:
        return await reseal(database, sealer)
    finally:
        await database.close()


async def read_audit_trail(
    settings: ServerSettings, *, account: str, limit: int, wanted: AuditFilter
) -> tuple[AuditEntry, ...]:
    """The newest entries of the account's audit trail that are wanted, newest first; the server may run.

    Raises:
        NothingThere: There is no store.
    """
    database = Database.open_for_reading(require_store(settings), sealer=Sealer(secrets.token_bytes(KEY_BYTES)))
    try:
        return await SqlAuditTrail(database).recent(account, limit=limit, wanted=wanted)
    finally:
        await database.close()


@contextmanager
def database_failures() -> Iterator[None]:
    """A database that cannot be reached, in the words of the ports."""
    try:
        yield
    except OperationalError as error:
        raise Unavailable(f"the database failed: {error.orig}") from error

"""The root user's access key: from the environment, or made when the home is first used."""

import base64
import configparser
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from yett.ports.bundle import Ports
from yett.ports.iam_store import AccessKey, AccessKeyStatus
from yett.rules.iam.identifiers import ACCESS_KEY_DICE, make_access_key_id
from yett.rules.iam.limits import ACCESS_KEYS_PER_USER
from yett.values.errors import Refusal
from yett.values.identifiers import LONG_TERM_ACCESS_KEY, is_temporary
from yett.values.secret import Secret

FILE: Final = "credentials"  # in the home, in the format of ~/.aws/credentials
PROFILE: Final = "yett"
ID_NAME: Final = "YETT_ROOT_ACCESS_KEY_ID"
SECRET_NAME: Final = "YETT_ROOT_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
SECRET_BYTES: Final = 30  # 40 characters of base 64
SHORTEST_SECRET: Final = 16  # characters; ours. AWS's have 40
ACCESS_KEY_ID: Final = re.compile(r"\w{4,128}", re.ASCII)


class BadRootCredentials(Refusal):
    """The root credentials that were given cannot be used; the reason says why and what would do."""


class RootCredentials(Struct, frozen=True, kw_only=True):
    """The root user's access key."""

    access_key_id: str
    secret_access_key: Secret


async def ensure_root(ports: Ports, *, home: Path, environment: Mapping[str, str]) -> RootCredentials:
    """See to it that the account's root user has the access key of the environment or of the home.

    A key of the environment takes the place of root's other keys when it is new. Without one, the key of the home's
    file is made with the account; a root user that has deleted its key stays without.

    Raises:
        BadRootCredentials: The environment holds half of them, or an id that is somebody's already.
    """
    given = read_environment(environment)
    if given is not None:
        await install(ports, given)
        return given
    kept = read_file(home)
    keys = await ports.iam_store.access_keys(ports.settings.account, ports.settings.account)
    if kept is not None:
        if not keys and await is_fresh(ports):
            await install(ports, kept)
        return kept
    if keys:
        raise BadRootCredentials(
            f"the account has a root user, and `{home / FILE}` with its key is gone: set {ID_NAME} and {SECRET_NAME} "
            "to give it another"
        )
    made = make(ports)
    write_file(home, made)
    await install(ports, made)
    return made


def read_environment(environment: Mapping[str, str]) -> RootCredentials | None:
    """The root credentials of the environment, if it has any."""
    access_key_id, secret = environment.get(ID_NAME), environment.get(SECRET_NAME)
    if not access_key_id and not secret:
        return None
    if not access_key_id or not secret:
        raise BadRootCredentials(f"{ID_NAME} and {SECRET_NAME} go together: set both, or neither")
    if not ACCESS_KEY_ID.fullmatch(access_key_id) or is_temporary(access_key_id):
        raise BadRootCredentials(
            f"{ID_NAME} is `{access_key_id}`: use 4 to 128 letters, digits and _, not beginning with ASIA"
        )
    if len(secret) < SHORTEST_SECRET:
        raise BadRootCredentials(f"{SECRET_NAME} is too short to be a secret: use {SHORTEST_SECRET} characters or more")
    return RootCredentials(access_key_id=access_key_id, secret_access_key=Secret(secret))


async def is_fresh(ports: Ports) -> bool:
    """Whether nobody has done anything in the account yet: its database is new, though the home is not."""
    return not await ports.audit_trail.recent(ports.settings.account, limit=1)


def make(ports: Ports) -> RootCredentials:
    """A new access key for root."""
    randomness = ports.randomness
    return RootCredentials(
        access_key_id=make_access_key_id(
            LONG_TERM_ACCESS_KEY, ports.settings.account, randomness.token_bytes(ACCESS_KEY_DICE)
        ),
        secret_access_key=Secret(base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()),
    )


async def install(ports: Ports, credentials: RootCredentials) -> None:
    """Let root have this key; if it has not, in place of those it has.

    Raises:
        BadRootCredentials: The id is somebody else's.
    """
    store, account = ports.iam_store, ports.settings.account
    found = await store.find_access_key(credentials.access_key_id)
    if found is not None and (found.account, found.owner_id) != (account, account):
        raise BadRootCredentials(f"{ID_NAME} `{credentials.access_key_id}` is the access key of another user")
    if found is not None and found.secret_access_key == credentials.secret_access_key:
        if found.status is not AccessKeyStatus.ACTIVE:
            await store.set_access_key_status(found.access_key_id, AccessKeyStatus.ACTIVE)
        return
    for key in await store.access_keys(account, account):
        await store.remove_access_key(key.access_key_id)
    access_key = AccessKey(
        account=account,
        access_key_id=credentials.access_key_id,
        owner_id=account,
        user_name=None,
        status=AccessKeyStatus.ACTIVE,
        created_at=ports.clock.now().replace(microsecond=0),
        secret_access_key=credentials.secret_access_key,
    )
    await store.add_access_key(access_key, at_most=ACCESS_KEYS_PER_USER)


def read_file(home: Path) -> RootCredentials | None:
    """The root credentials that the home keeps, if it does."""
    file = configparser.ConfigParser(interpolation=None)
    file.read(home / FILE)
    if not file.has_section(PROFILE):
        return None
    section = file[PROFILE]
    return RootCredentials(
        access_key_id=section["aws_access_key_id"], secret_access_key=Secret(section["aws_secret_access_key"])
    )


def write_file(home: Path, credentials: RootCredentials) -> None:
    """Keep them in the home, for its owner alone."""
    file = configparser.ConfigParser(interpolation=None)
    file[PROFILE] = {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key.reveal(),
    }
    text = io.StringIO()
    file.write(text)
    descriptor = os.open(home / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text.getvalue())
        out.flush()
        os.fsync(out.fileno())

"""Where the master keys are: in ``YETT_MASTER_KEY``, or in a file of the home.

The environment holds one key, or several with commas between: the first one seals, the others open what they have
sealed. The file holds one a line in the same order; an older one's line says since when it has been that.
"""

import base64
import binascii
import fcntl
import os
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from yett.adapters.sql.sealing import KEY_BYTES, MasterKeyRefused, Sealer

ENVIRONMENT_NAME: Final = "YETT_MASTER_KEY"
FILE_NAME: Final = "master.key"
MODE: Final = 0o600


class OlderKey(Struct, frozen=True):
    """A master key that seals no more."""

    key: bytes
    since: datetime


class MasterKeyFile:
    """The home's file of master keys. It is replaced whole, so that a reader finds the old or the new, never a half."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it with a key of its own, unless it is there."""
        if not self.path.exists():
            with self.held():
                if not self.path.exists():
                    self.write(secrets.token_bytes(KEY_BYTES), ())

    def stamp(self) -> object:
        """Changes whenever the file does; None while it is not there."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def keys(self) -> tuple[bytes, ...]:
        """The current key, then the older ones."""
        current, older = self.read()
        return current, *(each.key for each in older)

    def read(self) -> tuple[bytes, tuple[OlderKey, ...]]:
        """The current key and the older ones.

        Raises:
            MasterKeyRefused: The file holds something else.
        """
        lines = [line.split() for line in self.path.read_text("utf-8", "replace").splitlines() if line.strip()]
        try:
            first, *rest = lines
            return parse_master_key(" ".join(first)), tuple(
                OlderKey(parse_master_key(text), datetime.fromisoformat(since)) for text, since in rest
            )
        except ValueError:
            raise MasterKeyRefused(f"`{self.path}` holds no master key, or more than it should") from None

    def write(self, current: bytes, older: tuple[OlderKey, ...]) -> None:
        """Replace the keys; on the disk when this returns."""
        lines = [base64.b64encode(current), *(line_of(each) for each in older)]
        temporary = self.path.with_name(f"{self.path.name}.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"\n".join(lines) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this process alone may change the file."""
        descriptor = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def take_sealer(environment: MutableMapping[str, str], home: Path) -> Sealer:
    """A sealer with the master keys of the environment, which loses them so that no child inherits them, or else of
    the home's file, which is made when there is none and followed when it changes.

    Raises:
        MasterKeyRefused: They are none.
    """
    text = environment.pop(ENVIRONMENT_NAME, None)
    if text is not None:
        return Sealer(*parse_master_keys(text))
    file = MasterKeyFile(home / FILE_NAME)
    file.make()
    return Sealer.following(file)


def parse_master_keys(text: str) -> tuple[bytes, ...]:
    """Read master keys with commas between.

    Raises:
        MasterKeyRefused: One of them is none.
    """
    return tuple(parse_master_key(each) for each in text.split(","))


def parse_master_key(text: str) -> bytes:
    """Read 32 bytes in base64.

    Raises:
        MasterKeyRefused: It is something else.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyRefused(f"{ENVIRONMENT_NAME} is not {KEY_BYTES} bytes in base64")
    return key


def line_of(older: OlderKey) -> bytes:
    """An older key as it is written."""
    return base64.b64encode(older.key) + f" {older.since.isoformat()}".encode()

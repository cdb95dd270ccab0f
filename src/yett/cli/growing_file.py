"""Log files read forwards, line by line, across the change to a new file."""

import os
import re
from pathlib import Path
from typing import Final

OLDER: Final = ".1"  # appended to the name of the file before the present one
# What a terminal would act on; colours are let through.
CONTROLS: Final = re.compile(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """The text with nothing in it that a terminal would act on."""
    return CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class GrowingFile:
    """A file to which whole lines are appended, and which gives way to a new one when it is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0
        self._offset = 0
        self._torn = b""

    def read_older(self) -> list[bytes]:
        """The lines of the file before this one."""
        try:
            return Path(f"{self._path}{OLDER}").read_bytes().splitlines()
        except OSError:
            return []

    def read_new(self) -> list[bytes]:
        """The lines added since the last call; at first, all of the present file."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                rest: list[bytes] = []
                if found.st_ino != self._inode:
                    rest = self._rest_of_older() if self._inode else []
                    self._inode, self._offset, self._torn = found.st_ino, 0, b""
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        self._offset += len(data)
        whole, separator, torn = (self._torn + data).rpartition(b"\n")
        self._torn = torn
        return rest + (whole + separator).splitlines()

    def _rest_of_older(self) -> list[bytes]:
        """What was still added to the file before it became the older one."""
        try:
            with Path(f"{self._path}{OLDER}").open("rb") as file:
                if os.fstat(file.fileno()).st_ino != self._inode:
                    return []
                file.seek(self._offset)
                return (self._torn + file.read()).splitlines()
        except OSError:
            return []

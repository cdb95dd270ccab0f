"""Packages of functions as they were deployed: what a failed deployment puts back."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

KEPT: Final = 200  # packages; the longest unused go first. Ours


class Versions:
    """Packages by their SHA-256, in a directory of the home."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, digest: str, package: bytes) -> None:
        """Keep a package; it appears whole or not at all."""
        target = self._directory / f"{digest}.zip"
        if target.exists():
            os.utime(target)
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._directory, prefix=".writing-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(package)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(target)
        self._forget_the_oldest()

    def find(self, digest: str) -> bytes | None:
        """A kept package, if it is still there and whole."""
        try:
            package = (self._directory / f"{digest}.zip").read_bytes()
        except OSError:
            return None
        return package if hashlib.sha256(package).hexdigest() == digest else None

    def _forget_the_oldest(self) -> None:
        def age(path: Path) -> float:
            with contextlib.suppress(OSError):
                return path.stat().st_mtime
            return 0.0

        for path in sorted(self._directory.glob("*.zip"), key=age)[:-KEPT]:
            path.unlink(missing_ok=True)

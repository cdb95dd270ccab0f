"""Code on disk: a deployment package unpacked once, in a directory named by its content."""

import asyncio
import base64
import contextlib
import os
import shutil
import tempfile
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

from yett.ports.function_runner import FunctionUnavailable
from yett.ports.function_store import FunctionStore
from yett.ports.functions import Function
from yett.rules.lambda_.package import PackageRefused, check_entries

KEPT_SECONDS: Final = 7 * 24 * 3600  # ours: code that no function has run for so long can be unpacked again


class CodeDirectories:
    """Directories of code below ``{home}/code``; they can be made again, from the store."""

    def __init__(self, home: Path, store: FunctionStore) -> None:
        self._root = home / "code"
        self._store = store
        self._unpacking: dict[str, asyncio.Task[Path]] = {}
        self._used: set[str] = set()  # since this process began: code that may be running

    async def find(self, function: Function) -> Path:
        """The directory that holds the function's code.

        Raises:
            FunctionUnavailable: The package is missing, damaged or cannot be unpacked.
            Unavailable: The store failed us.
        """
        digest = base64.b64decode(function.code_sha256).hex()
        directory = self._root / digest
        if directory.is_dir():
            if digest not in self._used:
                self._used.add(digest)
                os.utime(directory)
            return directory
        task = self._unpacking.get(digest)
        if task is None:
            task = asyncio.create_task(self._unpack(function, directory))
            self._unpacking[digest] = task
            task.add_done_callback(lambda _: self._unpacking.pop(digest, None))
        return await asyncio.shield(task)

    async def _unpack(self, function: Function, directory: Path) -> Path:
        package = await self._store.find_code(function.account, function.region, function.code_sha256)
        if package is None:
            raise FunctionUnavailable(f"the code of `{function.arn}` is missing")
        try:
            await asyncio.to_thread(unpack, package, directory)
            self._used.add(directory.name)
            await asyncio.to_thread(prune, self._root, frozenset(self._used))
        except (OSError, zipfile.BadZipFile, PackageRefused, NotImplementedError, RuntimeError) as error:
            raise FunctionUnavailable(f"the code of `{function.arn}` cannot be unpacked: {error}") from error
        return directory


def prune(root: Path, used: frozenset[str]) -> None:
    """Remove code that has not been used for a while."""
    oldest = time.time() - KEPT_SECONDS
    for directory in root.iterdir():
        with contextlib.suppress(OSError):
            if directory.name not in used and directory.stat().st_mtime < oldest:
                shutil.rmtree(directory)


def unpack(package: bytes, directory: Path) -> Path:
    """Unpack a zip file into *directory*, which appears whole or not at all. Links become plain files."""
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=directory.parent))
    try:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            check_entries([(entry.filename, entry.file_size) for entry in archive.infolist()])
            for entry in archive.infolist():
                target = Path(archive.extract(entry, unfinished))
                if not entry.is_dir() and entry.external_attr >> 16 & 0o111:
                    target.chmod(0o755)
        os.rename(unfinished, directory)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if directory.is_dir():  # another process was faster
            return directory
        raise
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return directory

"""Code on disk: a deployment package unpacked once, in a directory named by its content."""

import asyncio
import base64
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Sequence
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
        return await self._directory(function, digest_of(function.code_sha256), (function.code_sha256,))

    async def find_layers(self, function: Function) -> Path | None:
        """The directory that holds what is in the function's layers, a later one's files over an earlier's.

        Raises:
            FunctionUnavailable, Unavailable: As above.
        """
        if not function.layers:
            return None
        name = f"layers-{hashlib.sha256(' '.join(function.layers).encode()).hexdigest()}"
        return await self._directory(function, name, function.layers)

    async def _directory(self, function: Function, digest: str, codes: tuple[str, ...]) -> Path:
        directory = self._root / digest
        if directory.is_dir():
            if digest not in self._used:
                self._used.add(digest)
                os.utime(directory)
            return directory
        task = self._unpacking.get(digest)
        if task is None:
            task = asyncio.create_task(self._unpack(function, directory, codes))
            self._unpacking[digest] = task
            task.add_done_callback(lambda _: self._unpacking.pop(digest, None))
        return await asyncio.shield(task)

    async def _unpack(self, function: Function, directory: Path, codes: tuple[str, ...]) -> Path:
        packages = []
        for code_sha256 in codes:
            package = await self._store.find_code(function.account, function.region, code_sha256)
            if package is None:
                raise FunctionUnavailable(f"the code of `{function.arn}` is missing")
            packages.append(package)
        try:
            await asyncio.to_thread(unpack, packages, directory)
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


def digest_of(code_sha256: str) -> str:
    """CodeSha256 as a name of a directory."""
    return base64.b64decode(code_sha256).hex()


def unpack(packages: Sequence[bytes], directory: Path) -> Path:
    """Unpack zip files, one over the other, into *directory*, which appears whole or not at all.

    Links become plain files.
    """
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=directory.parent))
    try:
        for package in packages:
            unpack_into(package, unfinished)
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


def unpack_into(package: bytes, directory: Path) -> None:
    """Unpack a zip file over what is there."""
    with zipfile.ZipFile(BytesIO(package)) as archive:
        check_entries([(entry.filename, entry.file_size) for entry in archive.infolist()])
        for entry in archive.infolist():
            target = Path(archive.extract(entry, directory))
            if not entry.is_dir():
                target.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)

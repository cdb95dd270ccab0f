"""Code on disk: a deployment package unpacked once, in a directory named by its content."""

import asyncio
import base64
import os
import shutil
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from yett.ports.function_runner import FunctionUnavailable
from yett.ports.function_store import FunctionStore
from yett.ports.functions import Function
from yett.rules.lambda_.package import PackageRefused, check_entries


class CodeDirectories:
    """Directories of code below ``{home}/code``; they can be made again, from the store."""

    def __init__(self, home: Path, store: FunctionStore) -> None:
        self._root = home / "code"
        self._store = store
        self._unpacking: dict[str, asyncio.Task[Path]] = {}

    async def find(self, function: Function) -> Path:
        """The directory that holds the function's code.

        Raises:
            FunctionUnavailable: The package is missing, damaged or cannot be unpacked.
            Unavailable: The store failed us.
        """
        digest = base64.b64decode(function.code_sha256).hex()
        directory = self._root / digest
        if directory.is_dir():
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
            return await asyncio.to_thread(unpack, package, directory)
        except (OSError, zipfile.BadZipFile, PackageRefused, NotImplementedError, RuntimeError) as error:
            raise FunctionUnavailable(f"the code of `{function.arn}` cannot be unpacked: {error}") from error


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

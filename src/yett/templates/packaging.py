"""A function's directory, with what its requirements.txt asks for, as the zip file that Lambda takes.

The same files give the same bytes, so that a deployment without a change changes nothing.
"""

import asyncio
import hashlib
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from yett.rules.lambda_.limits import UNZIPPED_BYTES, ZIP_BYTES
from yett.templates.versions import Versions
from yett.values.errors import Refusal

REQUIREMENTS: Final = "requirements.txt"
LEFT_OUT: Final = frozenset(
    {"__pycache__", ".git", ".hg", ".svn", ".venv", ".yett", ".aws-sam", ".mypy_cache", ".pytest_cache"}
)
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the oldest moment that a zip file can tell
INSTALL_SECONDS: Final = 600.0
QUOTED_LINES: Final = 15  # of pip's own words, in an error
WITHHELD: Final = ("YETT_", "AWS_")  # prefixes of variables that code run by pip has no business with
# What makes a requirements file mean something else in another directory.
LOCAL_MARKS: Final = (b"./", b"-r", b"-c", b"-e", b"--requirement", b"--constraint", b"--editable", b"file:")

Progress = Callable[[str], None]


class PackagingFailed(Refusal):
    """The code could not be packed; the reason names the function and says what to do."""


class FunctionSource(Struct, frozen=True, kw_only=True):
    """Where a function's code is, and which Python it is for."""

    name: str  # as in messages
    directory: Path
    runtime: str  # "python3.12"; empty for what has none, a layer


class Packager:
    """Makes packages. Requirements are installed once for each content of the file, below ``{home}/requirements``."""

    def __init__(self, home: Path, *, progress: Progress) -> None:
        """*progress* is told, in a sentence, whenever something starts that takes a while."""
        self.versions = Versions(home / "packages")
        self._installed = home / "requirements"
        self._progress = progress
        self._installing: dict[str, asyncio.Lock] = {}

    async def package(self, source: FunctionSource) -> bytes:
        """The zip file of a function's code and requirements; the code's own files win.

        Raises:
            PackagingFailed: There is no such directory, pip could not install, or it is all too large.
        """
        if not source.directory.is_dir():
            raise PackagingFailed(f"the code of function `{source.name}` is missing: no directory `{source.directory}`")
        requirements = await self._install(source)
        directories = [source.directory] if requirements is None else [requirements, source.directory]
        try:
            return await asyncio.to_thread(zip_directories, directories, source.name)
        except OSError as error:
            raise PackagingFailed(f"the code of function `{source.name}` cannot be read: {error}") from error

    async def _install(self, source: FunctionSource) -> Path | None:
        """The directory with the function's requirements installed; None if it has none."""
        listed = source.directory / REQUIREMENTS
        text = listed.read_bytes() if listed.is_file() and source.runtime else b""
        if not asks_for_something(text):
            return None
        interpreter = await python_of(source.runtime)
        place = str(source.directory.resolve()).encode() if any(mark in text for mark in LOCAL_MARKS) else b""
        digest = hashlib.sha256(b"\0".join((interpreter.encode(), place, text))).hexdigest()
        target = self._installed / digest
        async with self._installing.setdefault(digest, asyncio.Lock()):
            if not target.is_dir():
                self._progress(f"installing the requirements of function {source.name}")
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                await install_into(target, source, interpreter)
        return target


async def install_into(target: Path, source: FunctionSource, interpreter: str) -> None:
    """Install a function's requirements into a directory that appears whole or not at all.

    Raises:
        PackagingFailed: pip failed.
    """
    unfinished = Path(tempfile.mkdtemp(prefix=".installing-", dir=target.parent))
    try:
        await run_pip(source, interpreter, unfinished)
        take_place(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def take_place(unfinished: Path, target: Path) -> None:
    """Rename a finished directory, unless another process was faster."""
    try:
        unfinished.rename(target)
    except OSError:
        if not target.is_dir():
            raise


async def run_pip(source: FunctionSource, interpreter: str, target: Path) -> None:
    """Let pip install the requirements of a function.

    Raises:
        PackagingFailed: It failed; its last lines are quoted.
    """
    command = installer(source, interpreter)
    by_hand = f"`{' '.join(command)} -r {source.directory / REQUIREMENTS}`"
    process = await asyncio.create_subprocess_exec(
        *command,
        "--requirement",
        REQUIREMENTS,
        "--target",
        str(target),
        cwd=source.directory,
        env={name: value for name, value in os.environ.items() if not name.startswith(WITHHELD)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(INSTALL_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise PackagingFailed(
            f"the requirements of function `{source.name}` took longer than {INSTALL_SECONDS:.0f} s to install; "
            f"try {by_hand}"
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        said = "\n".join(output.decode("utf-8", "replace").strip().splitlines()[-QUOTED_LINES:])
        raise PackagingFailed(
            f"the requirements of function `{source.name}` could not be installed: correct its {REQUIREMENTS}, or see "
            f"to it that pip reaches its index; {by_hand} shows more. pip said:\n{said}"
        )


def asks_for_something(text: bytes) -> bool:
    """Whether a requirements file has a line that is no comment."""
    return any(line.strip() and not line.strip().startswith(b"#") for line in text.splitlines())


def installer(source: FunctionSource, interpreter: str) -> tuple[str, ...]:
    """The command that installs for an interpreter: yett's own pip, else uv, which makes environments without pip.

    Raises:
        PackagingFailed: Neither is here.
    """
    if importlib.util.find_spec("pip") is not None:
        quietly = ("--quiet", "--disable-pip-version-check", "--no-input")
        return (sys.executable, "-m", "pip", "--python", interpreter, *quietly, "install", "--no-compile")
    uv = shutil.which("uv")
    if uv is None:
        raise PackagingFailed(
            f"function `{source.name}` has a {REQUIREMENTS}, and yett's environment has no pip to install it with: "
            f"install pip for `{sys.executable}`, or uv"
        )
    return (uv, "pip", "install", "--quiet", "--python", interpreter)


async def python_of(runtime: str) -> str:
    """The interpreter to install for: the one that the runtime names, if it is here, else yett's own.

    A file of that name may stand for an interpreter that is not there (a version manager's), so it is asked.
    """
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for directory in os.get_exec_path() if runtime != own else ():
        path = shutil.which(runtime, path=directory)
        if path is not None and await runs_as(path, runtime):
            return path
    return sys.executable


async def runs_as(path: str, runtime: str) -> bool:
    """Whether an interpreter starts and is of the runtime's version."""
    process = await asyncio.create_subprocess_exec(
        path,
        "-I",
        "-c",
        "import sys; sys.exit(sys.argv[1] != 'python%d.%d' % sys.version_info[:2])",
        runtime,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait() == 0


def zip_directories(directories: list[Path], name: str) -> bytes:
    """A zip file of the directories' files, later directories over earlier ones; names in order, all of one date.

    Raises:
        PackagingFailed: There is nothing in them, or more than a package may hold.
    """
    files: dict[str, Path] = {}
    for directory in directories:
        files |= dict(files_below(directory))
    if not files:
        raise PackagingFailed(f"the code directory of function `{name}` is empty: `{directories[-1]}`")
    size = sum(path.stat().st_size for path in files.values())
    if size > UNZIPPED_BYTES:
        raise PackagingFailed(f"function `{name}` has {size} bytes of code, and Lambda takes {UNZIPPED_BYTES} at most")
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for entry_name in sorted(files):
            entry = zipfile.ZipInfo(entry_name, EPOCH)
            entry.create_system = 3  # Unix, whatever this machine is: it gives the mode its meaning
            is_executable = files[entry_name].stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if is_executable else 0o644)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[entry_name].read_bytes())
    package = buffer.getvalue()
    if len(package) > ZIP_BYTES:
        raise PackagingFailed(f"function `{name}` packs to {len(package)} bytes, and Lambda takes {ZIP_BYTES} at most")
    return package


def files_below(directory: Path) -> Iterator[tuple[str, Path]]:
    """The files of a directory by their name in the zip file; caches and version control are left out.

    A link to a file is followed inside the directory, and left out where it leads elsewhere.
    """
    root = directory.resolve()
    for parent, names, file_names in os.walk(root):
        names[:] = sorted(each for each in names if each not in LEFT_OUT)
        for file_name in file_names:
            path = Path(parent, file_name)
            is_inside = not path.is_symlink() or path.resolve().is_relative_to(root)
            if path.is_file() and is_inside and path.suffix != ".pyc":
                yield str(PurePosixPath(path.relative_to(root))), path

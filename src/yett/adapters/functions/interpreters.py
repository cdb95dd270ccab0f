"""Which Python runs a function: the one its runtime names, if it is installed, else yett's own.

Another interpreter need have nothing but itself: AWS's runtime client and boto3 are pure Python but for one part, which
`plain_client` replaces, so they are lent to it.
"""

import asyncio
import importlib.util
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

CHECK: Final = (
    "import importlib.util, sys; "
    "assert sys.argv[1] == 'python%d.%d' % sys.version_info[:2] and sys.version_info >= (3, 10); "
    "print(all(map(importlib.util.find_spec, ('awslambdaric', 'runtime_client'))))"
)
CHECK_SECONDS: Final = 20.0
OWN: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
DIRECTORY: Final = "runtime"
# In yett's own environment, and good under any Python from 3.10 on.
LENT: Final = (
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot_restore_py",
    "urllib3",
)

logger = logging.getLogger(__name__)


class Interpreter(Struct, frozen=True, kw_only=True):
    """A Python to run functions with."""

    path: str
    runtime: str  # which it really is, "python3.11"
    lent: Path | None = None  # a directory of packages that it lacks
    notice: str | None = None  # for the function's log, where it is not the one that was asked for


class Interpreters:
    """Interpreters by runtime, each looked for once."""

    def __init__(self, home: Path) -> None:
        self._lent = home / DIRECTORY
        self._found: dict[str, Interpreter] = {}

    async def find(self, runtime: str) -> Interpreter:
        """The interpreter for functions of this runtime."""
        found = self._found.get(runtime)
        if found is None:
            found = self._found[runtime] = await self._look_for(runtime)
        return found

    async def _look_for(self, runtime: str) -> Interpreter:
        if runtime == OWN:
            return Interpreter(path=sys.executable, runtime=OWN)
        for directory in os.get_exec_path():
            path = shutil.which(runtime, path=directory)
            is_equipped = None if path is None else await examine(path, runtime)
            if path is not None and is_equipped is not None:
                lent = None if is_equipped else await asyncio.to_thread(lend, self._lent)
                return Interpreter(path=path, runtime=runtime, lent=lent)
        logger.warning("%s is not installed: its functions run under %s", runtime, OWN)
        notice = f"[WARN] yett: {runtime} is not installed here; this function runs under {OWN}, yett's own interpreter"
        return Interpreter(path=sys.executable, runtime=OWN, notice=notice)


async def examine(path: str, runtime: str) -> bool | None:
    """Whether an interpreter has AWS's runtime client itself; None if it is not what its name says, or does not run."""
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            "-I",
            "-c",
            CHECK,
            runtime,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.strip() == b"True" if process.returncode == 0 else None


def lend(directory: Path) -> Path:
    """Links to the packages of yett's own that another interpreter can use."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in LENT:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        target = origin.parent if origin.name == "__init__.py" else origin
        link = directory / (name if target != origin else origin.name)
        if link.is_symlink() and link.readlink() == target:
            continue
        unfinished = directory / f".{link.name}-{os.getpid()}"
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(target)
        unfinished.replace(link)
    return directory

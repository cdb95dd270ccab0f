"""Which Python runs a function: the one its runtime names, if installed with AWS's runtime client, else yett's own."""

import asyncio
import logging
import shutil
import sys
from typing import Final

from msgspec import Struct

CHECK: Final = (
    "import sys; assert sys.argv[1] == 'python%d.%d' % sys.version_info[:2]; import awslambdaric, runtime_client"
)
CHECK_SECONDS: Final = 20.0
OWN: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"

logger = logging.getLogger(__name__)


class Interpreter(Struct, frozen=True, kw_only=True):
    """A Python to run functions with."""

    path: str
    runtime: str  # which it really is, "python3.11"
    notice: str | None = None  # for the function's log, where it is not the one that was asked for


class Interpreters:
    """Interpreters by runtime, each looked for once."""

    def __init__(self) -> None:
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
        path = shutil.which(runtime)
        if path is not None and await can_run(path, runtime):
            return Interpreter(path=path, runtime=runtime)
        missing = "is not installed" if path is None else "does not run, or has no awslambdaric installed"
        logger.warning("%s %s: its functions run under %s", runtime, missing, OWN)
        notice = f"[WARN] yett: {runtime} {missing} here; this function runs under {OWN}, yett's own interpreter"
        return Interpreter(path=sys.executable, runtime=OWN, notice=notice)


async def can_run(path: str, runtime: str) -> bool:
    """Whether the interpreter is what its name says and can load AWS's runtime client."""
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            "-I",
            "-c",
            CHECK,
            runtime,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await process.wait() == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False

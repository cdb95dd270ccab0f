"""Which interpreter runs a function: the Python or Node.js that its runtime names, if it is installed; else yett's own
Python, or whichever Node.js there is.

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

from yett.ports.function_runner import FunctionUnavailable
from yett.rules.lambda_.runtimes import is_node, node_major

CHECK: Final = (
    "import importlib.util, sys; "
    "assert sys.argv[1] == 'python%d.%d' % sys.version_info[:2] and sys.version_info >= (3, 10); "
    "print(sys.executable, all(map(importlib.util.find_spec, ('awslambdaric', 'runtime_client'))), sep='\\n')"
)
CHECK_SECONDS: Final = 20.0
OWN: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
DIRECTORY: Final = "runtime"
AWSLAMBDARIC: Final = "awslambdaric"
NODE: Final = "node"
NODE_RUNTIME: Final = Path(__file__).with_name("node_runtime.mjs")
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
    """What to run functions with."""

    path: str  # of a Python, which runs the launcher
    runtime: str  # which it really is, "python3.11", "nodejs22.x"
    client: str = "plain"  # the Runtime API's: "awslambdaric" or our own
    program: tuple[str, ...] = ()  # for Node.js: what the launcher becomes
    lent: Path | None = None  # a directory of packages that it lacks
    notice: str | None = None  # for the function's log, where it is not the one that was asked for


class Examined(Struct, frozen=True):
    """What an interpreter says of itself."""

    path: str  # its own: what was found may be a wrapper that needs an environment which functions have not
    is_equipped: bool  # with AWS's runtime client


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
        if is_node(runtime):
            return await find_node(runtime)
        client = AWSLAMBDARIC if importlib.util.find_spec(AWSLAMBDARIC) is not None else "plain"
        if runtime == OWN:
            return Interpreter(path=sys.executable, runtime=OWN, client=client)
        for directory in os.get_exec_path():
            path = shutil.which(runtime, path=directory)
            found = None if path is None else await examine(path, runtime)
            if found is not None:
                lent = None if found.is_equipped else await asyncio.to_thread(lend, self._lent)
                return Interpreter(path=found.path, runtime=runtime, client=client, lent=lent)
        logger.warning("%s is not installed: its functions run under %s", runtime, OWN)
        notice = f"[WARN] yett: {runtime} is not installed here; this function runs under {OWN}, yett's own interpreter"
        return Interpreter(path=sys.executable, runtime=OWN, client=client, notice=notice)


async def find_node(runtime: str) -> Interpreter:
    """The machine's Node.js.

    Raises:
        FunctionUnavailable: There is none, or it does not run.
    """
    path = shutil.which(NODE)
    version = None if path is None else await output_of(path, "--version")
    if path is None or version is None:
        raise FunctionUnavailable(f"`{NODE}` is not on this machine's PATH, or does not run")
    major = version.decode("ascii", "replace").strip().removeprefix("v").partition(".")[0]
    notice = None
    if major != node_major(runtime):
        notice = f"[WARN] yett: {runtime} is asked for; this function runs under this machine's Node.js {major}"
        logger.warning("functions of %s run under Node.js %s", runtime, major)
    program = (path, str(NODE_RUNTIME))
    return Interpreter(path=sys.executable, runtime=f"nodejs{major}.x", program=program, notice=notice)


async def examine(path: str, runtime: str) -> Examined | None:
    """What an interpreter says of itself; None if it is not what its name says, or does not run."""
    output = await output_of(path, "-I", "-c", CHECK, runtime)
    if output is None:
        return None
    own, _, is_equipped = os.fsdecode(output.rstrip(b"\n")).rpartition("\n")
    return Examined(own, is_equipped == "True") if own else None


async def output_of(*command: str) -> bytes | None:
    """What a command prints; None if it fails or does not end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
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
    return output if process.returncode == 0 else None


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

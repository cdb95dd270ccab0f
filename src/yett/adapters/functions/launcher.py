"""What a function's process runs first: ties its life to yett's, then hands over to AWS's runtime client.

Run as a script by the function's interpreter, so it knows the standard library and `awslambdaric` alone. Arguments: the
handler, the process id of yett, the directory of the code, the ceiling of the data segment in bytes, and a directory of
packages lent to an interpreter that has none of them (or an empty text).
"""

import contextlib
import ctypes
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
PR_CAPBSET_DROP = 24  # https://man7.org/linux/man-pages/man2/PR_CAPBSET_DROP.2const.html
PR_SET_NO_NEW_PRIVS = 38  # https://man7.org/linux/man-pages/man2/PR_SET_NO_NEW_PRIVS.2const.html
# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID: a home may belong to another than root.
KEPT_CAPABILITIES = frozenset({0, 1, 2, 3, 4})  # https://man7.org/linux/man-pages/man7/capabilities.7.html
CAPABILITIES = 64
LINUX_CAPABILITY_VERSION_3 = 0x20080522  # https://man7.org/linux/man-pages/man2/capset.2.html

MANY_FILES = 65536


def main(arguments: list[str]) -> None:
    """Become the function."""
    # What yett was itself given by whoever started it; not every event loop closes that in its children.
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    os.closerange(3, MANY_FILES if highest == resource.RLIM_INFINITY else highest)
    handler, parent, task_root, data_bytes, lent = arguments
    die_with_parent(int(parent))
    bound_memory(int(data_bytes))
    keep_to_itself()
    own = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", own)] + ([lent] if lent else [])
    run = load_runtime()
    # The function's own packages win over yett's, as a deployment package wins over Lambda's boto3.
    sys.path.insert(0, task_root)
    os.chdir(task_root)
    sys.argv = [sys.argv[0], handler]
    run(handler)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when yett's thread that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def bound_memory(data_bytes: int) -> None:
    """Let no burst of allocation between two looks of the watchdog take the machine along."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    ceiling = data_bytes if hard == resource.RLIM_INFINITY else min(data_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # not Linux, or not permitted: the watchdog remains
        Path("/proc/self/oom_score_adj").write_text("900")


def keep_to_itself() -> None:
    """Let this process look into no other of its user, nor be looked into: environments and memory hold secrets.

    A process that is not dumpable shows `/proc/PID/{environ,mem,fd}` to none but root's tracers. Under root this one is
    a root that may read and write files and no more, for good and for every child. Where the kernel refuses, nothing is
    lost that was there before.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(CAPABILITIES):
        if number not in KEPT_CAPABILITIES:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable of 0 to 31; then of 32 to 63
    if libc.capget(header, sets) == 0:
        kept = sum(1 << number for number in KEPT_CAPABILITIES)
        for at in range(6):
            sets[at] &= kept if at < 2 else 0
        libc.capset(header, sets)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def load_runtime() -> Callable[[str], None]:
    """`awslambdaric`, before the function's own modules can stand in its way."""
    if importlib.util.find_spec("runtime_client") is None:
        load_plain_client()
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    class Client(LambdaRuntimeClient):  # type: ignore[misc]
        """The runtime client, whose pure-Python calls keep to the path that carries the process's token."""

        def call_rapid(
            self,
            http_method: str,
            endpoint: str,
            expected_http_code: int,
            payload: object = None,
            headers: Mapping[str, str] | None = None,
        ) -> None:
            super().call_rapid(http_method, f"/{token}{endpoint}", expected_http_code, payload, headers)

    address, _, token = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
    # The client keeps what it imported; a function that brings its own simplejson gets that.
    for name in [name for name in sys.modules if name.partition(".")[0] == "simplejson"]:
        del sys.modules[name]

    def run(handler: str) -> None:
        bootstrap.run(handler, Client(address))

    return run


def load_plain_client() -> None:
    """Put our own client in the place of the compiled one, which this interpreter has not."""
    spec = importlib.util.spec_from_file_location("runtime_client", Path(__file__).with_name("plain_client.py"))
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = sys.modules["runtime_client"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    main(sys.argv[1:])

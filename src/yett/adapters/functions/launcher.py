"""What a function's process runs first: a guard that ends with yett and takes everything along, and beneath it the
function, which hands over to a runtime client.

Run as a script by an interpreter that may be another than yett's, so it knows the standard library alone. Its standard
input is a pipe whose other end yett holds, which closes when yett ends or wants the function ended. Its argument, JSON:

    handler      as in the function's configuration
    task_root    the directory of the code
    data_bytes   the ceiling of the data segment
    lent         a directory of packages for an interpreter that has none of them, or ""
    layers       the directory of the function's layers, which is put at /opt where that can be done, or ""
    client       "awslambdaric", or "plain" for our own
    program      for functions of another language: what to become, a path and its arguments; else empty
"""

import contextlib
import ctypes
import importlib.util
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
PR_CAPBSET_DROP = 24  # https://man7.org/linux/man-pages/man2/PR_CAPBSET_DROP.2const.html
PR_SET_CHILD_SUBREAPER = 36  # https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_NO_NEW_PRIVS = 38  # https://man7.org/linux/man-pages/man2/PR_SET_NO_NEW_PRIVS.2const.html
# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID: a home may belong to another than root.
KEPT_CAPABILITIES = frozenset({0, 1, 2, 3, 4})  # https://man7.org/linux/man-pages/man7/capabilities.7.html
CAPABILITIES = 64
LINUX_CAPABILITY_VERSION_3 = 0x20080522  # https://man7.org/linux/man-pages/man2/capset.2.html
# https://docs.kernel.org/userspace-api/landlock.html
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446  # on every architecture
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1
LANDLOCK_ACCESS_FS_REFER = 1 << 13  # from version 2 on
LANDLOCK_SCOPE_SIGNAL = 1 << 1  # from version 6 on

MANY_FILES = 65536
# "File descriptors", https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
FILES_OF_A_FUNCTION = 1024
LIFE = 0  # the descriptor of the pipe


def main(launch: Mapping[str, Any]) -> None:
    """Become the guard of a function."""
    # What yett was itself given by whoever started it; not every event loop closes that in its children.
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    many = MANY_FILES if highest == resource.RLIM_INFINITY else highest
    os.closerange(3, many)
    adopt_orphans()
    if launch["layers"]:
        needed = [sys.executable, sys.prefix, sys.base_prefix, launch["task_root"], launch["lent"], *sys.path]
        load_own("layers_at_opt").put_layers_at_opt(launch["layers"], [*needed, *launch["program"][:1]])
    bound_memory(launch["data_bytes"])
    keep_to_itself()
    ended, ending = os.pipe()
    os.set_blocking(ending, False)
    signal.set_wakeup_fd(ending)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    guard = os.getpid()
    function = os.fork()
    if function:
        watch(function, ended)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.closerange(3, many)
    become_the_function(launch, guard)


# The guard


def watch(function: int, ended: int) -> None:
    """Wait until the function ends, or yett; end whatever is left; and end as the function did."""
    while True:
        ready, _, _ = select.select([LIFE, ended], [], [])
        if LIFE in ready:
            end_all(function)
            end_like(-signal.SIGKILL)
        os.read(ended, 4096)
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                os._exit(1)
            if process == function:
                end_all(function)
                end_like(os.waitstatus_to_exitcode(status))
            if process == 0:
                break


def end_all(function: int) -> None:
    """End every descendant: the ended one's children become ours, until there is none."""
    while True:
        with contextlib.suppress(OSError):
            os.killpg(function, signal.SIGKILL)
        for child in children():
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children() -> list[int]:
    """Our children; none where the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        own = os.getpid()
        return [int(child) for child in Path(f"/proc/{own}/task/{own}/children").read_text().split()]
    return []


def end_like(code: int) -> None:
    """Exit with the status, or die by the signal, that another process ended with."""
    if code < 0:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def adopt_orphans() -> None:
    """Let every process that outlives its parent below us become our child, whatever session it is in."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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


# The function


def become_the_function(launch: Mapping[str, Any], guard: int) -> None:
    """Run the function's handler, or the program that does."""
    os.setsid()
    die_with_parent(guard)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, LIFE)
    os.close(nothing)
    restrict_to_own_processes()
    bound_open_files()
    os.chdir(launch["task_root"])
    if launch["program"]:
        os.execv(launch["program"][0], launch["program"])  # noqa: S606 - no shell is wanted
    handler, own = launch["handler"], str(Path(__file__).resolve().parent)
    lent = [launch["lent"]] if launch["lent"] else []
    sys.path[:] = [entry for entry in sys.path if entry not in ("", own)] + lent
    run = load_runtime() if launch["client"] == "awslambdaric" else load_own("plain_runtime").run
    # The function's own packages win over its layers', and those over yett's, as over Lambda's boto3.
    sys.path[:0] = [launch["task_root"], *layer_paths(launch["layers"])]
    sys.argv = [sys.argv[0], handler]
    run(handler)


def bound_open_files() -> None:
    """Let the function have as many files and sockets open as Lambda does, whatever yett itself may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = FILES_OF_A_FUNCTION if hard == resource.RLIM_INFINITY else min(FILES_OF_A_FUNCTION, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the guard ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def restrict_to_own_processes() -> None:
    """Let the function, and what it starts or becomes, trace no process but its own, nor signal one.

    Unlike not being dumpable this outlasts the start of another program. It takes Linux 5.19 for the one and 6.12 for
    the other, with Landlock switched on; elsewhere nothing is lost that was there before.

    Source: https://docs.kernel.org/userspace-api/landlock.html
    """
    if sys.platform != "linux":
        return
    call = ctypes.CDLL(None, use_errno=True).syscall
    version = call(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    if version < 2:
        return
    # A ruleset must handle something, and none lets files move between directories unless it says so: this does.
    attributes = [LANDLOCK_ACCESS_FS_REFER, 0, LANDLOCK_SCOPE_SIGNAL][: 3 if version >= 6 else 1]
    ruleset_attr = (ctypes.c_uint64 * len(attributes))(*attributes)
    ruleset = call(LANDLOCK_CREATE_RULESET, ctypes.byref(ruleset_attr), ctypes.sizeof(ruleset_attr), 0)
    if ruleset < 0:
        return
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    beneath = ctypes.create_string_buffer(
        LANDLOCK_ACCESS_FS_REFER.to_bytes(8, sys.byteorder) + root.to_bytes(4, sys.byteorder), 12
    )
    if call(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, beneath, 0) == 0:
        call(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(root)
    os.close(ruleset)


def layer_paths(layers: str) -> list[str]:
    """Where Python's packages lie in layers.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [f"{layers}/python/lib/{version}/site-packages", f"{layers}/python"] if layers else []


def load_runtime() -> Callable[[str], None]:
    """`awslambdaric`, before the function's own modules can stand in its way."""
    if importlib.util.find_spec("runtime_client") is None:
        sys.modules["runtime_client"] = load_own("plain_client")
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


def load_own(name: str) -> Any:
    """A module beside this one, whose directory is on no path."""
    spec = importlib.util.spec_from_file_location(f"_yett_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

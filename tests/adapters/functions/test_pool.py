"""Real processes under AWS's runtime client."""

import asyncio
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import uvloop
from tests.adapters.functions.support import ARN, bench

from yett.adapters.functions import layers_at_opt
from yett.adapters.functions.pool import PoolLimits
from yett.ports.function_runner import FunctionNotFound, FunctionThrottled, FunctionUnavailable

ECHO = "def handler(event, context): return {'event': event, 'id': context.aws_request_id}"
PID = "import os\ndef handler(event, context): return os.getpid()"

MANY = """
import ctypes, os, signal, sys, time

def handler(event, context):
    match event:
        case "exit": sys.exit(3)
        case "exit-quietly": os._exit(0)
        case "segfault": os.kill(os.getpid(), signal.SIGSEGV)
        case "raise": raise ValueError("Unauthorized: é")
        case "huge": return "x" * 7_000_000
        case "large": return "x" * 3_000_000
        case "unserializable": return object()
        case "unicode": print("héllo ✓"); return "日本語 \\U0001f600"
        case "print": print("x" * 1_000_000); return "done"
        case "binary": os.write(1, b"\\xff\\xfe\\n"); return "done"
    return os.getpid()
"""


def ended(process_id: int) -> bool:
    """Whether a process has ended, or does within ten seconds."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(10_000))
    finally:
        os.close(descriptor)


async def test_a_handler_gets_its_event_and_context_and_stays_warm(tmp_path: Path) -> None:
    async with bench(tmp_path, ECHO) as subject:
        assert await subject.value({"a": "ä"}) == {"event": {"a": "ä"}, "id": "request-1"}
        assert await subject.value(None, arn=f"{ARN}:$LATEST") == {"event": None, "id": "request-2"}
        logged = (tmp_path / "logs").glob("*.jsonl")
        assert sum(path.read_text().count("Init Duration") for path in logged) == 1


async def test_what_goes_wrong_in_a_handler_ends_in_an_answer_and_the_next_call_works(tmp_path: Path) -> None:
    async with bench(tmp_path, MANY) as subject:
        for event, error_type, text in [
            ("raise", "ValueError", "Unauthorized: é"),
            ("exit", "Runtime.ExitError", "RequestId: request-2 Error: Runtime exited with error: exit status 3"),
            (
                "exit-quietly",
                "Runtime.ExitError",
                "RequestId: request-3 Error: Runtime exited without providing a reason",
            ),
            (
                "segfault",
                "Runtime.ExitError",
                "RequestId: request-4 Error: Runtime exited with error: signal: segmentation fault",
            ),
            ("unserializable", "Runtime.MarshalError", None),
            ("huge", "Function.ResponseSizeTooLarge", None),
        ]:
            answer = await subject.ask(event)
            assert answer.function_error == "Unhandled"
            body = json.loads(answer.payload)
            assert body["errorType"] == error_type
            assert text is None or body["errorMessage"] == text
        assert len(await subject.value("large")) == 3_000_000
        assert await subject.value("unicode") == "日本語 😀"


async def test_the_log_tail_is_the_end_of_this_invocation_alone(tmp_path: Path) -> None:
    async with bench(tmp_path, MANY) as subject:
        unicode = (await subject.ask("unicode")).log_tail.decode()
        assert unicode.startswith(
            "START RequestId: request-1 Version: $LATEST\nhéllo ✓\nEND RequestId: request-1\nREPORT "
        )
        printed = (await subject.ask("print")).log_tail
        assert len(printed) == 4096
        assert printed.rstrip().splitlines()[-1].startswith(b"REPORT RequestId: request-2\tDuration: ")
        assert b"\xff\xfe" in (await subject.ask("binary")).log_tail
        raised = (await subject.ask("raise")).log_tail.decode()
        assert "[ERROR] ValueError: Unauthorized: é" in raised
        assert "request-1" not in raised


async def test_an_endless_loop_is_ended_when_its_time_is_up(tmp_path: Path) -> None:
    code = """
        import os, subprocess
        def handler(event, context):
            if event == "pid":
                return [os.getpid(), subprocess.Popen(["sleep", "600"]).pid]
            while True:
                pass
        """
    async with bench(tmp_path, textwrap.dedent(code), timeout_seconds=1) as subject:
        own, child = await subject.value("pid")
        answer = await subject.ask("loop")
        assert answer.function_error == "Unhandled"
        assert json.loads(answer.payload)["errorMessage"].endswith("Z request-2 Task timed out after 1.00 seconds")
        assert b"request-2 Task timed out after 1.00 seconds" in answer.log_tail
        assert ended(own)
        assert ended(child)
        assert (await subject.value("pid"))[0] != own


async def test_one_that_never_stops_printing_is_ended_too_and_its_log_stays_small(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    while True: print('x' * 9999)"
    async with bench(tmp_path, code, timeout_seconds=1) as subject:
        other = subject.shelf.put(PID, name="other")
        flood = asyncio.create_task(subject.ask())
        assert await subject.value(arn=other.arn)
        answer = await flood
        assert b"Task timed out after 1.00 seconds" in answer.payload
        assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) < 10_000_000


async def test_a_function_that_outgrows_its_memory_is_killed(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            data = b"x" * (400 << 20)
            while True:
                pass
        """
    async with bench(tmp_path, textwrap.dedent(code)) as subject:
        answer = await subject.ask()
        assert json.loads(answer.payload) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": "RequestId: request-1 Error: Runtime exited with error: signal: killed",
        }
        assert b"Runtime.OutOfMemory" in answer.log_tail


@pytest.mark.parametrize(
    ("code", "error_type", "text"),
    [
        ("raise RuntimeError('not today')", "RuntimeError", "not today"),
        ("import nothing_of_this_name", "Runtime.ImportModuleError", "Unable to import module 'app'"),
        ("def other(): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("import os; os._exit(7)", "Runtime.ExitError", "Error: Runtime exited with error: exit status 7"),
    ],
)
async def test_code_that_does_not_load_is_told_to_whoever_invoked_it(
    tmp_path: Path, code: str, error_type: str, text: str
) -> None:
    async with bench(tmp_path, code) as subject:
        answer = await subject.ask()
        assert answer.function_error == "Unhandled"
        body = json.loads(answer.payload)
        assert body["errorType"] == error_type
        assert text in body["errorMessage"]


async def test_processes_grow_with_demand_up_to_the_bound_and_every_call_is_answered(tmp_path: Path) -> None:
    async with bench(tmp_path, PID, limits=PoolLimits(processes_per_function=3)) as subject:
        pids = await asyncio.gather(*(subject.value() for _ in range(60)))
        assert 1 <= len(set(pids)) <= 3


async def test_invocations_do_not_get_each_others_answers(tmp_path: Path) -> None:
    async with bench(tmp_path, ECHO, limits=PoolLimits(processes_per_function=2)) as subject:
        answers = await asyncio.gather(*(subject.value(number) for number in range(40)))
        assert [answer["event"] for answer in answers] == list(range(40))


async def test_nothing_of_yetts_environment_and_no_open_file_reaches_a_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YETT_MASTER_KEY", "the-master-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-developers-own")
    code = """
        import os
        def handler(event, context):
            names = os.listdir("/proc/self/fd")
            files = [os.readlink(f"/proc/self/fd/{name}") for name in names if os.path.exists(f"/proc/self/fd/{name}")]
            return {"env": dict(os.environ), "raw": open("/proc/self/environ").read(), "files": files}
        """
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        environment = {"OWN": "yes", "AWS_REGION": "mars", "PATH": "/own"}
        async with bench(tmp_path, textwrap.dedent(code), environment=environment) as subject:
            seen = await subject.value()
    assert "the-master-key" not in seen["raw"]
    assert "the-developers-own" not in seen["raw"]
    assert not [name for name in seen["env"] if name.startswith("YETT")]
    assert seen["env"]["AWS_SECRET_ACCESS_KEY"] == "role-secret"
    assert seen["env"]["AWS_SESSION_TOKEN"] == "role-token"
    assert seen["env"]["AWS_ENDPOINT_URL"] == "http://localhost:4566"
    assert seen["env"]["AWS_REGION"] == "us-east-1"
    assert seen["env"]["OWN"] == "yes"
    assert seen["env"]["PATH"] == "/own"
    assert seen["env"]["LAMBDA_TASK_ROOT"].startswith(str(tmp_path))
    assert not [file for file in seen["files"] if file.startswith(str(tmp_path))]


async def test_what_a_function_brings_along_wins_over_what_yett_has(tmp_path: Path) -> None:
    code = """
        import sys, boto3, simplejson
        def handler(event, context):
            return [boto3.__file__, simplejson.VENDORED]
        """
    async with bench(tmp_path, "") as subject:
        from tests.adapters.functions import support

        package = support.zipped(app=textwrap.dedent(code), simplejson="VENDORED = 'mine'")
        function = subject.shelf.functions[ARN]
        subject.shelf.packages[function.code_sha256] = package
        where, vendored = await subject.value()
        assert "site-packages" in where
        assert vendored == "mine"


async def test_a_change_of_code_or_configuration_is_seen_by_the_next_call(tmp_path: Path) -> None:
    async with bench(tmp_path, "import os\ndef handler(e, c): return [1, os.getpid()]") as subject:
        first, pid = await subject.value()
        function = subject.shelf.functions[ARN]
        subject.shelf.change(function, revision_id="policy-only")
        assert await subject.value() == [first, pid]
        subject.shelf.put("import os\ndef handler(e, c): return [2, os.getpid()]")
        assert (await subject.value())[0] == 2
        assert ended(pid)


async def test_reserved_concurrency_throttles_what_is_over_it(tmp_path: Path) -> None:
    async with bench(tmp_path, PID, reserved_concurrency=1) as subject:
        answers = await asyncio.gather(*(subject.ask() for _ in range(3)), return_exceptions=True)
        assert [type(answer) is FunctionThrottled for answer in answers] == [False, True, True]
        subject.shelf.change(subject.shelf.functions[ARN], reserved_concurrency=0)
        with pytest.raises(FunctionThrottled):
            await subject.ask()


async def test_an_idle_process_makes_room_for_another_function(tmp_path: Path) -> None:
    async with bench(tmp_path, PID, limits=PoolLimits(processes=1)) as subject:
        pid = await subject.value()
        other = subject.shelf.put(PID, name="other")
        assert await subject.value(arn=other.arn) != pid
        assert ended(pid)


async def test_processes_idle_for_long_are_ended(tmp_path: Path) -> None:
    async with bench(tmp_path, PID, limits=PoolLimits(idle_seconds=0.01)) as subject:
        pid = await subject.value()
        assert await asyncio.to_thread(ended, pid)


async def test_a_caller_that_goes_away_does_not_stop_the_handler(tmp_path: Path) -> None:
    code = """
        import os
        def handler(event, context):
            if event:
                with open(event["fifo"], "w") as fifo:
                    fifo.write("done")
            return 1
        """
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with bench(tmp_path, textwrap.dedent(code)) as subject:
        await subject.value()
        asking = asyncio.create_task(subject.ask({"fifo": str(fifo)}))
        reading = asyncio.create_task(asyncio.to_thread(fifo.read_text))
        await asyncio.sleep(0)
        asking.cancel()
        assert await reading == "done"


async def test_a_submitted_event_runs_without_anybody_waiting(tmp_path: Path) -> None:
    code = "def handler(event, context):\n    with open(event, 'w') as fifo: fifo.write(context.aws_request_id)"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with bench(tmp_path, code) as subject:
        await subject.pool.submit(ARN, json.dumps(str(fifo)).encode(), request_id="event-1")
        assert await asyncio.to_thread(fifo.read_text) == "event-1"


async def test_a_failing_event_is_tried_three_times_under_one_request_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yett.adapters.functions.pool.EVENT_RETRY_SECONDS", (0.0, 0.0))
    code = """
        import os
        seen = []
        def handler(event, context):
            seen.append(context.aws_request_id)
            if len(seen) == 3:
                with open(event, "w") as fifo:
                    fifo.write(" ".join(seen))
            raise ValueError
        """
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with bench(tmp_path, textwrap.dedent(code)) as subject:
        await subject.pool.submit(ARN, json.dumps(str(fifo)).encode(), request_id="event-1")
        assert await asyncio.to_thread(fifo.read_text) == "event-1 event-1 event-1"


async def test_what_cannot_run_is_refused_by_its_reason(tmp_path: Path) -> None:
    async with bench(tmp_path, PID) as subject:
        with pytest.raises(FunctionNotFound):
            await subject.ask(arn=ARN + "-unknown")
        with pytest.raises(FunctionNotFound):
            await subject.ask(arn=f"{ARN}:7")
        subject.shelf.packages.clear()
        with pytest.raises(FunctionUnavailable, match="missing"):
            await subject.ask()


async def test_a_runtime_that_is_not_here_runs_under_yetts_own_with_a_warning(tmp_path: Path) -> None:
    async with bench(tmp_path, PID, runtime="python3.9") as subject:
        await subject.value()
        (log,) = (tmp_path / "logs").glob("*.jsonl")
        assert "[WARN] yett: python3.9 " in log.read_text()


async def test_stopping_ends_every_process(tmp_path: Path) -> None:
    async with bench(tmp_path, PID) as subject:
        pid = await subject.value()
        await subject.pool.stop()
        assert ended(pid)
        with pytest.raises(FunctionUnavailable):
            await subject.ask()


def test_it_works_the_same_on_uvloop(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path, MANY, timeout_seconds=1) as subject:
            assert await subject.value("unicode") == "日本語 😀"
            assert (await subject.ask("exit")).function_error == "Unhandled"
            assert len(await subject.value("large")) == 3_000_000

    uvloop.run(scenario())


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.adapters.functions.support import bench

async def main():
    async with bench(Path(sys.argv[1]), sys.argv[2]) as subject:
        print(await subject.value(), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


DAEMON = """
import os, subprocess, sys

def handler(event, context):
    ours, theirs = os.pipe()
    if os.fork() == 0:  # as daemons do: a session of their own, and no parent that waits
        os.setsid()
        if os.fork() == 0:
            os.write(theirs, str(os.getpid()).encode())
            os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        os._exit(0)
    return [os.getpid(), int(os.read(ours, 20)), subprocess.Popen(["sleep", "600"]).pid]
"""


async def test_what_a_function_started_ends_with_it_daemons_too(tmp_path: Path) -> None:
    async with bench(tmp_path, DAEMON) as subject:
        started = await subject.value()
        await subject.pool.stop()
        assert [ended(each) for each in started] == [True] * 3


async def test_a_function_that_exits_leaves_no_daemon_behind(tmp_path: Path) -> None:
    code = DAEMON.replace("return [", "print([").replace(".pid]", ".pid], flush=True)\n    sys.exit(3)")
    async with bench(tmp_path, code) as subject:
        answer = await subject.ask()
        assert b"exit status 3" in answer.payload
        started = json.loads(next(line for line in answer.log_tail.splitlines() if line.startswith(b"[")))
        assert [ended(each) for each in started] == [True] * 3


def test_functions_die_with_yett_even_when_it_is_killed(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), DAEMON],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=root,
    ) as parent:
        assert parent.stdout is not None
        started = json.loads(parent.stdout.readline())
        assert len(started) == 3
        parent.send_signal(signal.SIGKILL)
        assert [ended(each) for each in started] == [True] * 3


async def test_versions_run_apart_and_an_alias_runs_in_its_versions_processes(tmp_path: Path) -> None:
    code = "import os\ndef handler(e, c): return [os.getpid(), c.function_version, c.invoked_function_arn]"
    async with bench(tmp_path, code) as subject:
        function = subject.shelf.functions[ARN]
        subject.shelf.qualify(function, "1", "1")
        subject.shelf.qualify(function, "prod", "1")
        latest, version, alias = [await subject.value(arn=ARN + each) for each in ("", ":1", ":prod")]
        assert latest[1:] == ["$LATEST", ARN]
        assert version[1:] == ["1", f"{ARN}:1"]
        assert alias == [version[0], "1", f"{ARN}:prod"]
        assert latest[0] != version[0]
        answer = await subject.ask(arn=f"{ARN}:prod")
        assert answer.executed_version == "1"
        assert answer.log_tail.startswith(b"START RequestId: request-4 Version: 1\n")
        [log] = (tmp_path / "logs").glob("*.jsonl")
        assert log.read_text().count("START RequestId") == 4
        subject.shelf.qualify(function, "prod", "$LATEST")
        assert (await subject.value(arn=f"{ARN}:prod"))[:2] == latest[:2]


async def test_reserved_concurrency_is_the_whole_functions(tmp_path: Path) -> None:
    async with bench(tmp_path, PID, reserved_concurrency=1) as subject:
        subject.shelf.qualify(subject.shelf.functions[ARN], "1", "1")
        asked = [subject.ask(), subject.ask(arn=f"{ARN}:1")]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) is FunctionThrottled for answer in answers] == [False, True]


async def test_layers_lie_beneath_the_function_a_later_one_over_an_earlier(tmp_path: Path) -> None:
    code = """
        import subprocess, one, two, three, os
        def handler(event, context):
            tool = subprocess.run(["tool"], capture_output=True, text=True, check=True).stdout
            return [one.FROM, two.FROM, three.FROM, tool, os.path.isdir(os.environ["LD_LIBRARY_PATH"].split(":")[-1])]
        """
    first = {"python/one.py": "FROM = 1", "python/two.py": "FROM = 1", "python/three.py": "FROM = 1", "lib/x.so": ""}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    second = {f"python/lib/{version}/site-packages/two.py": "FROM = 2", "bin/tool": "#!/bin/sh\necho 2"}
    third = {"python/three.py": "FROM = 3", "bin/tool": "#!/bin/sh\necho 3"}
    async with bench(tmp_path, PID) as subject:
        layers = tuple(subject.shelf.put_layer(each) for each in (first, second, third))
        subject.shelf.put({"app.py": textwrap.dedent(code), "one.py": "FROM = 'function'"}, layers=layers)
        assert await subject.value() == ["function", 2, 3, "3\n", True]
        subject.shelf.put({"app.py": textwrap.dedent(code), "one.py": "FROM = 'function'"}, layers=layers[::-1])
        assert await subject.value() == ["function", 2, 1, "2\n", True]
        subject.shelf.packages.pop(layers[0])
        subject.shelf.put(PID, layers=layers[:1])
        with pytest.raises(FunctionUnavailable, match="missing"):
            await subject.ask()


def may_mount(layers: Path) -> bool:
    """Whether this system lets a process have an ``/opt`` of its own."""
    text = "import sys; from layers_at_opt import bind; sys.exit(not bind(sys.argv[1]))"
    folder = Path(layers_at_opt.__file__).parent
    done = subprocess.run([sys.executable, "-c", text, layers], env={"PYTHONPATH": str(folder)}, check=False)
    return sys.platform == "linux" and done.returncode == 0


async def test_layers_are_at_opt_for_the_function_and_what_it_starts_and_for_nobody_else(tmp_path: Path) -> None:
    code = """
        import os, subprocess
        def handler(event, context):
            try:
                with open("/opt/settings.json") as file:
                    read = file.read()
            except OSError:
                return None
            try:
                open("/opt/mine", "w").close()
            except OSError as error:
                written = type(error).__name__
            started = subprocess.run(["/opt/bin/tool"], capture_output=True, text=True, check=True).stdout
            return [read, started, written, os.getuid()]
        """
    layer = {"settings.json": "{}", "bin/tool": "#!/bin/sh\ncat /opt/settings.json"}
    before = os.listdir("/opt")
    async with bench(tmp_path, PID) as subject:
        subject.shelf.put(textwrap.dedent(code), layers=(subject.shelf.put_layer(layer),))
        expected = ["{}", "{}", "OSError", os.getuid()] if may_mount(tmp_path) else None
        assert await subject.value() == expected
        assert os.listdir("/opt") == before
        subject.shelf.put(textwrap.dedent(code), name="other")
        assert await subject.value(arn=ARN.replace("subject", "other")) is None


@pytest.mark.parametrize("below", ["layers", "needed"])
def test_nothing_that_is_needed_is_hidden_by_layers(below: str) -> None:
    layers, needed = ("/opt/layers", ["/usr"]) if below == "layers" else ("/tmp", ["/usr", "/opt/python/lib"])
    assert not layers_at_opt.put_layers_at_opt(layers, needed)


def landlock_version() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.syscall(444, None, 0, 1)) if sys.platform == "linux" else 0


@pytest.mark.skipif(landlock_version() < 6, reason="Landlock scopes signals from version 6 on")
async def test_a_function_has_as_many_files_open_as_lambda_lets_it(tmp_path: Path) -> None:
    code = """
        import errno, os, resource
        def handler(event, context):
            opened = []
            try:
                while True:
                    opened.append(os.open(os.devnull, os.O_RDONLY))
            except OSError as error:
                code = error.errno
            for each in opened:
                os.close(each)
            return [code == errno.EMFILE, max(opened), resource.getrlimit(resource.RLIMIT_NOFILE)]
        """
    async with bench(tmp_path, textwrap.dedent(code)) as subject:
        assert await subject.value() == [True, 1023, [1024, 1024]]


async def test_a_function_neither_reads_nor_signals_what_another_started(tmp_path: Path) -> None:
    code = """
        import os, signal, subprocess
        def attempt(what):
            try:
                return str(what())
            except OSError as error:
                return type(error).__name__
        def handler(event, context):
            if event is None:
                return [subprocess.Popen(["sleep", "600"]).pid, os.getpid(), os.getppid()]
            os.makedirs(event["directory"] + "/b", exist_ok=True)
            open(event["directory"] + "/x", "w").close()
            os.rename(event["directory"] + "/x", event["directory"] + "/b/x")
            read = [attempt(lambda: open(f"/proc/{each}/environ").read()) for each in event["processes"]]
            return read + [attempt(lambda: os.kill(each, signal.SIGCONT)) for each in event["processes"]]
        """
    async with bench(tmp_path, textwrap.dedent(code)) as subject:
        other = subject.shelf.put(textwrap.dedent(code), name="other")
        processes = [*await subject.value(), os.getpid()]
        event = {"processes": processes, "directory": str(tmp_path / "a")}
        assert await subject.value(event, arn=other.arn) == ["PermissionError"] * 8


async def test_invocations_with_one_share_key_share_a_run_while_it_is_under_way(tmp_path: Path) -> None:
    async with bench(tmp_path, ECHO) as subject:

        async def ask(number: int, share_key: bytes | None) -> str:
            answer = await subject.pool.invoke(ARN, b"{}", request_id=f"id-{number}", share_key=share_key)
            return str(json.loads(answer.payload)["id"])

        together = await asyncio.gather(ask(1, b"a"), ask(2, b"a"), ask(3, b"b"), ask(4, None))
        assert together == ["id-1", "id-1", "id-3", "id-4"]
        assert await ask(5, b"a") == "id-5"

"""One process of a function, beneath its guard: given one invocation at a time, gone when it exits, hangs or grows."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from yett.adapters.functions.logs import FunctionLog, LineSplitter
from yett.adapters.functions.runtime_api import Events, Invocation, RuntimeApi
from yett.ports.function_runner import FunctionAnswer, FunctionUnavailable
from yett.rules.lambda_.outcome import (
    UNHANDLED,
    end_line,
    exit_text,
    exited,
    report_line,
    response_too_large,
    start_line,
    timed_out,
    timed_out_text,
)

LAUNCHER: Final = Path(__file__).with_name("launcher.py")
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, init phase
INIT_SECONDS: Final = 10.0
READ_BYTES: Final = 64 * 1024  # as much as a pipe holds
READS: Final = 2  # at a time
# The data segment may grow past the memory limit: it counts what is only reserved, the watchdog what is used.
DATA_SLACK_BYTES: Final = 2 * 1024 * 1024 * 1024
GUARD_SECONDS: Final = 2.0  # for the guard to end everything; then it is ended itself
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
MEBIBYTE: Final = 1024 * 1024


class Launch(Struct, frozen=True, kw_only=True):
    """What a process is made of."""

    interpreter: str  # absolute path of the Python that the launcher runs in
    handler: str
    task_root: Path
    lent: Path | None  # packages for an interpreter that has none of its own
    layers: Path | None  # what Lambda has at /opt
    client: str  # "awslambdaric" or "plain"
    program: tuple[str, ...]  # for a function of another language: what runs it, with its arguments
    version: str  # of the function
    memory_mb: int
    timeout_seconds: int
    environment: Callable[[str], Mapping[str, str]]  # by the address of the Runtime API
    notice: str | None = None  # a line for the function's log


class InitFailed(Exception):
    """The process came up to no first invocation; *answer* is what its invocation gets."""

    def __init__(self, answer: FunctionAnswer) -> None:
        super().__init__("the function's initialization failed")
        self.answer = answer


class FunctionProcess:
    """A process and what it is doing."""

    def __init__(self, launch: Launch, log: FunctionLog, gone: Callable[["FunctionProcess"], None]) -> None:
        self.is_retired = False  # to be ended once it is idle
        self.is_gone = False
        self.idle_since = 0.0
        self._launch = launch
        self._log = log
        self._gone = gone
        self._api = RuntimeApi(
            Events(
                ready=self._on_ready,
                init_failed=self._on_init_failed,
                answered=self._on_answered,
                failed=self._on_failed,
                oversized=self._on_oversized,
            )
        )
        self._lines = LineSplitter(self._write_log)
        self._process: asyncio.subprocess.Process | None = None
        self._output: int | None = None  # our end of the pipe
        self._life: int | None = None  # our end of the guard's: once it is closed, everything ends
        self._patience: asyncio.TimerHandle | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watch: asyncio.Task[None] | None = None
        self._invocation: Invocation | None = None
        self._finished: Callable[[FunctionAnswer | None], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._init_ms: float | None = None
        self._used_bytes = 0
        self._end: str | None = None  # why we killed it: "timeout" or "memory"

    # Life

    async def start(self) -> None:
        """Start the process and wait until it asks for its first invocation.

        Raises:
            InitFailed: The code cannot be loaded, exits or takes too long while loading.
            FunctionUnavailable: No process could be started.
        """
        began = time.monotonic()
        try:
            await self._spawn()
        except OSError as error:
            self._let_go()
            raise FunctionUnavailable(f"no process for the function: {error}") from error
        limit = max(INIT_SECONDS, self._launch.timeout_seconds)
        try:
            async with asyncio.timeout(limit):
                await self._ready
        except TimeoutError:
            self.kill()
            self._lines.say(f"INIT_REPORT Init Duration: {limit * 1000:.2f} ms\tPhase: init\tStatus: timeout")
            text = f"Error: Task timed out after {limit:.2f} seconds"
            body = msgspec.json.encode({"errorType": "Sandbox.Timedout", "errorMessage": text})
            raise InitFailed(self._init_answer(body)) from None
        except asyncio.CancelledError:
            self.kill()
            raise
        self._init_ms = (time.monotonic() - began) * 1000
        self.idle_since = time.monotonic()

    async def _spawn(self) -> None:
        await self._api.open()
        launch = self._launch
        if launch.notice:
            self._lines.say(launch.notice)
        ours, theirs = os.pipe()
        guards, self._life = os.pipe()
        os.set_blocking(ours, False)
        self._output = ours
        try:
            self._process = await asyncio.create_subprocess_exec(
                launch.interpreter,
                str(LAUNCHER),
                msgspec.json.encode(
                    {
                        "handler": launch.handler,
                        "task_root": str(launch.task_root),
                        "data_bytes": launch.memory_mb * MEBIBYTE + DATA_SLACK_BYTES,
                        "lent": str(launch.lent or ""),
                        "layers": str(launch.layers or ""),
                        "client": launch.client,
                        "program": launch.program,
                    }
                ).decode(),
                stdin=guards,
                stdout=theirs,
                stderr=theirs,
                env=dict(launch.environment(self._api.address)),
                close_fds=True,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
            os.close(guards)
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, self._read_output)
        self._watch = loop.create_task(self._watch_exit(self._process))

    def kill(self) -> None:
        """End the process and everything that it started, now."""
        process = self._process
        if process is None:
            self._let_go()
        elif process.returncode is None and self._life is not None:
            os.close(self._life)
            self._life = None
            self._patience = asyncio.get_running_loop().call_later(GUARD_SECONDS, self._kill_guard, process)

    def _kill_guard(self, process: asyncio.subprocess.Process) -> None:
        """End a guard that was kept from its work; the function dies with it."""
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def stopped(self) -> None:
        """Wait until the process has ended."""
        if self._watch is not None:
            await asyncio.shield(self._watch)

    async def _watch_exit(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._read_output()
        self._let_go()
        status, name = (code, None) if code >= 0 else (None, signal_name(-code))
        invocation = self._invocation
        if not self._ready.done():
            self._lines.say(f"INIT_REPORT Phase: init\tStatus: error\t{exit_text(status, name)}")
            body = exited("", exit_status=status, signal_name=name).replace(b"RequestId:  ", b"")
            self._ready.set_exception(InitFailed(self._init_answer(body)))
            self._ready.exception()  # nobody may be waiting any more
        if invocation is not None and self._api.is_undelivered() and self._end is None:
            self._finish(None)
        elif invocation is not None:
            if self._end is None:
                self._lines.say(f"RequestId: {invocation.request_id} Error: {exit_text(status, name)}")
            body = exited(invocation.request_id, exit_status=status, signal_name=name)
            self._answer(body, is_error=True, status="error")

    def _let_go(self) -> None:
        if self.is_gone:
            return
        self.is_gone = True
        self._api.close()
        if self._patience is not None:
            self._patience.cancel()
        if self._life is not None:
            os.close(self._life)
            self._life = None
        if self._output is not None:
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(self._output)
            os.close(self._output)
            self._output = None
        self._gone(self)

    # Invocations

    def run(self, invocation: Invocation, finished: Callable[[FunctionAnswer | None], None]) -> None:
        """Give the idle process an invocation; *finished* is called once, with None if the process never got it."""
        loop = asyncio.get_running_loop()
        self._invocation, self._finished = invocation, finished
        self._lines.say(start_line(invocation.request_id, self._launch.version))
        self._began = time.monotonic()
        self._timer = loop.call_later(self._launch.timeout_seconds, self._on_time_out)
        self._api.give(invocation, deadline_ms=int((time.time() + self._launch.timeout_seconds) * 1000))

    def _on_time_out(self) -> None:
        invocation = self._invocation
        if invocation is None:
            return
        self._read_output()
        now = datetime.now(UTC)
        body = timed_out(invocation.request_id, self._launch.timeout_seconds, now=now)
        self._lines.say(f"{invocation.request_id} {timed_out_text(self._launch.timeout_seconds)}")
        self._end = "timeout"
        self.is_retired = True
        self.kill()
        self._answer(body, is_error=True, status="timeout")

    def watch_memory(self) -> None:
        """Look at what the process uses, and end it if that is more than its limit."""
        if self._process is None or self.is_gone:
            return
        used = descendants_bytes(self._process.pid)
        self._used_bytes = max(self._used_bytes, used)
        if used <= self._launch.memory_mb * MEBIBYTE or self._end is not None:
            return
        self._end = "memory"
        self.is_retired = True
        if self._invocation is not None:
            self._lines.say(
                f"RequestId: {self._invocation.request_id} Error: {exit_text(None, 'killed')}\tRuntime.OutOfMemory"
            )
        self.kill()

    def _on_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _on_init_failed(self, body: bytes) -> None:
        self._read_output()
        if not self._ready.done():
            self._ready.set_exception(InitFailed(self._init_answer(body)))
            self._ready.exception()
        self.kill()

    def _init_answer(self, body: bytes) -> FunctionAnswer:
        version, tail = self._launch.version, self._lines.take_tail()
        return FunctionAnswer(payload=body, function_error=UNHANDLED, log_tail=tail, executed_version=version)

    def _on_answered(self, request_id: str, body: bytes) -> None:
        if self._is_current(request_id):
            self._answer(body, is_error=False)

    def _on_failed(self, request_id: str, body: bytes) -> None:
        if self._is_current(request_id):
            self._answer(body, is_error=True, status="error")

    def _on_oversized(self, request_id: str, body_bytes: int) -> None:
        if self._is_current(request_id):
            self._answer(response_too_large(body_bytes), is_error=True, status="error")

    def _is_current(self, request_id: str) -> bool:
        return self._invocation is not None and self._invocation.request_id == request_id

    def _answer(self, body: bytes, *, is_error: bool, status: str | None = None) -> None:
        """End the current invocation with what was posted, or with what stands for it."""
        invocation = self._invocation
        if invocation is None:
            return
        duration_ms = (time.monotonic() - self._began) * 1000
        self._read_output()
        if self._init_ms is not None and self._process is not None and not self.is_gone:
            self._used_bytes = max(self._used_bytes, descendants_bytes(self._process.pid))
        report = report_line(
            invocation.request_id,
            duration_ms=duration_ms,
            memory_mb=self._launch.memory_mb,
            used_mb=-(-self._used_bytes // MEBIBYTE),
            init_ms=self._init_ms,
            status=status,
        )
        self._lines.say(end_line(invocation.request_id), report)
        self._init_ms = None
        tail = self._lines.take_tail()
        error = UNHANDLED if is_error else None
        version = self._launch.version
        self._finish(FunctionAnswer(payload=body, function_error=error, log_tail=tail, executed_version=version))

    def _finish(self, answer: FunctionAnswer | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._invocation, self._timer = None, None
        self.idle_since = time.monotonic()
        finished, self._finished = self._finished, None
        if finished is not None:
            finished(answer)

    # Output

    def _read_output(self) -> None:
        """Take what the process had printed when this was called, and let one that never stops printing wait."""
        for _ in range(READS):
            if self._output is None:
                return
            try:
                data = os.read(self._output, READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                with contextlib.suppress(RuntimeError):
                    asyncio.get_running_loop().remove_reader(self._output)
                return
            self._lines.feed(data)
            if len(data) < READ_BYTES:
                return

    def _write_log(self, lines: list[str]) -> None:
        self._log.write(lines, self._invocation.request_id if self._invocation is not None else None)


def descendants_bytes(process_id: int) -> int:
    """The memory in use by the children of a process and those that they started, without its own.

    0 where the system does not tell.
    """
    total = 0
    for child in read_words(f"/proc/{process_id}/task/{process_id}/children"):
        pages = read_words(f"/proc/{int(child)}/statm")
        total += descendants_bytes(int(child)) + (int(pages[1]) * PAGE_BYTES if pages else 0)
    return total


def read_words(path: str) -> list[bytes]:
    """The words of a file; none if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read().split()
    except OSError:
        return []


def signal_name(number: int) -> str:
    """``killed``, ``segmentation fault``: as the C library and Lambda call it."""
    return (signal.strsignal(number) or f"signal {number}").partition(":")[0].lower()

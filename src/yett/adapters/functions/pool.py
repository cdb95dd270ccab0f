"""The pool: for every function as many processes as its invocations need at a time, kept warm for a while."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from yett.adapters.functions.code import CodeDirectories
from yett.adapters.functions.group import Group, Waiting
from yett.adapters.functions.interpreters import Interpreters
from yett.adapters.functions.logs import FunctionLog
from yett.adapters.functions.process import FunctionProcess, InitFailed, Launch
from yett.adapters.functions.runtime_api import Invocation
from yett.ports.function_runner import FunctionAnswer, FunctionNotFound, FunctionThrottled, FunctionUnavailable
from yett.ports.functions import Function, Functions
from yett.rules.lambda_.environment import function_environment
from yett.rules.lambda_.event_retries import FAILURE_PAUSES_SECONDS
from yett.rules.lambda_.log_record import DIRECTORY
from yett.rules.lambda_.runtimes import node_major
from yett.values.errors import Refusal, Unavailable
from yett.values.secret import Secret

RUNTIME_DIRECTORY: Final = Path(__file__).parent
SWEEP_SECONDS: Final = 0.25  # how often memory is looked at
EVENTS: Final = 1000  # invocations that nobody waits for, queued or running
EVENT_RETRY_SECONDS: Final = FAILURE_PAUSES_SECONDS

logger = logging.getLogger(__name__)


class PoolLimits(Struct, frozen=True, kw_only=True):
    """How large the pool may grow. Ours: Lambda's own limit is 1000 concurrent executions."""

    processes_per_function: int = 10
    processes: int = 64
    waiting_per_function: int = 1000
    idle_seconds: float = 300.0


class RoleSession(Struct, frozen=True, kw_only=True):
    """Credentials of a function's role."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    good_for_seconds: float


# The session of the function's execution role; None when it has no such role any more.
IssueCredentials = Callable[[Function], Awaitable[RoleSession | None]]


class FunctionPool:
    """Answers `yett.ports.function_runner.FunctionRunner` with processes of this machine.

    *endpoint_url* tells where functions reach yett's AWS APIs; it is asked when a process starts. Everything runs on
    one event loop; ``stop`` ends every process.
    """

    def __init__(
        self,
        *,
        home: Path,
        functions: Functions,
        code: CodeDirectories,
        credentials: IssueCredentials,
        endpoint_url: Callable[[], str],
        limits: PoolLimits | None = None,
    ) -> None:
        self._functions = functions
        self._code = code
        self._credentials = credentials
        self._endpoint_url = endpoint_url
        self._limits = limits or PoolLimits()
        self._log_directory = home / DIRECTORY
        self._interpreters = Interpreters(home)
        self._groups: dict[str, Group] = {}  # by ARN and version
        self._logs: dict[str, FunctionLog] = {}  # by unqualified ARN
        self._shared: dict[tuple[str, bytes], asyncio.Task[FunctionAnswer]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.Task[None] | None = None
        self._events = 0
        self._is_stopped = False

    # The port

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        """See the port."""
        if share_key is not None:
            return await self._share((function_arn, share_key), payload, request_id, trace_header)
        function = await self._find(function_arn)
        group = self._admit(function)
        invocation = Invocation(
            request_id=request_id, payload=payload, function_arn=function_arn, trace_header=trace_header
        )
        waiting = Waiting(invocation)
        group.waiting.append(waiting)
        self._dispatch(group)
        return await asyncio.shield(waiting.answer)

    async def _share(
        self, key: tuple[str, bytes], payload: bytes, request_id: str, trace_header: str | None
    ) -> FunctionAnswer:
        task = self._shared.get(key)
        if task is None:
            run = self.invoke(key[0], payload, request_id=request_id, trace_header=trace_header)
            task = self._shared[key] = asyncio.create_task(run)
            task.add_done_callback(lambda done: self._shared_is_done(key, done))
        return await asyncio.shield(task)

    def _shared_is_done(self, key: tuple[str, bytes], task: asyncio.Task[FunctionAnswer]) -> None:
        del self._shared[key]
        if not task.cancelled():
            task.exception()  # looked at, so that nobody's having waited for it is no warning

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        """See the port."""
        await self._find(function_arn)
        if self._events >= EVENTS:
            raise FunctionThrottled("too many events are queued")
        self._events += 1
        task = self._background(self._run_event(function_arn, payload, request_id, trace_header))
        task.add_done_callback(self._event_done)

    def processes(self) -> dict[str, tuple[int, int]]:
        """By function ARN: how many processes there are, and how many of them work."""
        found: dict[str, tuple[int, int]] = {}
        for group in self._groups.values():
            present, busy = found.get(group.function.arn, (0, 0))
            found[group.function.arn] = (present + len(group.processes), busy + group.running)
        return found

    async def stop(self) -> None:
        """End every process and refuse what waits. No process of a function outlives this."""
        self._is_stopped = True
        processes = [process for group in self._groups.values() for process in tuple(group.processes)]
        for group in self._groups.values():
            while group.waiting:
                group.waiting.popleft().refuse(FunctionUnavailable("yett is stopping"))
        for process in processes:
            process.kill()
        tasks = [*self._tasks, *([self._sweep] if self._sweep else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *(process.stopped() for process in processes), return_exceptions=True)
        for log in self._logs.values():
            log.close()
        self._groups.clear()
        self._logs.clear()

    # Who may run

    async def _find(self, function_arn: str) -> Function:
        function_arn = function_arn.removesuffix(":$LATEST")
        function = self._functions.current(function_arn) or await self._functions.resolve(function_arn)
        if function is None:
            raise FunctionNotFound(f"no function `{function_arn}`")
        return function

    def _admit(self, function: Function) -> Group:
        if self._is_stopped:
            raise FunctionUnavailable("yett is stopping")
        key = f"{function.unqualified_arn}:{function.version}"
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(key, function, self._log_of(function))
        elif group.function is not function:
            if not runs_alike(group.function, function):
                self._retire(group)
            group.function = function
        if function.reserved_concurrency is not None and self._at_once(function) >= function.reserved_concurrency:
            raise FunctionThrottled(f"the reserved concurrency of `{function.arn}` is used up")
        if len(group.waiting) >= self._limits.waiting_per_function:
            raise FunctionThrottled(f"too many invocations of `{function.arn}` wait")
        return group

    def _at_once(self, function: Function) -> int:
        """Invocations of all versions that run or wait."""
        own = [each for each in self._groups.values() if each.function.unqualified_arn == function.unqualified_arn]
        return sum(each.running + len(each.waiting) for each in own)

    def _log_of(self, function: Function) -> FunctionLog:
        """The log that all versions write."""
        log = self._logs.get(function.unqualified_arn)
        if log is None:
            log = FunctionLog(self._log_directory, function.account, function.region, function.name)
            self._logs[function.unqualified_arn] = log
        return log

    # Who runs where

    def _dispatch(self, group: Group) -> None:
        """Give waiting invocations to idle processes, and start a process for each that is left, within bounds."""
        while group.waiting:
            process = self._take_idle(group)
            if process is None:
                break
            waiting = group.waiting.popleft()
            if waiting.answer.done():  # given up meanwhile
                group.idle.append(process)
                continue
            self._run(group, process, waiting)
        while group.starting < len(group.waiting) and group.size < self._limits.processes_per_function:
            if not self._make_room(group):
                break
            group.starting += 1
            group.size += 1
            self._background(self._start(group))

    def _take_idle(self, group: Group) -> FunctionProcess | None:
        while group.idle:
            process = group.idle.pop()
            if process.is_gone:
                continue
            if process.is_retired or group.expires_at.get(process, 0.0) <= time.monotonic():
                process.kill()
                continue
            return process
        return None

    def _run(self, group: Group, process: FunctionProcess, waiting: Waiting) -> None:
        def finished(answer: FunctionAnswer | None) -> None:
            group.running -= 1
            if answer is None:  # the process went before it took the invocation: another will
                group.waiting.appendleft(waiting)
            else:
                waiting.settle(answer)
            if process.is_retired:
                process.kill()
            elif not process.is_gone:
                group.idle.append(process)
            if not self._is_stopped:
                self._dispatch(group)

        group.running += 1
        process.run(waiting.invocation, finished)

    async def _start(self, group: Group) -> None:
        """Start one process; what keeps it from starting is told to the invocation that has waited longest."""
        function = group.function
        process: FunctionProcess | None = None
        try:
            launch, good_for = await self._launch(function)
            process = FunctionProcess(launch, group.log, lambda gone: self._gone(group, gone))
            group.processes.add(process)
            group.expires_at[process] = time.monotonic() + good_for
            await process.start()
            process.is_retired = not runs_alike(function, group.function)
            group.idle.append(process)
        except InitFailed as failure:
            if group.waiting:
                group.waiting.popleft().settle(failure.answer)
        except (Unavailable, Refusal) as error:
            if group.waiting:
                group.waiting.popleft().refuse(error)
        finally:
            group.starting -= 1
            if process is None:
                group.size -= 1
            elif process not in group.idle:
                process.kill()
        if not self._is_stopped:
            self._dispatch(group)

    def _gone(self, group: Group, process: FunctionProcess) -> None:
        group.size -= 1
        group.processes.discard(process)
        group.expires_at.pop(process, None)
        with contextlib.suppress(ValueError):
            group.idle.remove(process)
        if group.waiting and not self._is_stopped:
            asyncio.get_running_loop().call_soon(self._dispatch, group)

    def _make_room(self, group: Group) -> bool:
        """Whether one more process may start; an idle one of another function goes for it if need be."""
        if sum(each.size for each in self._groups.values()) < self._limits.processes:
            return True
        idle = [(process.idle_since, process) for each in self._groups.values() for process in each.idle]
        if idle:
            min(idle, key=lambda pair: pair[0])[1].kill()
            return True
        if not group.size and group.waiting:
            group.waiting.popleft().refuse(FunctionThrottled("every process of the pool is busy"))
        return False

    def _retire(self, group: Group) -> None:
        """Let processes of an older configuration finish what they do, and no more."""
        for process in group.processes:
            process.is_retired = True
        for process in group.idle:
            process.kill()
        group.idle.clear()

    # What a process is made of

    async def _launch(self, function: Function) -> tuple[Launch, float]:
        interpreter = await self._interpreters.find(function.runtime)
        task_root = await self._code.find(function)
        layers = await self._code.find_layers(function)
        session = await self._credentials(function)
        if session is None:
            raise FunctionUnavailable(f"the role `{function.role_arn}` cannot be assumed by Lambda")
        credentials = {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key.reveal(),
            "AWS_SESSION_TOKEN": session.session_token.reveal(),
        }
        endpoint_url = self._endpoint_url()
        log_stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{function.version}]{os.urandom(16).hex()}"

        def environment(runtime_api: str) -> dict[str, str]:
            return function_environment(
                name=function.name,
                version=function.version,
                region=function.region,
                handler=function.handler,
                memory_mb=function.memory_mb,
                log_stream=log_stream,
                task_root=str(task_root),
                runtime_dir=str(RUNTIME_DIRECTORY),
                runtime_api=runtime_api,
                execution_env=f"AWS_Lambda_{interpreter.runtime}",
                endpoint_url=endpoint_url,
                credentials=credentials,
                layers=str(layers or ""),
                node_major=node_major(interpreter.runtime) if interpreter.program else "",
                variables=function.environment,
            )

        launch = Launch(
            interpreter=interpreter.path,
            handler=function.handler,
            task_root=task_root,
            lent=interpreter.lent,
            layers=layers,
            client=interpreter.client,
            program=interpreter.program,
            version=function.version,
            memory_mb=function.memory_mb,
            timeout_seconds=function.timeout_seconds,
            environment=environment,
            notice=interpreter.notice,
        )
        # A process that starts its last invocation now must still have good credentials at that invocation's end.
        return launch, session.good_for_seconds - function.timeout_seconds

    # Invocations that nobody waits for

    async def _run_event(self, function_arn: str, payload: bytes, request_id: str, trace_header: str | None) -> None:
        for delay in (*EVENT_RETRY_SECONDS, None):
            try:
                answer = await self.invoke(function_arn, payload, request_id=request_id, trace_header=trace_header)
            except FunctionNotFound:
                return
            except (Refusal, Unavailable) as error:
                logger.warning("the event %s for %s could not be run: %s", request_id, function_arn, error)
            else:
                if answer.function_error is None:
                    return
            if delay is not None:
                await asyncio.sleep(delay)
        logger.warning("the event %s for %s failed, and failed again when tried twice more", request_id, function_arn)

    def _event_done(self, _: asyncio.Task[None]) -> None:
        self._events -= 1

    # Housekeeping

    def _background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._sweep is None or self._sweep.done():
            self._sweep = asyncio.create_task(self._sweep_processes())
        return task

    async def _sweep_processes(self) -> None:
        """Watch memory, and end what has been idle for long, until there is no process."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            oldest = time.monotonic() - self._limits.idle_seconds
            for group in tuple(self._groups.values()):
                for process in tuple(group.processes):
                    process.watch_memory()
                for process in [process for process in group.idle if process.idle_since < oldest]:
                    group.idle.remove(process)
                    process.kill()
                if not group.size and not group.waiting:
                    group.log.close()  # another version's write opens it again
                    self._groups.pop(group.key, None)
            if not self._groups and not self._tasks:
                return


def runs_alike(one: Function, other: Function) -> bool:
    """Whether processes of the one may serve the other: permissions may differ, nothing that a process is made of."""
    if one is other:
        return True
    unmade = {
        "arn": "",
        "revision_id": "",
        "updated_at": one.updated_at,
        "resource_policy": None,
        "reserved_concurrency": None,
        "event_config": None,
    }
    return structs.replace(one, **unmade) == structs.replace(other, **unmade)

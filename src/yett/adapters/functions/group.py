"""A function's processes, and the invocations that wait for one."""

import asyncio
from collections import deque

from yett.adapters.functions.logs import FunctionLog
from yett.adapters.functions.process import FunctionProcess
from yett.adapters.functions.runtime_api import Invocation
from yett.ports.function_runner import FunctionAnswer
from yett.ports.functions import Function


class Waiting:
    """An invocation and whoever waits for its answer."""

    __slots__ = ("answer", "invocation")

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.answer: asyncio.Future[FunctionAnswer] = asyncio.get_running_loop().create_future()

    def settle(self, answer: FunctionAnswer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Group:
    """The processes of a function's version and the invocations that wait for one, under whichever ARN they came."""

    def __init__(self, key: str, function: Function, log: FunctionLog) -> None:
        self.key = key
        self.function = function
        self.log = log
        self.processes: set[FunctionProcess] = set()
        self.idle: list[FunctionProcess] = []  # the last used is used next, so that the others grow old
        self.waiting: deque[Waiting] = deque()
        self.starting = 0
        self.size = 0  # processes, those about to be started included
        self.running = 0  # invocations in processes
        self.expires_at: dict[FunctionProcess, float] = {}  # monotonic: when a process's credentials do

"""Functions in a dictionary, and a runner that records what it was asked."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from yett.ports.function_runner import FunctionAnswer, FunctionNotFound
from yett.ports.functions import Function

Handler = Callable[[dict[str, Any]], object]  # an exception that it raises is an answer too


class Fails(Exception):
    """A handler that raises: its text is the ``errorMessage``."""


class MemoryFunctions:
    """``ports.functions.Functions``."""

    def __init__(self, *functions: Function) -> None:
        self.by_arn = {function.arn: function for function in functions}
        self.fails: Exception | None = None

    def current(self, function_arn: str) -> Function | None:
        return None if self.fails else self.by_arn.get(function_arn)

    async def resolve(self, function_arn: str) -> Function | None:
        if self.fails:
            raise self.fails
        return self.by_arn.get(function_arn)

    def missing_runtime(self, runtime: str) -> str | None:
        return None


class MemoryRunner:
    """``ports.function_runner.FunctionRunner``: handlers in this process.

    While ``gate`` is closed, invocations wait at it; ``started`` is set by the first that comes.
    """

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.trace_headers: list[str | None] = []
        self.raises: Exception | None = None
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        event = msgspec.json.decode(payload)
        self.events.append((function_arn, event))
        self.trace_headers.append(trace_header)
        self.started.set()
        await self.gate.wait()
        if self.raises is not None:
            raise self.raises
        handler = self.handlers.get(function_arn)
        if handler is None:
            raise FunctionNotFound(f"no function `{function_arn}`")
        try:
            answer = handler(event)
        except Fails as error:
            failure = {"errorMessage": str(error), "errorType": "Exception"}
            return FunctionAnswer(payload=msgspec.json.encode(failure), function_error="Unhandled")
        return FunctionAnswer(payload=answer if isinstance(answer, bytes) else msgspec.json.encode(answer))

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        raise AssertionError("nothing is submitted here")

    def calls_of(self, function_arn: str) -> list[dict[str, Any]]:
        return [event for arn, event in self.events if arn == function_arn]

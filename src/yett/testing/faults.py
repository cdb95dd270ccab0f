"""Functions and key sets that fail on demand, as they do in production at the worst moment."""

import asyncio
from datetime import datetime
from enum import StrEnum

import msgspec

from yett.ports.function_runner import FunctionAnswer, FunctionRunner, FunctionUnavailable
from yett.ports.jwks import KeySets
from yett.tokens import KeySet
from yett.values.errors import Unavailable


class Fault(StrEnum):
    """What a function can be made to do."""

    EXCEPTION = "exception"  # it raises
    UNAUTHORIZED = "unauthorized"  # it raises with the one message that means 401
    TIMEOUT = "timeout"  # it is killed at its time-out
    MALFORMED = "malformed"  # it answers what is no policy and no proxy response
    OVERSIZED = "oversized"  # it answers more than Lambda lets through
    UNAVAILABLE = "unavailable"  # it cannot be run at all


def error(message: str, kind: str = "Exception") -> FunctionAnswer:
    """A failed invocation, as the runtime reports it."""
    payload = msgspec.json.encode({"errorMessage": message, "errorType": kind})
    return FunctionAnswer(payload=payload, function_error="Unhandled")


ANSWERS = {
    Fault.EXCEPTION: error("made to fail by a test"),
    Fault.UNAUTHORIZED: error("Unauthorized"),
    Fault.TIMEOUT: error("Task timed out", "Sandbox.Timedout"),
    Fault.MALFORMED: FunctionAnswer(payload=b'{"isAuthorized": true}'),
    Fault.OVERSIZED: error(
        "Response payload size exceeded maximum allowed payload size", "Function.ResponseSizeTooLarge"
    ),
}


class FaultyRunner:
    """A function runner that lets named functions fail, and counts whom it was asked for."""

    def __init__(self, runner: FunctionRunner) -> None:
        self._runner = runner
        self.faults: dict[str, Fault] = {}  # by function name
        self.invocations: list[str] = []  # function names, in order

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        """As the port says, unless a fault is on."""
        name = function_arn.split(":")[6]
        self.invocations.append(name)
        fault = self.faults.get(name)
        if fault is Fault.UNAVAILABLE:
            raise FunctionUnavailable("made unavailable by a test")
        if fault is not None:
            await asyncio.sleep(0)
            return ANSWERS[fault]
        return await self._runner.invoke(
            function_arn, payload, request_id=request_id, trace_header=trace_header, share_key=share_key
        )

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        """As the port says."""
        await self._runner.submit(function_arn, payload, request_id=request_id, trace_header=trace_header)


class FaultyKeySets:
    """Key sets that can be made unreachable."""

    def __init__(self, key_sets: KeySets) -> None:
        self._key_sets = key_sets
        self.is_reachable = True

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        """As the port says; nothing is remembered while unreachable."""
        return self._key_sets.current(issuer) if self.is_reachable else None

    async def resolve(self, issuer: str, *, now: datetime, unknown_kid: bool = False) -> tuple[KeySet, int] | None:
        """As the port says, unless it is made to fail."""
        if not self.is_reachable:
            raise Unavailable("the key set was made unreachable by a test")
        return await self._key_sets.resolve(issuer, now=now, unknown_kid=unknown_kid)

"""Running a Lambda function."""

from typing import Protocol

from msgspec import Struct

from yett.values.errors import Refusal, Unavailable


class FunctionAnswer(Struct, frozen=True, kw_only=True):
    """What an invocation gave."""

    payload: bytes  # JSON, as the runtime posted it
    function_error: str | None = None  # "Unhandled" when the handler raised, exited, timed out or ran out of memory
    log_tail: bytes = b""  # the last 4 KB of the invocation's log
    executed_version: str = "$LATEST"


class FunctionNotFound(Refusal):
    """There is no such function."""


class FunctionThrottled(Refusal):
    """No process may be started for it now: its concurrency is used up."""


class FunctionUnavailable(Unavailable):
    """The pool could not run it (the process would not start, the code is missing)."""


class FunctionRunner(Protocol):
    """Runs functions, each in processes of its own, warm where it can be.

    A crash, `sys.exit` or endless loop in a handler ends in an answer with ``function_error`` and harms no other
    invocation. The
    function's time-out and memory limit hold. Cancelling ``invoke`` does not stop the handler.
    """

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> FunctionAnswer:
        """Run the function (unqualified or qualified ARN) on a JSON payload and wait for its answer.

        Invocations of one function that are under way with the same *share_key* may share one run, whichever process
        of the node they come from.

        Raises:
            FunctionNotFound, FunctionThrottled, FunctionUnavailable
        """
        ...

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        """Take an invocation that nobody waits for; a failed one is tried twice more, as Lambda does.

        The runner that operations ask keeps what it took until it is done; one beneath it may have it in memory alone.

        Raises:
            FunctionNotFound, FunctionThrottled
        """
        ...

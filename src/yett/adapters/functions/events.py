"""Invocations that nobody waits for: in the store from their acknowledgement to their end, whatever happens between.

Each runs at least once, and again if yett ended before its end was written down, as Lambda's own queue may have it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

from msgspec import structs

from yett.ports.clock import Clock
from yett.ports.function_runner import FunctionAnswer, FunctionNotFound, FunctionRunner, FunctionThrottled
from yett.ports.function_store import EventRecord, FunctionStore
from yett.ports.functions import Function, Functions
from yett.rules.lambda_.event_retries import due_after_failure, due_after_refusal, within_age
from yett.values.errors import Refusal, Unavailable

EVENTS: Final = 1000  # ours: kept at a time; further ones are throttled
ORPHANED_AFTER: Final = timedelta(hours=1)  # ours: then another server's overdue events are taken over at start-up

logger = logging.getLogger(__name__)


class KeptEvents:
    """Answers `yett.ports.function_runner.FunctionRunner` with another runner, in front of which events are kept.

    To be used by the process that writes to the store. *owner* names this server among those that share the store.
    """

    def __init__(
        self,
        runner: FunctionRunner,
        *,
        store: FunctionStore,
        functions: Functions,
        clock: Clock,
        owner: str,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._runner = runner
        self._store = store
        self._functions = functions
        self._clock = clock
        self._owner = owner
        self._pause = pause
        self._tasks: set[asyncio.Task[None]] = set()

    def invoke(
        self,
        function_arn: str,
        payload: bytes,
        *,
        request_id: str,
        trace_header: str | None = None,
        share_key: bytes | None = None,
    ) -> Coroutine[Any, Any, FunctionAnswer]:
        """See the port."""
        return self._runner.invoke(
            function_arn, payload, request_id=request_id, trace_header=trace_header, share_key=share_key
        )

    async def submit(
        self, function_arn: str, payload: bytes, *, request_id: str, trace_header: str | None = None
    ) -> None:
        """See the port; the event is durable once this returns.

        Raises:
            Unavailable: The store failed us.
        """
        if await self._find(function_arn) is None:
            raise FunctionNotFound(f"no function `{function_arn}`")
        if len(self._tasks) >= EVENTS:
            raise FunctionThrottled("too many events are queued")
        now = self._clock.now()
        event = EventRecord(
            request_id=request_id,
            function_arn=function_arn,
            payload=payload,
            accepted_at=now,
            due_at=now,
            trace_header=trace_header,
            owner=self._owner,
        )
        await self._store.put_event(event)
        self._begin(event)

    async def resume(self) -> None:
        """Go on with the events that were kept when this server ended, and with those of servers that are long gone.

        Raises:
            Unavailable: The store failed us.
        """
        oldest = self._clock.now() - ORPHANED_AFTER
        for event in await self._store.list_events():
            if event.owner == self._owner:
                self._begin(event)
            elif event.due_at < oldest:
                taken = structs.replace(event, owner=self._owner)
                await self._store.put_event(taken)
                self._begin(taken)

    async def stop(self) -> None:
        """Try no event any more until the next start."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # One event

    def _begin(self, event: EventRecord) -> None:
        task = asyncio.create_task(self._run(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, event: EventRecord) -> None:
        """Try the event until it is done or given up. Where the store fails us, it is tried again after a restart."""
        later: EventRecord | None = event
        while later is not None:
            event = later
            await self._pause(max((event.due_at - self._clock.now()).total_seconds(), 0.0))
            later = await self._try(event)
            with contextlib.suppress(Unavailable):
                if later is None:
                    await self._store.remove_event(event.request_id)
                else:
                    await self._store.put_event(later)

    async def _try(self, event: EventRecord) -> EventRecord | None:
        """Run the function once; the event as it is to be tried again, or None."""
        function: Function | None = None
        try:
            function = await self._find(event.function_arn)
            if function is None or function.reserved_concurrency == 0:
                return given_up(event, "its function is gone, or may not run")
            if within_age(function.event_config, self._clock.now(), event.accepted_at) is None:
                return given_up(event, "it is too old")
            answer = await self._runner.invoke(
                event.function_arn, event.payload, request_id=event.request_id, trace_header=event.trace_header
            )
        except FunctionNotFound:
            return given_up(event, "its function is gone")
        except (Refusal, Unavailable) as error:
            return self._put_off(event, function, str(error))
        if answer.function_error is None:
            return None
        failures = event.failures + 1
        config = function.event_config
        now = self._clock.now()
        due_at = due_after_failure(config, failures=failures, accepted_at=event.accepted_at, now=now)
        if due_at is None:
            return given_up(event, f"the function failed {failures} times")
        return structs.replace(event, failures=failures, refusals=0, due_at=due_at)

    def _put_off(self, event: EventRecord, function: Function | None, reason: str) -> EventRecord | None:
        config = None if function is None else function.event_config
        refusals = event.refusals + 1
        now = self._clock.now()
        due_at = due_after_refusal(config, refusals=refusals, accepted_at=event.accepted_at, now=now)
        if due_at is None:
            return given_up(event, reason)
        return structs.replace(event, refusals=refusals, due_at=due_at)

    async def _find(self, function_arn: str) -> Function | None:
        return self._functions.current(function_arn) or await self._functions.resolve(function_arn)


def given_up(event: EventRecord, reason: str) -> EventRecord | None:
    """Nothing, with a line in our log."""
    logger.warning("the event %s for %s is given up: %s", event.request_id, event.function_arn, reason)
    return None

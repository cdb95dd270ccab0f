"""What carries a request from wait to wait: a task's work, begun at once and without a task's price.

A task starts in the event loop's next round, and is scheduled, registered and forgotten for it. Most answers wait for
nothing, or once, for a backend. So a request is begun where its last byte is read, goes on from there when what it
waits for is done, and looks like a task to what it runs: time-outs work as in any.

What asks more of a task than ``asyncio.timeout`` does needs one of its own, as ASGI applications have: see
`server/asgi_bridge.py`. The methods are those of ``asyncio.Task`` that time-outs and task groups call.

Source: https://docs.python.org/3/library/asyncio-extending.html (task lifetime support)
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine
from typing import Any


class Answering:
    """One request being answered."""

    __slots__ = ("__weakref__", "_cancelling", "_is_cancelled", "_loop", "_steps", "_waited")

    def __init__(self, steps: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> None:
        self._steps = steps
        self._loop = loop
        self._waited: asyncio.Future[Any] | None = None
        self._cancelling = 0
        self._is_cancelled = False  # to be told at the next step

    def begin(self) -> None:
        """Go as far as it goes without waiting, which may be to the end."""
        self._step()

    def cancel(self, msg: object = None) -> bool:
        """Have the request end where it waits."""
        self._cancelling += 1
        if self._waited is None or not self._waited.cancel(msg):
            self._is_cancelled = True
        return True

    def cancelling(self) -> int:
        """How many have asked for the end."""
        return self._cancelling

    def uncancel(self) -> int:
        """One of them takes it back; how many are left."""
        self._cancelling = max(0, self._cancelling - 1)
        return self._cancelling

    def _step(self) -> None:
        """Go on to the next wait, or to the end."""
        loop = self._loop
        _enter_task(loop, self)  # type: ignore[arg-type]
        try:
            if self._is_cancelled:
                self._is_cancelled = False
                waited = self._steps.throw(asyncio.CancelledError())
            else:
                waited = self._steps.send(None)
        except (StopIteration, asyncio.CancelledError):
            return
        finally:
            _leave_task(loop, self)  # type: ignore[arg-type]
        if waited is None:  # asyncio.sleep(0)
            loop.call_soon(self._step)
            return
        waited._asyncio_future_blocking = False  # what awaits a future of asyncio's leaves this for its task to do
        waited.add_done_callback(self._wake)
        self._waited = waited
        if self._is_cancelled and waited.cancel():
            self._is_cancelled = False

    def _wake(self, _: asyncio.Future[Any]) -> None:
        self._waited = None
        self._step()

"""Commits of other nodes on the same PostgreSQL database: which scopes moved, heard as soon as they are committed.

A node's control process listens on a connection of its own. While that is lost nobody tells what others revoke: when it
stands again, and while it cannot be had for longer than a bound, everything counts as moved.

Source: https://www.postgresql.org/docs/15/sql-notify.html
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

import psycopg
from sqlalchemy import Connection, make_url, text

from yett.adapters.sql.revisions import EVERYTHING
from yett.ports.errors import Unavailable

CHANNEL: Final = "yett_scopes"
PAYLOAD_BYTES: Final = 7999  # Source: as above, "shorter than 8000 bytes"
SEPARATOR: Final = "\n"  # no id, name or ARN holds one
PING_SECONDS: Final = 5.0  # without a word from the server, and as long for its answer
PAUSES: Final = (0.1, 0.5, 1.0)  # seconds between attempts to connect again; the last one from then on
CONNECT_SECONDS: Final = 5
# How long what we hold is believed though nobody tells us what others revoke; an outage of the database that is over
# sooner is not seen by callers whose keys and stages are held.
STALE_SECONDS: Final = 60.0

logger = logging.getLogger(__name__)


def notify(connection: Connection, origin: str, scopes: frozenset[str]) -> None:
    """Tell whoever listens, when the transaction commits; nobody hears of one that does not."""
    payload = SEPARATOR.join((origin, *sorted(scopes)))
    if len(payload.encode()) > PAYLOAD_BYTES:
        payload = SEPARATOR.join((origin, EVERYTHING))
    connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload})


class Notices:
    """Hears what others commit, from ``start`` until ``stop``."""

    def __init__(self, url: str, origin: str, tell: Callable[[frozenset[str]], None]) -> None:
        """*tell* is called on the event loop with the scopes that moved; not for what bears our own *origin*."""
        location = make_url(url).set(drivername="postgresql")
        self._conninfo = location.render_as_string(hide_password=False)
        self._origin = origin
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()

    @property
    def is_listening(self) -> bool:
        """Whether what others commit reaches us now."""
        return self._heard.is_set()

    async def start(self) -> None:
        """Listen; when this returns, nothing that others commit is missed.

        Raises:
            Unavailable: The server cannot be reached.
        """
        self._task = asyncio.create_task(self._keep_listening())
        try:
            async with asyncio.timeout(2 * CONNECT_SECONDS):
                await self._heard.wait()
        except TimeoutError:
            await self.stop()
            raise Unavailable("the database cannot be listened to") from None

    async def stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep_listening(self) -> None:
        loop = asyncio.get_running_loop()
        failures, lost_at = 0, loop.time()
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self._heard.is_set():
                    self._heard.clear()
                    failures, lost_at = 0, loop.time()
                    logger.warning("other nodes are not heard: %s", type(error).__name__)
            if loop.time() - lost_at > STALE_SECONDS:
                self._tell(frozenset({EVERYTHING}))
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, connect_timeout=CONNECT_SECONDS
        ) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._tell(frozenset({EVERYTHING}))  # what was committed while we did not listen
            if not self._heard.is_set():
                self._heard.set()
                logger.info("other nodes are heard")
            while True:
                async for notice in connection.notifies(timeout=PING_SECONDS):
                    self._hear(notice.payload)
                async with asyncio.timeout(PING_SECONDS):
                    await connection.execute("SELECT 1")

    def _hear(self, payload: str) -> None:
        origin, *scopes = payload.split(SEPARATOR)
        if origin != self._origin:
            self._tell(frozenset(scopes))

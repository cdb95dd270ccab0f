"""Running a server in the foreground until it is told to stop."""

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import click
import uvloop

from yett.server.hardening import forbid_inspection
from yett.server.logging import configure_logging
from yett.server.open_files import permit_open_files
from yett.server.run import Server
from yett.server.settings import ServerSettings, read_settings
from yett.values.errors import Refusal, Unavailable

STOPS: Final = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED: Final = 130  # the exit code of what a second Ctrl-C ends

Work = Callable[[Server], Awaitable[None]]


def settings_of(host: str | None, port: int | None, home: Path | None) -> ServerSettings:
    """The settings of the command line and the environment."""
    return read_settings(os.environ, host=host, port=port, home=home)


def serve_until_told(settings: ServerSettings, work: Work) -> None:
    """Start a server, do the work that belongs to its start, and serve until SIGINT or SIGTERM; then end cleanly.

    Raises:
        click.ClickException: It cannot start, or the work failed.
    """
    forbid_inspection()
    configure_logging()
    permit_open_files()
    try:
        uvloop.run(_serve(settings, work))
    except (Refusal, Unavailable) as error:
        raise click.ClickException(error.reason) from error


async def _serve(settings: ServerSettings, work: Work) -> None:
    told = asyncio.Event()

    def stop() -> None:
        if told.is_set():  # asked again: at once, and what was started ends with this process
            os._exit(INTERRUPTED)
        told.set()

    loop = asyncio.get_running_loop()
    for number in STOPS:
        loop.add_signal_handler(number, stop)
    server = await Server.start(settings)
    loop.add_signal_handler(signal.SIGHUP, server.reload)
    gc.freeze()  # what stands now stays: looking it over for garbage again would halt every call for some 50 ms
    waiting = asyncio.ensure_future(told.wait())
    try:
        working = asyncio.ensure_future(work(server))
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()  # a failure ends the server
        else:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        await told.wait()
        click.echo("stopping ...", err=True)
    finally:
        waiting.cancel()
        await server.stop()

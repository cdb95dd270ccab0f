"""`yett rotate-key`: a new master key, and every secret sealed anew under it."""

import asyncio
import os
from datetime import UTC, datetime

import click

from yett.server.settings import read_settings
from yett.server.upkeep import rotate_master_key


@click.command()
@click.option(
    "--forget",
    is_flag=True,
    help="Drop the older keys at once: session tokens made under them end, at the latest when the server starts next.",
)
def rotate_key(*, forget: bool) -> None:
    """Make a new master key and seal every secret anew under it. The server may run.

    With YETT_MASTER_KEY, start the servers with NEW,OLD in it first, then run this with the same. Else the key is the
    home's, and its server follows. If this is cut off, run it again: both keys are good until it is done.
    """
    settings = read_settings(os.environ)
    done = asyncio.run(rotate_master_key(settings, os.environ, now=datetime.now(UTC), forgets=forget))
    click.echo(f"sealed {done.documents} documents anew: none is left under an older master key")
    if not done.has_new_key:
        click.echo(
            "YETT_MASTER_KEY may drop its older keys once the session tokens made under them are over (36 hours)"
        )
    elif done.older_keys:
        click.echo("the former key still opens session tokens; a rotation after 36 hours, or --forget, drops it")

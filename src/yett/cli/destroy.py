"""`yett destroy`: remove a stack with all that it made; `yett stacks`: list them."""

import asyncio
import os

import click
import msgspec

from yett.cli.client import find_access
from yett.cli.remote import RemoteSite, RemoteStacks
from yett.server.putting_up import tell
from yett.server.settings import read_settings
from yett.templates.destroying import destroy as destroy_stack
from yett.templates.packaging import Packager


@click.command()
@click.argument("stack")
@click.option("--endpoint-url", help="The server.  [AWS_ENDPOINT_URL, else the one of this home]")
def destroy(*, stack: str, endpoint_url: str | None) -> None:
    """Remove STACK and everything that it made, but for what its template says to retain."""
    site = RemoteSite(find_access(endpoint_url))
    packager = Packager(read_settings(os.environ).home, progress=click.echo)
    asyncio.run(
        destroy_stack(
            stack,
            site=site,
            packager=packager,
            on_progress=lambda event: tell(event, lambda line: click.echo(f"  {line}")),
        )
    )
    click.echo(f"stack {stack}: gone")


@click.command()
@click.option("--endpoint-url", help="The server.  [AWS_ENDPOINT_URL, else the one of this home]")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
def stacks(*, endpoint_url: str | None, as_json: bool) -> None:
    """List the stacks of the caller's account and Region."""
    about = RemoteStacks(find_access(endpoint_url)).about()
    if as_json:
        click.echo(msgspec.json.encode(about))
        return
    for one in about.stacks:
        state = "" if one.is_finished else "  (a deployment was cut off, or is under way)"
        click.echo(f"{one.name}  {one.resources} resources, changed {one.updated_at}{state}")

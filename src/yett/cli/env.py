"""`yett env`: what a shell needs to reach this home's server as root."""

import os
import shlex
import sys

import click
import msgspec

from yett.cli.client import read_root_credentials
from yett.server.home import find_running
from yett.server.settings import read_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object instead of shell exports.")
def env(*, as_json: bool) -> None:
    """Print exports for the root credentials and the endpoint: eval "$(yett env)"."""
    settings = read_settings(os.environ)
    running = find_running(settings.home)
    access_key_id, secret = read_root_credentials(settings.home)
    variables = {
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret.reveal(),
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,
        "AWS_ENDPOINT_URL": running.url if running else f"http://localhost:{settings.port}",
        "YETT_HOME": str(settings.home),
    }
    if running is None:
        click.echo(f"yett: no server runs on `{settings.home}` yet; the endpoint is the default one", err=True)
    if as_json:
        sys.stdout.write(msgspec.json.encode(variables).decode() + "\n")
        return
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo("unset AWS_SESSION_TOKEN AWS_PROFILE")

"""`yett serve`: run the server."""

from pathlib import Path

import click
from msgspec import structs

from yett.cli.serving import serve_until_told, settings_of
from yett.server.run import Server
from yett.server.settings import BadSetting, separate

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
MOST_WORKERS = 256


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one.  [default: 4566]")
@click.option("--gateway", metavar="HOST:PORT", help="Serve callers of APIs here; nothing here asks for root.")
@click.option("--admin", metavar="HOST:PORT", help="Beside --gateway: serve AWS APIs here.  [default: 127.0.0.1:4566]")
@click.option("--tls-cert", type=FILE, help="Beside --gateway: its certificate with the chain, in PEM.")
@click.option("--tls-key", type=FILE, help="The key of the certificate, in PEM.")
@click.option(
    "--workers",
    type=click.IntRange(0, MOST_WORKERS),
    default=0,
    show_default=True,
    help="Processes that answer callers of APIs; with 0 this one does it all.",
)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where everything is kept.  [YETT_HOME]")
def serve(
    *,
    host: str | None,
    port: int | None,
    gateway: str | None,
    admin: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    workers: int,
    home: Path | None,
) -> None:
    """Run the server until Ctrl-C. SIGHUP has it read its certificate again and replace its workers."""
    if gateway is None and (admin or tls_cert or tls_key):
        raise click.UsageError("--admin, --tls-cert and --tls-key go with --gateway")
    if gateway is not None and (host is not None or port is not None):
        raise click.UsageError("--gateway and --admin take the places of --host and --port")
    settings = structs.replace(settings_of(host, port, home), workers=workers)
    if gateway is not None:
        try:
            settings = separate(settings, gateway=gateway, admin=admin, certificate=tls_cert, key=tls_key)
        except BadSetting as refusal:
            raise click.UsageError(refusal.reason) from refusal

    async def say(server: Server) -> None:
        if gateway is None:
            click.echo(f"yett serves AWS APIs, invocations and user pools at {server.url}")
        else:
            click.echo(f"yett serves invocations and user pools at {server.gateway_url}, AWS APIs at {server.url}")
        click.echo('in another shell: eval "$(yett env)"')

    serve_until_told(settings, say)

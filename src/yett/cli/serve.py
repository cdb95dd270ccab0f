"""`yett serve`: run the server."""

from pathlib import Path

import click

from yett.cli.serving import serve_until_told, settings_of
from yett.server.run import Server


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one.  [default: 4566]")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where everything is kept.  [YETT_HOME]")
def serve(*, host: str | None, port: int | None, home: Path | None) -> None:
    """Run the server until Ctrl-C."""

    async def say(server: Server) -> None:
        click.echo(f"yett serves AWS APIs, invocations and user pools at {server.url}")
        click.echo('in another shell: eval "$(yett env)"')

    serve_until_told(settings_of(host, port, home), say)

"""`yett backup`: everything of this home's store in one file."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from yett.server.settings import read_settings
from yett.server.upkeep import make_backup


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--with-master-key",
    is_flag=True,
    help="Put the master key in too: whoever has the file then has every secret.",
)
def backup(*, file: Path, with_master_key: bool) -> None:
    """Write all that the store holds, at one moment, into FILE. The server may run.

    The database is YETT_DATABASE_URL's, or the home's. Secrets stay sealed under the master key: keep that apart.
    """
    settings = read_settings(os.environ)
    header = make_backup(settings, os.environ, file, now=datetime.now(UTC), with_master_key=with_master_key)
    rows = ", ".join(f"{count} {name}" for name, count in sorted(header.rows.items()))
    click.echo(f"backed up to `{file}`: {rows}")
    if not with_master_key:
        click.echo("the master key is not in it: keep that elsewhere, secrets do not open without it", err=True)

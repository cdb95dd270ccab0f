"""`yett restore`: a backup into an empty home or database."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from yett.server.settings import read_settings
from yett.server.upkeep import restore_backup


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Replace all that the database holds.")
@click.option("--without-secrets", is_flag=True, help="Restore though the secrets cannot be opened here.")
def restore(*, file: Path, force: bool, without_secrets: bool) -> None:
    """Put the backup FILE into the store: YETT_DATABASE_URL's, or the home's. No server may run on it."""
    settings = read_settings(os.environ)
    done = restore_backup(
        settings, os.environ, file, now=datetime.now(UTC), replaces=force, may_be_shut=without_secrets
    )
    rows = ", ".join(f"{count} {name}" for name, count in sorted(done.header.rows.items()))
    click.echo(f"restored `{file}` of {done.header.made_at:%Y-%m-%d %H:%M:%S} UTC: {rows}")
    if done.has_credentials:
        click.echo(f"root's credentials are in `{settings.home}` again")
    if done.shut:
        lost = ", ".join(f"{count} {what}" for what, count in done.shut.items())
        click.echo(f"the secrets of {lost} cannot be opened under this master key: make those anew", err=True)

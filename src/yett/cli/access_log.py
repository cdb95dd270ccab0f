"""`yett access-log`: the lines of stages' access logs, read from the home's files; no server need run."""

import os
import sys
import time
from pathlib import Path
from typing import Final

import click

from yett.cli.growing_file import GrowingFile, without_controls
from yett.rules.execute_api.access_log import DIRECTORY, parse_file_name
from yett.server.settings import read_settings

DEFAULT_TAIL: Final = 100
POLL_SECONDS: Final = 0.25


@click.command("access-log")
@click.argument("log_group", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on and show what is added, until interrupted.")
@click.option(
    "--tail", default=DEFAULT_TAIL, show_default=True, type=click.IntRange(min=0), help="How many lines back, a group."
)
def access_log(*, log_group: str | None, follow: bool, tail: int) -> None:
    """Show the access logs of stages, a line a call, in the form that each stage's owner gave.

    LOG_GROUP is a log group's name or a part of it; without one all are shown.
    """
    directory = read_settings(os.environ).home / DIRECTORY
    files: dict[Path, GrowingFile] = {}
    for path in discover(directory, log_group, files):
        lines = files[path].read_older() + files[path].read_new()
        show(lines[-tail:] if tail else [])
    if not files and not follow:
        wanted = f" of a log group like `{log_group}`" if log_group else ""
        raise click.ClickException(
            f"there is no line{wanted} in `{directory}`: a stage keeps an access log once its accessLogSettings name "
            "a log group and a format"
        )
    while follow:
        try:
            time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            return
        discover(directory, log_group, files)
        for file in files.values():
            show(file.read_new())


def discover(directory: Path, log_group: str | None, files: dict[Path, GrowingFile]) -> list[Path]:
    """The files of the wanted log groups that are not yet among *files*, which they are added to."""
    named = [(path, name) for path in sorted(directory.glob("*.log")) if (name := parse_file_name(path.name))]
    exact = [path for path, name in named if name == log_group]
    found = exact or [path for path, name in named if log_group is None or log_group in name]
    new = [path for path in found if path not in files]
    files.update({path: GrowingFile(path) for path in new})
    return new


def show(lines: list[bytes]) -> None:
    """Print lines as they are, but for what a terminal would act on."""
    for line in lines:
        sys.stdout.write(without_controls(line.decode("utf-8", "replace")) + "\n")
    sys.stdout.flush()

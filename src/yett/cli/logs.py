"""`yett logs`: what functions have logged, read from the home's files; no server need run."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import click
import msgspec
from msgspec import Struct

from yett.cli.growing_file import GrowingFile, without_controls
from yett.rules.lambda_.log_record import DIRECTORY, LogRecord, parse, parse_file_name
from yett.server.settings import read_settings

DEFAULT_TAIL: Final = 100
POLL_SECONDS: Final = 0.25


class Line(Struct, frozen=True, kw_only=True):
    """A record, and whose it is."""

    function: str
    record: LogRecord


class LogFile:
    """One function's log."""

    def __init__(self, path: Path, function: str) -> None:
        self.function = function
        self.path = path
        self._file = GrowingFile(path)

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The log in a file; None if the file is none of a function's."""
        parts = parse_file_name(path.name)
        return None if parts is None else cls(path, parts[2])

    def read_older(self) -> list[Line]:
        """What the file before this one holds."""
        return self._lines(self._file.read_older())

    def read_new(self) -> list[Line]:
        """What was added since the last call; at first, everything in the present file."""
        return self._lines(self._file.read_new())

    def _lines(self, lines: list[bytes]) -> list[Line]:
        return [Line(function=self.function, record=record) for each in lines if (record := parse(each)) is not None]


@click.command()
@click.argument("function", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on and show what is added, until interrupted.")
@click.option(
    "--tail", default=DEFAULT_TAIL, show_default=True, type=click.IntRange(min=0), help="How many lines back."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def logs(*, function: str | None, follow: bool, tail: int, as_json: bool) -> None:
    """Show what functions have logged: all of them, or FUNCTION (its name, its ARN, or a part of its name)."""
    directory = read_settings(os.environ).home / DIRECTORY
    files: dict[Path, LogFile] = {}
    lines = [line for file in discover(directory, function, files) for line in file.read_older() + file.read_new()]
    if not files and not follow:
        wanted = f"function like `{function}`" if function else "function"
        raise click.ClickException(f"no {wanted} has logged anything in `{directory}`; YETT_HOME names the home")
    lines.sort(key=lambda line: line.record.timestamp)
    show(lines[-tail:] if tail else [], as_json=as_json)
    while follow:
        try:
            time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            return
        for _ in discover(directory, function, files):
            pass
        added = [line for file in files.values() for line in file.read_new()]
        show(sorted(added, key=lambda line: line.record.timestamp), as_json=as_json)


def discover(directory: Path, function: str | None, files: dict[Path, LogFile]) -> Iterator[LogFile]:
    """The wanted logs that are not yet among *files*, which they are added to; an exact name beats parts of names."""
    found = [file for path in sorted(directory.glob("*.jsonl")) if (file := LogFile.of(path)) is not None]
    if function is not None:
        name = function.removesuffix(":$LATEST").rpartition(":")[2]
        exact = [file for file in found if file.function == name]
        found = exact or [file for file in found if name in file.function]
    for file in found:
        if file.path not in files:
            files[file.path] = file
            yield file


def show(lines: list[Line], *, as_json: bool) -> None:
    """Print lines, for a program or for a person."""
    for line in lines:
        sys.stdout.write((render_json(line) if as_json else render_text(line)) + "\n")
    sys.stdout.flush()


def render_json(line: Line) -> str:
    """The line as a JSON object."""
    record = line.record
    return msgspec.json.encode(
        {
            "function": line.function,
            "timestamp": moment(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestId": record.request_id,
            "message": record.message,
        }
    ).decode()


def render_text(line: Line) -> str:
    """The line after its time and function, with nothing in it that a terminal would act on.

    The lines of a traceback, which the runtime joins by carriage returns, are parted again.
    """
    message = without_controls(line.record.message.rstrip("\r")).replace("\r", "\n    ").expandtabs()
    return f"{moment(line.record):%Y-%m-%d %H:%M:%S} {line.function} {message}"


def moment(record: LogRecord) -> datetime:
    """When it was printed."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)

"""`yett logs`: what functions have logged, read from the home's files; no server need run."""

import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import click
import msgspec
from msgspec import Struct

from yett.rules.lambda_.log_record import DIRECTORY, OLDER, LogRecord, parse, parse_file_name
from yett.server.settings import read_settings

DEFAULT_TAIL: Final = 100
POLL_SECONDS: Final = 0.25
# What a terminal would act on; colours are let through.
CONTROLS: Final = re.compile(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


class Line(Struct, frozen=True, kw_only=True):
    """A record, and whose it is."""

    function: str
    record: LogRecord


class LogFile:
    """One function's log, read forwards, across the change to a new file."""

    def __init__(self, path: Path, function: str) -> None:
        self.function = function
        self.path = path
        self._inode = 0
        self._offset = 0
        self._torn = b""

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The log in a file; None if the file is none of a function's."""
        parts = parse_file_name(path.name)
        return None if parts is None else cls(path, parts[2])

    def read_older(self) -> list[Line]:
        """What the file before this one holds."""
        try:
            data = Path(f"{self.path}{OLDER}").read_bytes()
        except OSError:
            return []
        return self._lines(data)

    def read_new(self) -> list[Line]:
        """What was added since the last call; at first, everything in the present file."""
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                if found.st_ino != self._inode:
                    rest = self._rest_of_older() if self._inode else []
                    self._inode, self._offset, self._torn = found.st_ino, 0, b""
                else:
                    rest = []
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        self._offset += len(data)
        whole, separator, torn = (self._torn + data).rpartition(b"\n")
        self._torn = torn
        return rest + self._lines(whole + separator)

    def _rest_of_older(self) -> list[Line]:
        """What was still added to the file before it became the older one."""
        try:
            with Path(f"{self.path}{OLDER}").open("rb") as file:
                if os.fstat(file.fileno()).st_ino != self._inode:
                    return []
                file.seek(self._offset)
                return self._lines(self._torn + file.read())
        except OSError:
            return []

    def _lines(self, data: bytes) -> list[Line]:
        records = (parse(line) for line in data.splitlines())
        return [Line(function=self.function, record=record) for record in records if record is not None]


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
    message = CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", line.record.message.rstrip("\r"))
    message = message.replace("\r", "\n    ").expandtabs()
    return f"{moment(line.record):%Y-%m-%d %H:%M:%S} {line.function} {message}"


def moment(record: LogRecord) -> datetime:
    """When it was printed."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)

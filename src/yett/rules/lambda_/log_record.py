"""A line of a function's log, as kept in its file: JSON lines, one record each.

The file of a function is ``{account}.{region}.{name}.jsonl`` in the directory ``logs`` of the home; the one before it
has ``.1`` appended.
"""

from typing import Final

import msgspec
from msgspec import Struct

DIRECTORY: Final = "logs"
SUFFIX: Final = ".jsonl"
OLDER: Final = ".1"
FILE_BYTES: Final = 4 * 1024 * 1024  # ours: then a new file is begun; two are kept for each function
MESSAGE_BYTES: Final = 256 * 1024  # ours, as CloudWatch Logs long had it; what is longer is cut into several

_encode = msgspec.json.Encoder().encode


class LogRecord(Struct, frozen=True, kw_only=True):
    """One line that a function, or Lambda on its behalf, printed."""

    timestamp: int  # milliseconds since 1970
    message: str
    request_id: str | None = None  # None while the process was starting


_DECODER: Final = msgspec.json.Decoder(LogRecord)


def file_name(account: str, region: str, name: str) -> str:
    """The function's file in the log directory."""
    return f"{account}.{region}.{name}{SUFFIX}"


def parse_file_name(text: str) -> tuple[str, str, str] | None:
    """Account, Region and function name of a current log file; None for any other file."""
    match text.removesuffix(SUFFIX).split("."):
        case [account, region, name] if text.endswith(SUFFIX):
            return account, region, name
        case _:
            return None


def render(record: LogRecord) -> bytes:
    """The record's line, with its line feed."""
    return _encode(record) + b"\n"


def parse(line: bytes) -> LogRecord | None:
    """Read a line; None for one that is torn or none of ours."""
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

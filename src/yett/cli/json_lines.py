"""Commands that read JSON lines: each line is answered as it arrives, an unreadable one with its error."""

import json
import sys
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from yett.values.timestamps import parse_iso

# Ours: room for the largest body that API Gateway takes (10 MB) in Base64, with headers and key sets around it.
LINE_BYTES: Final = 32 * 1024 * 1024

Answer = dict[str, Any]


class UnreadableLine(Exception):
    """The line is not what the command reads."""


def answer_lines(answer: Callable[[Answer], Answer]) -> None:
    """Answer standard input, line by line, on standard output, to the end; every answer is flushed at once."""
    source, sink = sys.stdin.buffer, sys.stdout
    while line := source.readline(LINE_BYTES + 1):
        if len(line) > LINE_BYTES and not line.endswith(b"\n"):
            while rest := source.readline(LINE_BYTES):
                if rest.endswith(b"\n"):
                    break
            line = b""  # unreadable, and answered as such
        elif not line.strip():
            continue
        sink.write(json.dumps(_answer_line(line, answer)) + "\n")
        sink.flush()


def _answer_line(line: bytes, answer: Callable[[Answer], Answer]) -> Answer:
    members: Any = None
    try:
        members = json.loads(line.decode("utf-8"))
        if not isinstance(members, dict):
            raise UnreadableLine("the line is no JSON object")
        return {"id": members.get("id"), **answer(members)}
    except UnreadableLine as error:
        message = str(error)
    except (ValueError, RecursionError) as error:
        message = "the line is no JSON" if members is None else f"the line cannot be read: {error}"
    except Exception as error:  # noqa: BLE001 - a bug in one answer must not swallow the answers after it
        message = f"internal error: {type(error).__name__}"
    return {
        "id": members.get("id") if isinstance(members, dict) else None,
        "valid": False,
        "error": {"code": "UnreadableLine", "message": message},
    }


def refused(code: str, message: str) -> Answer:
    """The answer to a line whose signature or token is not accepted."""
    return {"valid": False, "error": {"code": code, "message": message}}


def read_text(members: Answer, name: str, *, default: str | None = None) -> str:
    """A member that is a text.

    Raises:
        UnreadableLine: It is missing and has no default, or is something else.
    """
    value = members.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise UnreadableLine(f"`{name}` is no text")
    return value


def find_text(members: Answer, name: str) -> str | None:
    """A member that is a text or absent.

    Raises:
        UnreadableLine: It is something else.
    """
    return None if members.get(name) is None else read_text(members, name)


def read_object(members: Answer, name: str) -> Answer:
    """A member that is an object.

    Raises:
        UnreadableLine: It is missing or something else.
    """
    value = members.get(name)
    if not isinstance(value, dict):
        raise UnreadableLine(f"`{name}` is no object")
    return value


def read_texts(members: Answer, name: str) -> list[str] | None:
    """A member that is a text or a list of texts, as a list; None where absent.

    Raises:
        UnreadableLine: It is something else.
    """
    value = members.get(name)
    if value is None:
        return None
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise UnreadableLine(f"`{name}` is neither a text nor a list of texts")
    return values


def read_moment(members: Answer, name: str) -> datetime:
    """A member that is an ISO 8601 moment, extended or basic; without an offset it is UTC.

    Raises:
        UnreadableLine: It is missing or something else.
    """
    text = read_text(members, name)
    try:
        return parse_iso(text)
    except (ValueError, OverflowError):
        raise UnreadableLine(f"`{name}` is no ISO 8601 moment") from None


def read_base64(members: Answer, name: str) -> bytes:
    """A member in Base64, empty where absent.

    Raises:
        UnreadableLine: It is something else.
    """
    try:
        return b64decode(read_text(members, name, default=""), validate=True)
    except (Error, ValueError):
        raise UnreadableLine(f"`{name}` is no Base64") from None

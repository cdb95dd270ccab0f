"""What Lambda says of an invocation that did not end in the handler's answer, and the lines around it in the log.

Source: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html,
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from datetime import datetime
from math import ceil
from typing import Final

import msgspec

from yett.values.timestamps import render_iso

UNHANDLED: Final = "Unhandled"  # the FunctionError of every one of these, and of an exception in the handler


def timed_out(request_id: str, timeout_seconds: int, *, now: datetime) -> bytes:
    """The answer of an invocation that outlived its time.

    OBSERVED: two decimals of a second; the moment has milliseconds.
    """
    moment = f"{render_iso(now)[:-1]}.{now.microsecond // 1000:03d}Z"
    return msgspec.json.encode({"errorMessage": f"{moment} {request_id} {timed_out_text(timeout_seconds)}"})


def timed_out_text(timeout_seconds: int) -> str:
    """``Task timed out after 3.00 seconds``."""
    return f"Task timed out after {timeout_seconds:.2f} seconds"


def exited(request_id: str, *, exit_status: int | None, signal_name: str | None) -> bytes:
    """The answer of an invocation whose process ended: with a status, or by a signal (``killed``)."""
    return msgspec.json.encode(
        {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: {exit_text(exit_status, signal_name)}",
        }
    )


def exit_text(exit_status: int | None, signal_name: str | None) -> str:
    """How Lambda names the end of a process."""
    if signal_name is not None:
        return f"Runtime exited with error: signal: {signal_name}"
    if exit_status:
        return f"Runtime exited with error: exit status {exit_status}"
    return "Runtime exited without providing a reason"


def response_too_large(payload_bytes: int) -> bytes:
    """The answer of an invocation whose handler gave more than 6 MB."""
    return msgspec.json.encode(
        {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": f"Response payload size ({payload_bytes} bytes) exceeded maximum allowed payload size "
            "(6291556 bytes).",
        }
    )


def start_line(request_id: str, version: str) -> str:
    """The first line of an invocation's log."""
    return f"START RequestId: {request_id} Version: {version}"


def end_line(request_id: str) -> str:
    """The line after the handler's last."""
    return f"END RequestId: {request_id}"


def report_line(
    request_id: str,
    *,
    duration_ms: float,
    memory_mb: int,
    used_mb: int,
    init_ms: float | None,
    status: str | None = None,
) -> str:
    """The last line: *init_ms* for a process's first invocation, *status* (``timeout``, ``error``) for a failed one."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {ceil(duration_ms)} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {used_mb} MB",
    ]
    if init_ms is not None:
        parts.append(f"Init Duration: {init_ms:.2f} ms")
    if status is not None:
        parts.append(f"Status: {status}")
    return "\t".join(parts) + "\t"

"""Load: keep-alive connections, each with one request in flight; by wrk where it is installed, else by ourselves."""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench.processes import BenchError

HeaderLines = dict[str, str]

_REPLAY: Final = Path(__file__).parent / "replay.lua"


@dataclass(frozen=True)
class Load:
    """What was sent in one go, and how it was answered."""

    requests: int
    seconds: float
    refused: int  # answers other than 2xx or 3xx
    broken: int  # connections that were lost, and requests that got no answer in time
    p50_ms: float | None
    p99_ms: float | None


def drive(url: str, headers: Sequence[HeaderLines], *, seconds: float, connections: int) -> Load:
    """Ask *url* over and over, each time with the next of *headers*."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    wires = [_render(target, {"Host": parts.netloc, **lines}) for lines in headers]
    if shutil.which("wrk"):
        return _drive_by_wrk(url, wires, seconds=seconds, connections=connections)
    return asyncio.run(_drive_ourselves(parts.port or 80, wires, seconds=seconds, connections=connections))


def ask_once(url: str, headers: HeaderLines) -> int:
    """Ask once; the answer's status."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    wire = _render(target, {"Host": parts.netloc, **headers})

    async def ask() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
        writer.write(wire)
        line = await reader.readline()
        writer.close()
        return int(line.split()[1])

    return asyncio.run(ask())


def _render(target: str, lines: HeaderLines) -> bytes:
    block = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {target} HTTP/1.1\r\n{block}\r\n".encode()


def _drive_by_wrk(url: str, wires: Sequence[bytes], *, seconds: float, connections: int) -> Load:
    with tempfile.NamedTemporaryFile(prefix="yett-bench-") as requests:
        requests.write(b"".join(wires))
        requests.flush()
        options = [f"-c{connections}", f"-d{max(1, round(seconds))}s", "-t1", "--latency", "-s", str(_REPLAY)]
        done = subprocess.run(["wrk", *options, url, "--", requests.name], capture_output=True, text=True, check=True)
    text = done.stdout
    total = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
    if total is None:
        raise BenchError(f"wrk said: {text}{done.stderr}")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[total[3]],
        refused=sum(int(count) for count in re.findall(r"Non-2xx or 3xx responses: (\d+)", text)),
        broken=sum(int(count) for count in errors.groups()) if errors else 0,
        p50_ms=_latency(text, "50%"),
        p99_ms=_latency(text, "99%"),
    )


def _latency(text: str, percentile: str) -> float | None:
    found = re.search(rf"{re.escape(percentile)}\s+([\d.]+)(us|ms|s)", text)
    return round(float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]], 3) if found else None


async def _drive_ourselves(port: int, wires: Sequence[bytes], *, seconds: float, connections: int) -> Load:
    deadline = time.monotonic() + seconds
    taken: list[float] = []
    refused = broken = sent = 0

    async def ask() -> None:
        nonlocal refused, broken, sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while (began := time.monotonic()) < deadline:
                sent += 1
                writer.write(wires[(sent - 1) % len(wires)])
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                taken.append(time.monotonic() - began)
                refused += head[9:10] not in {b"2", b"3"}
        except (OSError, asyncio.IncompleteReadError):
            broken += 1
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    taken.sort()
    at = len(taken)
    p50, p99 = (round(1000 * taken[at * percent // 100], 3) if at else None for percent in (50, 99))
    return Load(at, seconds, refused, broken, p50, p99)

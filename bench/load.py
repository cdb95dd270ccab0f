"""Load: keep-alive connections, each with one request in flight; by wrk where it is installed, else by ourselves."""

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """What was sent in one go, and how it was answered."""

    requests: int
    seconds: float
    failures: int  # answers other than 2xx or 3xx, and broken connections
    p50_ms: float | None
    p99_ms: float | None


def drive(url: str, headers: dict[str, str], *, seconds: float, connections: int) -> Load:
    """Ask *url* over and over."""
    if shutil.which("wrk"):
        return _drive_by_wrk(url, headers, seconds=seconds, connections=connections)
    return asyncio.run(_drive_ourselves(url, headers, seconds=seconds, connections=connections))


def _drive_by_wrk(url: str, headers: dict[str, str], *, seconds: float, connections: int) -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    total = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
    if total is None:
        raise RuntimeError(f"wrk said: {text}")
    bad = sum(int(count) for count in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) / (1000 if total[3] == "ms" else 1),
        failures=bad + (sum(int(count) for count in errors.groups()) if errors else 0),
        p50_ms=_latency(text, "50%"),
        p99_ms=_latency(text, "99%"),
    )


def _latency(text: str, percentile: str) -> float | None:
    found = re.search(rf"{re.escape(percentile)}\s+([\d.]+)(us|ms|s)", text)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]] if found else None


async def _drive_ourselves(url: str, headers: dict[str, str], *, seconds: float, connections: int) -> Load:
    parts = urlsplit(url)
    lines = {"Host": parts.netloc, **headers}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    wire = f"GET {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    deadline = time.monotonic() + seconds
    taken: list[float] = []
    failures = 0

    async def ask() -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
        while (began := time.monotonic()) < deadline:
            writer.write(wire.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            taken.append(time.monotonic() - began)
            failures += head[9:10] not in {b"2", b"3"}
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    taken.sort()
    at = len(taken)
    return (
        Load(at, seconds, failures, 1000 * taken[at // 2], 1000 * taken[at * 99 // 100])
        if at
        else Load(0, seconds, 0, None, None)
    )

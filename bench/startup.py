"""How long `yett serve` takes until it answers, and what it holds when nobody asks."""

import statistics
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from bench.processes import BenchError, cpu_seconds, free_port, resident_megabytes, start, stop

STARTS = 4  # the first makes the home, the others find it
PATIENCE_SECONDS = 30.0
SETTLING_SECONDS = 2.0  # from the first answer until memory is read


def measure_start(folder: Path) -> dict[str, object]:
    """Start it a few times on one home."""
    taken: list[float] = []
    cpu: list[float] = []
    resident: list[float] = []
    for _ in range(STARTS):
        port = free_port()
        began = time.monotonic()
        command = [
            str(Path(sys.executable).with_name("yett")),
            "serve",
            "--port",
            str(port),
            "--home",
            str(folder / "started"),
        ]
        process = start(command, log=folder / "errors.log")
        try:
            _wait_for_health(port, until=began + PATIENCE_SECONDS)
            taken.append(time.monotonic() - began)
            cpu.append(cpu_seconds(process.pid))
            time.sleep(SETTLING_SECONDS)
            resident.append(resident_megabytes(process.pid))
        finally:
            stop(process)
    return {
        "fresh_home_seconds": round(taken[0], 2),
        "known_home_seconds": round(statistics.median(taken[1:]), 2),
        "known_home_cpu_seconds": round(statistics.median(cpu[1:]), 2),
        "idle_resident_mb": round(statistics.median(resident), 1),
    }


def _wait_for_health(port: int, *, until: float) -> None:
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < until:
        try:
            with opener.open(f"http://127.0.0.1:{port}/_yett/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.01)
    raise BenchError("yett serve does not answer; the run's errors.log says why")

"""Measure CPU microseconds a request, all contenders beside each other in one run.

    python -m bench.run [--only nginx,open,iam] [--rounds 4] [--seconds 2] [--connections 16] [--name after-this-change]

Each round drives every contender in turn, so that what else the machine does falls on all of them alike. The figure is
CPU time of the whole process tree, user and system, divided by the requests answered. A JSON file with the machine's
description goes to bench/results/; bench/README.md says how to read it.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import peers
from bench.contenders import CONTENDERS as OURS
from bench.contenders import Contender, Run, start_upstream
from bench.load import HeaderLines, Load, ask_once, drive
from bench.processes import BenchError, cpu_seconds, describe_machine, resident_megabytes, stop
from bench.results import write
from bench.startup import measure_start

CONTENDERS = OURS | {
    "haproxy-jwt": peers.haproxy,
    "envoy": peers.envoy,
    "envoy-jwt": peers.envoy_jwt,
    "envoy-jwt-same": peers.envoy_jwt_same,
}
WARM_UP_SECONDS = 1.0
BESIDE = "nginx"  # whom the others are compared with, round by round


class Measured:
    """One contender's figures, round by round."""

    def __init__(self, name: str, contender: Contender, options: argparse.Namespace) -> None:
        self.name = name
        self.contender = contender
        self.connections: int = contender.connections or options.connections
        self.cpu_us: list[float] = []
        self._load: Load | None = None
        self._sent = 0

    def warm_up(self) -> None:
        """See that the answers are what they should be, and let caches fill."""
        status = ask_once(self.contender.url, self.contender.headers()[0])
        if status != self.contender.status:
            raise BenchError(f"{self.name}: answered {status} instead of {self.contender.status}")
        self._drive(WARM_UP_SECONDS)

    def measure(self, seconds: float) -> None:
        """One round."""
        before = cpu_seconds(self.contender.pid)
        load = self._load = self._drive(seconds)
        self.cpu_us.append(1e6 * (cpu_seconds(self.contender.pid) - before) / load.requests)

    def row(self, beside: "Measured | None") -> dict[str, object]:
        """The figures for the file; ratios are of the same round."""
        if self._load is None:
            raise BenchError("there was no round")
        ratios = [own / other for own, other in zip(self.cpu_us, beside.cpu_us, strict=True)] if beside else []
        return {
            "name": self.name,
            "status": self.contender.status,
            "connections": self.connections,
            "cpu_us_min": round(min(self.cpu_us), 1),
            "cpu_us_median": round(statistics.median(self.cpu_us), 1),
            "cpu_us_rounds": [round(figure, 1) for figure in self.cpu_us],
            "times_nginx": round(statistics.median(ratios), 2) if ratios else None,
            "requests_a_second": round(self._load.requests / self._load.seconds),
            "p50_ms": self._load.p50_ms,
            "p99_ms": self._load.p99_ms,
            "resident_mb": round(resident_megabytes(self.contender.pid), 1),
        }

    def _drive(self, seconds: float) -> Load:
        headers = self._in_turn(self.contender.headers())
        load = drive(self.contender.url, headers, seconds=seconds, connections=self.connections)
        self._sent += load.requests
        expected = load.requests if self.contender.status >= 400 else 0
        if load.broken or not load.requests or load.refused != expected:
            raise BenchError(
                f"{self.name}: of {load.requests} requests {load.refused} were refused, {load.broken} connections broke"
            )
        return load

    def _in_turn(self, headers: Sequence[HeaderLines]) -> Sequence[HeaderLines]:
        """Begin where the last load ended, so that what it sent is longest ago."""
        at = self._sent % len(headers)
        return [*headers[at:], *headers[:at]]


def main() -> int:
    """Run, print a table, write the file."""
    options = _options()
    if shutil.which("nginx") is None:
        print("nginx is needed, as upstream and for comparison: apt-get install nginx-light wrk", file=sys.stderr)
        return 1
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as folder:
        run = Run(folder=Path(folder))
        try:
            begun = None if options.only else measure_start(run.folder)
            start_upstream(run)
            rows = measure(run, options)
        except BenchError as error:
            print(f"{error}\n{_tail(run.folder / 'errors.log')}", file=sys.stderr)
            return 1
        finally:
            for process in reversed(run.processes):
                stop(process)
    now = datetime.now(UTC)
    report = {
        "taken_at": now.isoformat(timespec="seconds"),
        "unit": "CPU microseconds a request, whole process tree",
        "load": {"rounds": options.rounds, "seconds": options.seconds, "connections": options.connections},
        "machine": machine,
        "start": begun,
        "contenders": rows,
    }
    print_table(report)
    path = write(report, f"{now:%Y-%m-%d}-{options.name}")
    print(f"written to {path}")
    return 0


def measure(run: Run, options: argparse.Namespace) -> list[dict[str, object]]:
    """Drive every contender in every round; one row for each."""
    wanted = [name for name in CONTENDERS if not options.only or name in options.only.split(",")]
    measured: list[Measured] = []
    for name in wanted:
        _say(f"starting {name}")
        try:
            one = Measured(name, CONTENDERS[name](run), options)
        except peers.NotInstalled as missing:
            _say(f"left out {missing}")
            continue
        one.warm_up()
        measured.append(one)
    for number in range(1, options.rounds + 1):
        for one in measured:
            one.measure(options.seconds)
            _say(f"round {number} of {options.rounds}  {one.name:24s} {one.cpu_us[-1]:7.1f} us")
    beside = next((one for one in measured if one.name == BESIDE), None)
    return [one.row(beside) for one in measured]


def print_table(report: dict[str, Any]) -> None:
    """What the file holds, for eyes."""
    titles = ("status", "min us", "median", "x nginx", "req/s", "p50 ms", "p99 ms")
    print(f"\n{'':24s}" + "".join(f"{title:>9s}" for title in titles))
    for row in report["contenders"]:
        ratio = "" if row["times_nginx"] is None else f"{row['times_nginx']:.2f}"
        print(
            f"{row['name']:24s}{row['status']:9d}{row['cpu_us_min']:9.1f}{row['cpu_us_median']:9.1f}{ratio:>9s}"
            f"{row['requests_a_second']:9d}{row['p50_ms'] or 0:9.2f}{row['p99_ms'] or 0:9.2f}"
        )
    if report["start"]:
        print(f"start: {report['start']}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text().splitlines()[-20:]) if log.exists() else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="CPU microseconds a request.")
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(CONTENDERS)}")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2.0, help="of load, for each contender in each round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--name", default="all", help="the last part of the result's file name")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""Measure CPU microseconds a request, all contenders beside each other in one run.

    python -m bench.run [--only nginx,edge-only] [--rounds 5] [--seconds 4] [--connections 16]

Each round drives every contender in turn, so that what else the machine does falls on all of them alike. The figure is
CPU time of the whole process tree, user and system, divided by the requests answered; minimum and median over the
rounds. A JSON file with the machine's description goes to bench/results/.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.contenders import CONTENDERS, Contender, Run, start_upstream
from bench.load import drive
from bench.processes import BenchError, cpu_seconds, describe_machine, resident_megabytes, stop

RESULTS = Path(__file__).parent / "results"
WARM_UP_SECONDS = 1.0


def main() -> int:
    """Run, print a table, write the file."""
    options = _options()
    if shutil.which("nginx") is None:
        print("nginx is needed, as upstream and for comparison: apt-get install nginx-light wrk", file=sys.stderr)
        return 1
    wanted = [name for name in CONTENDERS if not options.only or name in options.only.split(",")]
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as folder:
        run = Run(folder=Path(folder))
        try:
            start_upstream(run)
            rows = measure({name: CONTENDERS[name](run) for name in wanted}, options)
        except BenchError as error:
            print(error, file=sys.stderr)
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
        "contenders": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%d}-{options.name}.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written to {path}")
    return 0


def measure(contenders: dict[str, Contender], options: argparse.Namespace) -> list[dict[str, object]]:
    """Drive every contender in every round; one row for each."""
    cpu_us: dict[str, list[float]] = {name: [] for name in contenders}
    rows: dict[str, dict[str, object]] = {}
    for contender in contenders.values():
        drive(contender.url, contender.headers, seconds=WARM_UP_SECONDS, connections=options.connections)
    for _ in range(options.rounds):
        for name, contender in contenders.items():
            before = cpu_seconds(contender.pid)
            load = drive(contender.url, contender.headers, seconds=options.seconds, connections=options.connections)
            used = cpu_seconds(contender.pid) - before
            if load.failures or not load.requests:
                raise BenchError(f"{name}: {load.failures} of {load.requests} requests failed")
            cpu_us[name].append(1e6 * used / load.requests)
            rows[name] = {
                "name": name,
                "cpu_us_min": round(min(cpu_us[name]), 1),
                "cpu_us_median": round(statistics.median(cpu_us[name]), 1),
                "cpu_us_rounds": [round(figure, 1) for figure in cpu_us[name]],
                "requests_a_second": round(load.requests / load.seconds),
                "p50_ms": load.p50_ms,
                "p99_ms": load.p99_ms,
                "resident_mb": round(resident_megabytes(contender.pid), 1),
            }
    for name, figures in cpu_us.items():
        print(f"{name:24s} cpu min {min(figures):7.1f}  median {statistics.median(figures):7.1f} us/request")
    return list(rows.values())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="CPU microseconds a request.")
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(CONTENDERS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load, for each contender in each round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--name", default="bench", help="the last part of the result's file name")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""What the processes of a node have counted, for Prometheus: gathered and rendered when somebody scrapes.

Metric names: ``yett_…``, with base units (seconds, bytes) and ``_total`` for counters.

Source: https://prometheus.io/docs/practices/naming/
"""

import hmac
import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import accumulate
from typing import Final

from msgspec import structs
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from yett.execute_api.tally import BOUNDS, Counted
from yett.server.report import Report
from yett.values.http import Headers, HttpRequest, HttpResponse

BEARER: Final = "Bearer "
BUCKETS: Final = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")
ROUTE: Final = ("api", "stage", "method", "route")


class Retired:
    """What processes had counted that are no more, so that a sum over the node never falls.

    What such a process counted after it was last asked is lost.
    """

    def __init__(self) -> None:
        self._last: dict[str, Report] = {}  # of each place's process
        self._gone: list[Report] = []

    def follow(self, reports: Iterable[Report]) -> tuple[Report, ...]:
        """The reports, and one more for those whose places have other processes by now."""
        told = tuple(reports)
        for each in told:
            last = self._last.get(each.process)
            if last is not None and last.pid != each.pid:
                self._retire(last)
            self._last[each.process] = each
        return (*told, *self._gone)

    def _retire(self, last: Report) -> None:
        before = self._gone[0] if self._gone else None
        refusals = Counter(last.refusals) + Counter({} if before is None else before.refusals)
        counted = merge((*last.counted, *(() if before is None else before.counted)))
        self._gone = [Report(process="", pid=0, cpu_seconds=0, resident_bytes=0, counted=counted, refusals=refusals)]


def merge(rows: Iterable[Counted]) -> tuple[Counted, ...]:
    """Rows of the same names as one."""
    merged: dict[Counted, Counted] = {}
    for row in rows:
        names = structs.replace(row, seconds=0.0, buckets=())
        before = merged.get(names)
        merged[names] = (
            row
            if before is None
            else structs.replace(row, seconds=before.seconds + row.seconds, buckets=_sum(before.buckets, row.buckets))
        )
    return tuple(merged.values())


def _sum(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(first + second for first, second in zip(one, other, strict=True))


def render(reports: Sequence[Report], *, accept: str) -> HttpResponse:
    """The answer to a scrape, in the format that its Accept line prefers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(lambda: _families(reports)))
    encode, content_type = choose_encoder(accept)
    lines = (("Content-Type", content_type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
    return HttpResponse(status=200, headers=Headers(lines), body=encode(registry))


def bears(request: HttpRequest, token: str | None) -> bool:
    """Whether the request bears the token that opens the figures. Where none is set, none does."""
    given = request.headers.get("authorization") or ""
    if not token or not given.startswith(BEARER):
        return False
    return hmac.compare_digest(given.removeprefix(BEARER).encode(), token.encode())


class _Collector:
    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families()


def _families(reports: Sequence[Report]) -> Iterator[Metric]:
    rows = merge(row for each in reports for row in each.counted)
    yield from _calls(rows)
    refusals: Counter[int] = Counter()
    for each in reports:
        refusals.update(each.refusals)
    refused = CounterMetricFamily(
        "yett_edge_refusals", "Requests that were no HTTP, too large or too slow", labels=["status"]
    )
    for status, count in sorted(refusals.items()):
        refused.add_metric([str(status)], count)
    yield refused
    yield from _processes([each for each in reports if each.pid])


def _calls(rows: Sequence[Counted]) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "yett_requests",
        "Calls of deployed APIs that were answered",
        labels=[*ROUTE, "authorization", "outcome", "status"],
    )
    answers = CounterMetricFamily(
        "yett_authorizer_answers",
        "Answers of Lambda authorizers that decided a call, by whether the cache had them",
        labels=["api", "stage", "authorizer", "cache"],
    )
    durations = HistogramMetricFamily(
        "yett_request_duration_seconds",
        "From a request's last byte until its answer was there to be sent",
        labels=ROUTE,
    )
    totals: Counter[tuple[str, ...]] = Counter()
    cached: Counter[tuple[str, ...]] = Counter()
    seconds: defaultdict[tuple[str, ...], float] = defaultdict(float)
    buckets: dict[tuple[str, ...], tuple[int, ...]] = {}
    for row in rows:
        route = (row.api_id, row.stage, row.method, row.resource_path)
        totals[(*route, row.authorization_type, row.outcome, str(row.status))] += row.calls
        if row.cache:
            cached[(row.api_id, row.stage, row.authorizer, row.cache)] += row.calls
        seconds[route] += row.seconds
        buckets[route] = _sum(buckets[route], row.buckets) if route in buckets else row.buckets
    for labels, count in totals.items():
        calls.add_metric(labels, count)
    for labels, count in cached.items():
        answers.add_metric(labels, count)
    for names, counts in buckets.items():
        durations.add_metric(names, list(zip(BUCKETS, accumulate(counts), strict=True)), sum_value=seconds[names])
    yield from (calls, durations, answers)


def _processes(reports: Sequence[Report]) -> Iterator[Metric]:
    cpu = CounterMetricFamily("yett_process_cpu_seconds", "User and system time", labels=["process", "pid"])
    gauges: tuple[tuple[str, str, Callable[[Report], float]], ...] = (
        ("yett_process_resident_bytes", "Memory in use", lambda each: each.resident_bytes),
        ("yett_connections", "Connections of clients", lambda each: each.connections),
        ("yett_held_bytes", "Bodies, and answers that clients do not take", lambda each: each.held_bytes),
        ("yett_upstream_connections", "Connections to backends", lambda each: each.upstream_connections),
        ("yett_decisions_kept", "Calls that can be explained", lambda each: each.decisions),
    )
    for each in reports:
        cpu.add_metric([each.process, str(each.pid)], each.cpu_seconds)
    yield cpu
    for name, text, read in gauges:
        gauge = GaugeMetricFamily(name, text, labels=["process"])
        for each in reports:
            gauge.add_metric([each.process], read(each))
        yield gauge
    functions = GaugeMetricFamily("yett_function_processes", "Processes of functions", labels=["function", "state"])
    for each in reports:
        for arn, (present, busy) in each.functions.items():
            functions.add_metric([arn, "busy"], busy)
            functions.add_metric([arn, "idle"], present - busy)
    yield functions
    info = GaugeMetricFamily("yett_build_info", "The version that runs", labels=["version", "python"])
    info.add_metric([version("yett"), platform.python_version()], 1)
    yield info

"""What one process has counted, as it tells the process that is asked for the node's figures."""

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from yett.execute_api.decisions import Decisions
from yett.execute_api.tally import Counted
from yett.ports.upstream import Upstream
from yett.server.listener import Listener

PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

Processes = Mapping[str, tuple[int, int]]  # of functions, by ARN: how many there are, how many of them work


class Report(Struct, frozen=True, kw_only=True):
    """One process's figures."""

    process: str  # "server", "worker 1", "function host"
    pid: int
    cpu_seconds: float
    resident_bytes: int
    counted: tuple[Counted, ...] = ()
    refusals: Mapping[int, int] = {}  # of the edge's own, by status: no front door has seen them
    connections: int = 0  # of clients
    held_bytes: int = 0  # of bodies, and of answers that clients do not take
    upstream_connections: int = 0
    decisions: int = 0  # kept for explanations
    functions: Processes = {}


def report(
    process: str,
    *,
    decisions: Decisions | None = None,
    listeners: Sequence[Listener] = (),
    upstream: Upstream | None = None,
    functions: Processes | None = None,
) -> Report:
    """The figures of this process."""
    refusals: Counter[int] = Counter()
    for listener in listeners:
        refusals.update(listener.refusals())
    return Report(
        process=process,
        pid=os.getpid(),
        cpu_seconds=time.process_time(),
        resident_bytes=_resident_bytes(),
        counted=() if decisions is None else decisions.tally.counted(),
        refusals=refusals,
        connections=sum(listener.connection_count for listener in listeners),
        held_bytes=sum(listener.held_bytes for listener in listeners),
        upstream_connections=0 if upstream is None else upstream.connection_count,
        decisions=0 if decisions is None else len(decisions),
        functions=functions or {},
    )


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except OSError:  # not on Linux: the most there has been
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


read_report: Final = msgspec.msgpack.Decoder(Report).decode

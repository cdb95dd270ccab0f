"""Who is measured: each entry starts its servers and says where, and with which headers, it is asked.

A contender more is a function here that takes the ``Run`` and gives a ``Contender``, and a row in ``CONTENDERS``. What
several of them share (one yett with a route for each mechanism) is started once and kept in ``run.shared``.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.processes import BenchError, free_port, start, wait_for_port

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    """A server under load. Its whole process tree is measured."""

    pid: int
    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """The surroundings of a run: a folder for files, the upstream that all proxy to, and what was started."""

    folder: Path
    upstream_port: int = 0
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    shared: dict[str, object] = field(default_factory=dict)

    def start(self, command: list[str], *, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a process that ends with the run."""
        process = start(command, log=self.folder / "errors.log", environment=environment)
        self.processes.append(process)
        return process

    def start_nginx(self, name: str, port: int, http: str) -> subprocess.Popen[str]:
        """Start an nginx of one worker."""
        configuration = self.folder / f"{name}.conf"
        configuration.write_text(
            f"worker_processes 1; daemon off; pid {self.folder}/{name}.pid; error_log {self.folder}/{name}.log;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000;\n{http}\n}}\n"
        )
        process = self.start(["nginx", "-c", str(configuration)])
        wait_for_port(port)
        return process


def start_upstream(run: Run) -> None:
    """Start the backend: an nginx that answers from memory."""
    run.upstream_port = free_port()
    answer = '{"ok":true,"pets":["a","b"]}'
    run.start_nginx(
        "upstream",
        run.upstream_port,
        f"server {{ listen 127.0.0.1:{run.upstream_port}; "
        f"location / {{ default_type application/json; return 200 '{answer}'; }} }}",
    )


def nginx(run: Run) -> Contender:
    """nginx as a bare proxy with kept-alive upstream connections: nobody is asked who they are."""
    port = free_port()
    process = run.start_nginx(
        "proxy",
        port,
        f"upstream u {{ server 127.0.0.1:{run.upstream_port}; keepalive 64; keepalive_requests 1000000000; }}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://u; proxy_http_version 1.1; "
        'proxy_set_header Connection ""; } }',
    )
    return Contender(process.pid, f"http://127.0.0.1:{port}/v1/pets")


def edge_only(run: Run) -> Contender:
    """yett's edge and upstream client, with nothing between them: what the rules are added to."""
    process = run.start([sys.executable, "-m", "bench.edge_only", str(run.upstream_port)])
    line = process.stdout.readline() if process.stdout else ""
    if not line.strip().isdigit():
        raise BenchError(f"the edge did not start; see {run.folder}/errors.log")
    return Contender(process.pid, f"http://127.0.0.1:{int(line)}/v1/pets")


CONTENDERS: Final[dict[str, Callable[[Run], Contender]]] = {
    "nginx": nginx,
    "edge-only": edge_only,
}

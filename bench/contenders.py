"""Who is measured: each entry starts its servers and says where, and with which headers, it is asked.

A contender more is a function here that takes the ``Run`` and gives a ``Contender``, and a row in ``CONTENDERS``. Those
of yett share one server (``run.gateway``), which starts when the first of them is asked for.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from bench.gateway import INVOKE, SIGNATURES, Gateway, forge
from bench.load import HeaderLines
from bench.processes import BenchError, free_port, start, wait_for_port

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    """A server under load. Its whole process tree is measured."""

    pid: int
    url: str
    headers: Callable[[], Sequence[HeaderLines]] = lambda: [{}]  # asked before each load: requests in turn
    status: int = 200  # of every answer
    connections: int | None = None  # None: as the run has it


@dataclass
class Run:
    """The surroundings of a run: a folder for files, the upstream that all proxy to, and what was started."""

    folder: Path
    upstream_port: int = 0
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @cached_property
    def gateway(self) -> Gateway:
        """The yett that all its contenders share."""
        process = self.start(Gateway.command(self.folder / "home"))
        return Gateway(process, upstream_port=self.upstream_port)

    def gateway_with(self, workers: int) -> Gateway:
        """A yett of its own, with so many workers."""
        process = self.start(Gateway.command(self.folder / f"home-{workers}", workers=workers))
        return Gateway(process, upstream_port=self.upstream_port)

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
        f"upstream u {{ server 127.0.0.1:{run.upstream_port}; keepalive 1024; keepalive_requests 1000000000; }}\n"
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


def open_route(run: Run) -> Contender:
    """HTTP_PROXY for anyone: the whole line, with nobody to know."""
    return Contender(run.gateway.pid, run.gateway.url("open"), run.gateway.plain())


def mock(run: Run) -> Contender:
    """MOCK: the gateway answers by itself."""
    return Contender(run.gateway.pid, run.gateway.url("mock"), run.gateway.plain())


def warm_function(run: Run) -> Contender:
    """AWS_PROXY, one call at a time: the latency is that of an invocation; the CPU is the function's too."""
    return Contender(run.gateway.pid, run.gateway.url("lambda"), run.gateway.plain(), connections=1)


def resource_policy(run: Run) -> Contender:
    """An open route of an API whose resource policy lets this address in."""
    return Contender(run.gateway.pid, run.gateway.url("open"), run.gateway.plain("allows"))


def resource_policy_denied(run: Run) -> Contender:
    """An open route of an API whose resource policy denies this address."""
    return Contender(run.gateway.pid, run.gateway.url("open"), run.gateway.plain("denies"), 403)


def iam(run: Run) -> Contender:
    """AWS_IAM: a new signature each time."""
    return _signed(run, "may", distinct=SIGNATURES)


def iam_same(run: Run) -> Contender:
    """AWS_IAM: one signature again and again."""
    return _signed(run, "may-again", distinct=1)


def iam_missing(run: Run) -> Contender:
    """AWS_IAM: no signature."""
    return Contender(run.gateway.pid, run.gateway.url("iam"), run.gateway.plain(), 403)


def iam_forged(run: Run) -> Contender:
    """AWS_IAM: signatures that are not good, each another."""
    gateway = run.gateway
    headers = gateway.signed(gateway.user("forged"), distinct=SIGNATURES, forged=True)
    return Contender(gateway.pid, gateway.url("iam"), headers, 403)


def iam_denied(run: Run) -> Contender:
    """AWS_IAM: a good signature, new each time, of a user whom no policy allows anything."""
    gateway = run.gateway
    headers = gateway.signed(gateway.user("may-not"), distinct=SIGNATURES)
    return Contender(gateway.pid, gateway.url("iam"), headers, 403)


def cognito(run: Run) -> Contender:
    """A user pool's ID token: another each time."""
    return Contender(run.gateway.pid, run.gateway.url("cognito"), run.gateway.with_tokens(run.gateway.tokens))


def cognito_same(run: Run) -> Contender:
    """A user pool's ID token: one again and again."""
    return Contender(run.gateway.pid, run.gateway.url("cognito"), run.gateway.with_tokens([run.gateway.token]))


def cognito_missing(run: Run) -> Contender:
    """A user pool's authorizer: no token."""
    return Contender(run.gateway.pid, run.gateway.url("cognito"), run.gateway.plain(), 401)


def cognito_forged(run: Run) -> Contender:
    """A user pool's authorizer: tokens whose signature is another's, each another."""
    forged = [forge(token) for token in run.gateway.tokens]
    return Contender(run.gateway.pid, run.gateway.url("cognito"), run.gateway.with_tokens(forged), 401)


def authorizer(run: Run) -> Contender:
    """A TOKEN authorizer whose answer is remembered."""
    return Contender(run.gateway.pid, run.gateway.url("token"), run.gateway.with_tokens(["good"]))


def authorizer_missing(run: Run) -> Contender:
    """A TOKEN authorizer: no token, so it is not asked."""
    return Contender(run.gateway.pid, run.gateway.url("token"), run.gateway.plain(), 401)


def authorizer_denied(run: Run) -> Contender:
    """A TOKEN authorizer whose remembered answer denies."""
    return Contender(run.gateway.pid, run.gateway.url("token"), run.gateway.with_tokens(["bad"]), 403)


def _signed(run: Run, user: str, *, distinct: int) -> Contender:
    gateway = run.gateway
    credentials = gateway.user(user, {"Effect": "Allow", "Action": INVOKE, "Resource": "*"})
    return Contender(gateway.pid, gateway.url("iam"), gateway.signed(credentials, distinct=distinct))


CONTENDERS: Final[dict[str, Callable[[Run], Contender]]] = {
    "nginx": nginx,
    "edge-only": edge_only,
    "open": open_route,
    "mock": mock,
    "resource-policy": resource_policy,
    "resource-policy-denied": resource_policy_denied,
    "iam": iam,
    "iam-same": iam_same,
    "iam-missing": iam_missing,
    "iam-forged": iam_forged,
    "iam-denied": iam_denied,
    "cognito": cognito,
    "cognito-same": cognito_same,
    "cognito-missing": cognito_missing,
    "cognito-forged": cognito_forged,
    "authorizer": authorizer,
    "authorizer-missing": authorizer_missing,
    "authorizer-denied": authorizer_denied,
    "function": warm_function,
}

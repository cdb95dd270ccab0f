"""A request's way through this process, without sockets: what the gateway's own code takes of it, and where.

    python -m bench.line [--only open,iam,cognito] [--where] [--name after-this-change]

From the bytes of a request to the bytes of its answer, over connections with nothing behind them: edge, line, upstream
client and a backend's answer are real; the store's place is taken by memory. Figures are CPU microseconds of a request,
the least of many short repeats, so that what else the machine does falls on none of them. With `--where`, which
functions that was, by calls and executed lines: both depend on nothing but the code.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import cycle
from types import FrameType
from typing import Any, Final, cast

import uvloop
from msgspec.structs import force_setattr
from tests.execute_api.support import Gateway, make_caller
from tests.rules.execute_api.support import (
    HOST,
    REGION,
    STAGE,
    http,
    method,
    pool_authorizer,
    resource,
    token_authorizer,
)

from bench.processes import describe_machine
from bench.results import write
from yett.adapters.upstream.client import PooledUpstream
from yett.adapters.upstream.connection import UpstreamConnection
from yett.adapters.upstream.pool import Pool
from yett.execute_api.door import ExecuteApi
from yett.rules.execute_api.deployment import (
    AuthorizationType,
    DeployedIntegration,
    DeployedIntegrationResponse,
    IntegrationType,
)
from yett.server.edge import Edge, HostRule
from yett.server.limits import Limits
from yett.server.protocol import GatewayProtocol
from yett.server.shared import Shared
from yett.sigv4 import SignedRequest, sign
from yett.values.http import Headers

ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 30 Nov 2026 18:00:00 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: 28\r\nConnection: keep-alive\r\n\r\n"
    b'{"ok":true,"pets":["a","b"]}'
)
MOCK: Final = DeployedIntegration(
    type=IntegrationType.MOCK,
    request_templates={"application/json": '{"statusCode": 200}'},
    responses=(
        DeployedIntegrationResponse(status_code="200", response_templates={"application/json": '{"ok": true}'}),
    ),
)
REQUESTS_A_REPEAT: Final = 40
REPEATS: Final = 400
TOKENS: Final = 5000  # more than a process remembers
TOKEN_SECONDS: Final = 3600
SIGNATURES: Final = 500


class Transport:
    """What a protocol asks of a transport, of one that has nothing behind it."""

    def __init__(self) -> None:
        self.written: asyncio.Future[bytes]

    def get_extra_info(self, name: str) -> object:
        return ("127.0.0.1", 50_000) if name == "peername" else None

    def write(self, data: bytes) -> None:
        self.written.set_result(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


class Backend(Transport):
    """A backend that answers at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.connection: UpstreamConnection
        self._loop = loop

    def write(self, data: bytes) -> None:  # noqa: ARG002
        self._loop.call_soon(self.connection.data_received, ANSWER)


class PluggedUpstream(PooledUpstream):
    """The upstream client, whose connections lead to ``Backend``."""

    async def _connect(
        self,
        pool: Pool,
        *,
        deadline: float,  # noqa: ARG002
    ) -> UpstreamConnection:
        backend = Backend(pool.loop)
        connection = backend.connection = UpstreamConnection(pool)
        connection.connection_made(cast("asyncio.Transport", backend))
        pool.connections.add(connection)
        return connection


class Way:
    """A gateway with a route for each kind of caller, and one client connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        backend = http("http://127.0.0.1:8000/v1/pets")
        self._caller = make_caller({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"})
        self._gateway = Gateway(
            resource("/open", method(integration=backend)),
            resource("/mock", method(integration=MOCK)),
            resource("/iam", method(kind=AuthorizationType.AWS_IAM, integration=backend)),
            resource("/token", method(kind=AuthorizationType.CUSTOM, integration=backend, authorizer_id="auth1")),
            resource(
                "/cognito",
                method(kind=AuthorizationType.COGNITO_USER_POOLS, integration=backend, authorizer_id="auth2"),
            ),
            callers=(self._caller,),
            authorizers=(token_authorizer(), pool_authorizer()),
        )
        self._gateway.clock.moment = datetime.now(UTC)
        force_setattr(self._gateway.ports, "upstream", PluggedUpstream())
        self._door = ExecuteApi(self._gateway.ports, self._gateway.decisions)
        hosts = Edge(hosts=HostRule(domains=frozenset()), trusted_proxies=())
        self._loop = loop
        self._client = Transport()
        shared = Shared(self._door.answer, edge=hosts, limits=Limits(), scheme="http", loop=loop)
        self._protocol = GatewayProtocol(shared, loop)
        self._protocol.connection_made(cast("asyncio.Transport", self._client))

    async def ask(self, request: bytes) -> bytes:
        """Send a request; the answer's bytes."""
        written = self._client.written = self._loop.create_future()
        self._loop.call_soon(self._protocol.data_received, request)  # as a transport does: not from within a task
        return await written

    def signed(self, *, forged: bool = False) -> Iterator[bytes]:
        """Requests with a signature each, good for five minutes; or, *forged*, with one that is nobody's."""
        now = datetime.now(UTC)
        made = []
        for number in range(SIGNATURES):
            lines = Headers((("Host", HOST), ("X-Nonce", str(number))))
            headers = sign(
                SignedRequest("GET", f"/{STAGE}/iam", "", lines, b""),
                access_key_id=self._caller.identity.access_key_id,
                secret_access_key=self._caller.secret_access_key,
                session_token=None,
                region=REGION,
                service="execute-api",
                now=now,
            )
            if forged:
                headers = headers.without("authorization").with_line(
                    "Authorization", f"{headers.get('authorization')}"[:-8] + "01234567"
                )
            made.append(render("/iam", *lines.lines[1:], *headers))
        return cycle(made)

    def tokens(self, amount: int) -> Iterator[bytes]:
        """Requests with an ID token each."""
        issued_at = int(self._gateway.clock.now().timestamp())  # user pools write whole seconds
        made = []
        for number in range(amount):
            token = self._gateway.token(
                jti=str(number), email="a@example.com", iat=issued_at, exp=issued_at + TOKEN_SECONDS
            )
            made.append(render("/cognito", ("Authorization", token)))
        return cycle(made)


def render(path: str, *lines: tuple[str, str]) -> bytes:
    """A request's bytes."""
    block = "".join(f"{name}: {value}\r\n" for name, value in (("Host", HOST), *lines))
    return f"GET /{STAGE}{path} HTTP/1.1\r\n{block}\r\n".encode()


# name -> (the requests, status of their answers)
WAYS: Final[dict[str, tuple[Callable[[Way], Iterator[bytes]], int]]] = {
    "open": (lambda _: cycle([render("/open")]), 200),
    "mock": (lambda _: cycle([render("/mock")]), 200),
    "iam": (Way.signed, 200),
    "iam-forged": (lambda way: way.signed(forged=True), 403),
    "iam-missing": (lambda _: cycle([render("/iam")]), 403),
    "cognito": (lambda way: way.tokens(TOKENS), 200),
    "cognito-same": (lambda way: way.tokens(1), 200),
    "cognito-missing": (lambda _: cycle([render("/cognito")]), 401),
    "authorizer": (lambda _: cycle([render("/token", ("Authorization", "Bearer good"))]), 200),
}


async def measure(name: str) -> dict[str, object]:
    """The figures of one way."""
    make, status = WAYS[name]
    way = Way(asyncio.get_running_loop())
    requests = make(way)
    answer = await way.ask(next(requests))
    if answer.split(b" ", 2)[1] != str(status).encode():
        raise SystemExit(f"{name}: answered {answer!r}")
    taken = []
    for _ in range(REPEATS):
        began = time.thread_time()
        for _ in range(REQUESTS_A_REPEAT):
            await way.ask(next(requests))
        taken.append((time.thread_time() - began) / REQUESTS_A_REPEAT)
    taken.sort()
    return {"name": name, "us_min": round(1e6 * taken[0], 1), "us_median": round(1e6 * taken[len(taken) // 2], 1)}


async def account(name: str) -> list[tuple[str, float, float]]:
    """Functions with their calls and executed lines a request, most lines first."""
    way = Way(asyncio.get_running_loop())
    requests = WAYS[name][0](way)
    for _ in range(REQUESTS_A_REPEAT):
        await way.ask(next(requests))
    calls: Counter[str] = Counter()
    lines: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        where = f"{frame.f_code.co_filename.rpartition('/src/')[2]} {frame.f_code.co_qualname}"
        if event == "line":
            lines[where] += 1
        elif event == "call":
            calls[where] += 1
        return trace

    sys.settrace(trace)
    for _ in range(REQUESTS_A_REPEAT):
        await way.ask(next(requests))
    sys.settrace(None)
    return [
        (where, calls[where] / REQUESTS_A_REPEAT, amount / REQUESTS_A_REPEAT) for where, amount in lines.most_common()
    ]


def main() -> int:
    """Measure, print, write the file."""
    options = _options()
    names = [name for name in WAYS if not options.only or name in options.only.split(",")]
    rows = []
    for name in names:
        row = uvloop.run(measure(name))
        rows.append(row)
        print(f"{name:18s}{row['us_min']:>8} us, median {row['us_median']}", flush=True)
        if options.where:
            told = uvloop.run(account(name))
            print(f"{'':18s}{sum(each[1] for each in told):8.0f} calls, {sum(each[2] for each in told):.0f} lines")
            for where, calls, lines in told[: options.most]:
                print(f"{'':18s}{calls:8.1f} {lines:8.1f}  {where}")
    if options.name:
        path = write({"machine": describe_machine(), "unit": "CPU us a request", "rows": rows}, options.name)
        print(f"written to {path}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.line", description="CPU microseconds of our own part.")
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(WAYS)}")
    parser.add_argument("--where", action="store_true", help="which functions it was")
    parser.add_argument("--most", type=int, default=40, help="with --where: how many functions")
    parser.add_argument("--name", default="", help="write a file of this name to bench/results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

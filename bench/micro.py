"""Measure parts of a request in this process, without HTTP; and how long a warm function is waited for.

    python -m bench.micro [--only policy,sigv4,…] [--name after-this-change]

Figures are CPU microseconds of one operation: the least of several repeats, and their median. `function` is waiting
time, since other processes take part; `workers` and `connections` the CPU of all of a server's processes, a call of an
open route. A JSON file goes to bench/results/; bench/README.md says how to read it.
"""

import argparse
import json
import statistics
import sys
import tempfile
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.rules.execute_api.support import call, http

from bench import policy_peers
from bench.contenders import Contender, Run, mock, nginx, open_route, start_upstream, warm_function
from bench.corpus import REGION, ask, make_policies, make_routes
from bench.load import drive
from bench.processes import cpu_seconds, describe_machine, resident_megabytes, stop
from bench.results import write
from yett.execute_api.access_log import summary_of
from yett.execute_api.decisions import Decisions, Record
from yett.execute_api.trace import explain
from yett.policy import CallerPolicies, CompiledPolicies, compile_policies, decide
from yett.rules.execute_api.routing.domain import Target
from yett.rules.execute_api.routing.rest import Router
from yett.sigv4 import Expectation, SignedRequest, SigningKeys, read_presented, sign, verify
from yett.tokens import parse_key_set, render_jwk, sign_jws, verify_jws
from yett.values.http import Headers, HttpResponse
from yett.values.secret import Secret

SIZES: Final = (10, 100, 1000, 10_000)
REPEATS: Final = 7
REPEAT_SECONDS: Final = 0.05
FUNCTION_SECONDS: Final = 3.0
WORKERS: Final = (1, 2, 4, 8)
WORKER_CONNECTIONS: Final = 64  # dealt out among them by the kernel
CONNECTIONS: Final = (1, 4, 16, 64, 256, 1024)

Row = dict[str, Any]


def measure(operation: Callable[[], object], *, per: int = 1) -> Row:
    """CPU microseconds of one of the *per* things that *operation* does at once."""
    timer = timeit.Timer(operation, timer=process_time)
    number = 1
    while (taken := timer.timeit(number)) < REPEAT_SECONDS and number < 1_000_000:
        number = max(number * 2, int(number * REPEAT_SECONDS / taken) if taken else 0)
    figures = [1e6 * each / number / per for each in timer.repeat(REPEATS, number)]
    return {"us_min": round(min(figures), 3), "us_median": round(statistics.median(figures), 3)}


def policy() -> list[Row]:
    """A decision among 10 to 10,000 statements of the corpus, allowed and not; and what compiling a statement takes."""
    rows = []
    for size in SIZES:
        policies = make_policies(size)
        caller = _caller(compile_policies(policies, actions=None))
        crowd = _caller(compile_policies(make_policies(size, crowded=True), actions=None))
        last = ask((size - 1) // 4 * 4)
        for name, request, by in (("allow", last, caller), ("deny", ask(-1), caller), ("in a crowd", last, crowd)):
            outcome = decide(request, caller=by, resource_policy=None, same_account=True).outcome.value
            row = measure(partial(decide, request, caller=by, resource_policy=None, same_account=True))
            rows.append({"name": f"decision, {name}", "size": size, "outcome": outcome, **row})
        compiling = measure(partial(compile_policies, policies, actions=None), per=size)
        rows.append({"name": "compiling, each statement", "size": size, **compiling})
    for name in policy_peers.missing():
        print(f"{name} is left out: .venv/bin/pip install -r bench/requirements.txt")
    for name, make in policy_peers.ENGINES.items():
        for size in policy_peers.SIZES if name not in policy_peers.missing() else ():
            decides = make(size)
            for outcome, request in (("allow", ask((size - 1) // 4 * 4)), ("deny", ask(-1))):
                if decides(request.resource) is not (outcome == "allow"):
                    raise AssertionError(f"{name} decides otherwise than {outcome}")
                rows.append({"name": f"{name}, {outcome}", "size": size, **measure(partial(decides, request.resource))})
    return rows


def sigv4() -> list[Row]:
    """Verifying a signature, beside botocore signing the same request."""
    secret, now = Secret("bPxRfiCYEXAMPLEKEY0123456789abcdefghijkl"), datetime.now(UTC)
    url = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/pets?type=dog&page=2"
    plain = Headers((("Host", "abc123.execute-api.us-east-1.amazonaws.com"), ("Accept", "application/json")))
    request = SignedRequest("GET", "/prod/pets", "type=dog&page=2", plain, b"")
    signing = {"access_key_id": "AKIAEXAMPLE", "session_token": None, "region": REGION, "service": "execute-api"}
    signed = SignedRequest(
        *(request.method, request.path, request.query),
        Headers((*plain, *sign(request, secret_access_key=secret, now=now, **signing))),  # type: ignore[arg-type]
        b"",
    )
    expectation = Expectation(service="execute-api", region=REGION, skew_seconds=300)
    keys = SigningKeys(secret)

    def check() -> None:
        presented = read_presented(signed, now=now, expectation=expectation)
        if presented is None:
            raise AssertionError("it is signed")
        verify(signed, presented, signing_keys=keys, now=now, expectation=expectation)

    signer = SigV4Auth(Credentials("AKIAEXAMPLE", secret.reveal()), "execute-api", REGION)

    def sign_by_botocore() -> None:
        signer.add_auth(AWSRequest(method="GET", url=url, headers=dict(plain)))

    verifying, beside = measure(check), measure(sign_by_botocore)
    times = verifying["us_min"] / beside["us_min"]
    return [
        {
            "name": "verifying a signature",
            **verifying,
            "times_botocore": round(times, 2),
        },
        {"name": "signing by botocore", **beside},
    ]


def routing() -> list[Row]:
    """Finding a method among 10 to 10,000 routes: literal paths, and such with a variable."""
    rows = []
    for size in SIZES:
        router = Router(make_routes(size))
        for name, path in (("literal", f"/literal{size - 2}/items"), ("variable", f"/service{size - 1}/7/details")):
            if router.find("GET", path) is None:
                raise AssertionError(f"no route for {path}")
            row = measure(partial(router.find, "GET", path))
            rows.append({"name": f"routing, {name}", "size": size, **row})
    return rows


def tokens() -> list[Row]:
    """Verifying an RS256 token, with keys from sets of several sizes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = sign_jws({"sub": "u", "iss": "x", "exp": 1}, key, kid="k")
    rows = []
    for size in (1, 10, 100):
        names = [*(f"k{at}" for at in range(1, size)), "k"]
        jwks = [render_jwk(key.public_key(), kid=name, alg="RS256") for name in names]
        keys = parse_key_set(json.dumps({"keys": jwks}))
        row = measure(partial(verify_jws, token, keys, algorithms=frozenset({"RS256"})))
        rows.append({"name": "verifying an RS256 token", "size": size, **row})
    return rows


def record() -> list[Row]:
    """What a call leaves for its explanation: opened, marked at each step, counted and kept; and, where somebody wants
    them, its access log line (as far as the call waits for it) and the line's rendering, which comes later.
    """
    authorized = call(http())
    routed, plan, answer = authorized.routed, authorized.routed.plan, HttpResponse(status=200, body=b"{}")
    target = Target(plan.api_id, plan.stage, routed.path)
    decisions = Decisions()

    def keep() -> Record:
        kept = decisions.open(routed.request, target)
        kept.plan = plan
        kept.question, kept.method, kept.routed_at = routed.question, routed.request.method, perf_counter()
        kept.screened_at = perf_counter()
        kept.standing, kept.authenticated_at = authorized.standing, perf_counter()
        kept.decision, kept.authorized_at = authorized.decision, perf_counter()
        kept.integrated(answer)
        decisions.close(kept)
        return kept

    over = keep()
    return [
        {"name": "a call's record, kept", **measure(keep)},
        {"name": "its line, rendered later", **measure(partial(summary_of, over))},
        {"name": "its trace, when asked for", **measure(partial(explain, over))},
    ]


def function() -> list[Row]:
    """Waiting for a warm function, one call at a time; beside MOCK, which is all of it but the function."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as folder:
        run = Run(folder=Path(folder), upstream_port=9)
        try:
            for name, contender in (("a warm function", warm_function(run)), ("MOCK", mock(run))):
                for seconds in (1.0, FUNCTION_SECONDS):  # first to warm up
                    load = drive(contender.url, contender.headers(), seconds=seconds, connections=1)
                rows.append({"name": name, "waiting_p50_ms": load.p50_ms, "waiting_p99_ms": load.p99_ms})
        finally:
            for process in reversed(run.processes):
                stop(process)
    return rows


def workers() -> list[Row]:
    """What a call of an open route costs all processes together, by the number of workers; and what they hold."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as folder:
        run = Run(folder=Path(folder))
        try:
            start_upstream(run)
            for amount in WORKERS:
                gateway = run.gateway_with(amount)
                contender = Contender(gateway.pid, gateway.url("open"), gateway.plain())
                rows.append({"name": "an open route", "size": amount, **_under_load(contender, WORKER_CONNECTIONS)})
        finally:
            for process in reversed(run.processes):
                stop(process)
    return rows


def connections() -> list[Row]:
    """What a call costs, and how long it takes, by the number of clients that call at one time; nginx beside it."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as folder:
        run = Run(folder=Path(folder))
        try:
            start_upstream(run)
            for name, contender in (("an open route", open_route(run)), ("nginx", nginx(run))):
                for amount in CONNECTIONS:
                    rows.append({"name": name, "size": amount, **_under_load(contender, amount)})
        finally:
            for process in reversed(run.processes):
                stop(process)
    return rows


def _under_load(contender: Contender, amount: int) -> Row:
    headers = contender.headers()
    load = drive(contender.url, headers, seconds=1.0, connections=amount)
    taken = []
    for _ in range(REPEATS):
        before = cpu_seconds(contender.pid)
        load = drive(contender.url, headers, seconds=1.0, connections=amount)
        taken.append(1e6 * (cpu_seconds(contender.pid) - before) / load.requests)
    return {
        "us_min": round(min(taken), 1),
        "us_median": round(statistics.median(taken), 1),
        "p50_ms": load.p50_ms,
        "p99_ms": load.p99_ms,
        "resident_mb": round(resident_megabytes(contender.pid), 1),
    }


def _caller(identity: CompiledPolicies) -> CallerPolicies:
    return CallerPolicies(identity=identity, boundary=None, session=None, scp=(), rcp=(), is_root=False)


PARTS: Final[dict[str, Callable[[], list[Row]]]] = {
    "policy": policy,
    "sigv4": sigv4,
    "routing": routing,
    "tokens": tokens,
    "record": record,
    "workers": workers,
    "connections": connections,
    "function": function,
}


def main() -> int:
    """Measure, print a table, write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.micro", description="CPU microseconds of an operation.")
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(PARTS)}")
    parser.add_argument("--name", default="micro", help="the last part of the result's file name")
    options = parser.parse_args()
    machine, parts = describe_machine(), {}
    for part, measure_part in PARTS.items():
        if options.only and part not in options.only.split(","):
            continue
        parts[part] = measure_part()
        for row in parts[part]:
            members = "  ".join(f"{name} {value}" for name, value in row.items() if name != "name")
            print(f"{row['name']:28s} {members}", flush=True)
    now = datetime.now(UTC)
    unit = "CPU microseconds an operation; waiting in milliseconds"
    report = {"taken_at": now.isoformat(timespec="seconds"), "unit": unit, "machine": machine, "parts": parts}
    print(f"written to {write(report, f'{now:%Y-%m-%d}-{options.name}')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

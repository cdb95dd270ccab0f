"""`/_yett/metrics`: what Prometheus reads, from one process and from a node of several."""

import http.client
import os
import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from tests.sdk.making import Api, let_gateway_invoke, make_function, make_user, mock, proxy
from tests.sdk.running import RunningServer

from yett.execute_api.tally import BOUNDS, Counted
from yett.server.metrics import Retired, merge
from yett.server.report import Report

TOKEN = "a-token-of-whoever-scrapes"
ALLOW = """
def handler(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


@pytest.fixture(scope="module", params=[0, 2], ids=["one process", "two workers"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YETT_METRICS_TOKEN", TOKEN)
        with RunningServer(tmp_path_factory.mktemp("home"), workers=request.param) as server:
            yield server


def ask(
    running: RunningServer, *, signed_by: Credentials | None = None, **headers: str
) -> tuple[int, Mapping[str, str], str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if signed_by is not None:
        request = AWSRequest(method="GET", url=f"http://localhost:{running.server.port}/_yett/metrics", headers=sent)
        SigV4Auth(signed_by, "apigateway", running.settings.region).add_auth(request)
        sent = dict(request.headers.items())
    connection = http.client.HTTPConnection("localhost", running.server.port, timeout=60)
    try:
        connection.request("GET", "/_yett/metrics", headers=sent)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def scrape(running: RunningServer) -> Samples:
    """As Prometheus would, and read by its own parser."""
    status, headers, text = ask(running, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def of(samples: Samples, name: str, **wanted: str) -> float:
    """The sum over what has these labels."""
    return sum(value for labels, value in samples.get(name, {}).items() if wanted.items() <= dict(labels).items())


def make_api(running: RunningServer) -> Api:
    api = Api(running)
    authorizer = make_function(running, ALLOW)
    made = api.client.create_authorizer(
        restApiId=api.id,
        name="mine",
        type="TOKEN",
        authorizerUri=proxy(running, authorizer)["uri"],
        identitySource="method.request.header.Authorization",
    )
    let_gateway_invoke(running, authorizer, api)
    api.method("/pets/{id}", mock(), authorizationType="CUSTOM", authorizerId=made["id"])
    api.method("/signed", mock(), authorizationType="AWS_IAM")
    api.deploy()
    return api


def test_calls_are_counted_by_what_became_of_them(running: RunningServer) -> None:
    api = make_api(running)
    for number in range(6):
        assert running.call(api.id, f"/prod/pets/{number}", headers={"Authorization": "good"}).status == 200
    for number in range(4):
        assert running.call(api.id, f"/prod/pets/{number}").status == 401
    assert running.call(api.id, "/prod/signed").status == 403
    assert running.call(api.id, "/prod/signed", signed_by=running.root).status == 200
    samples = scrape(running)
    pets = {"api": api.id, "stage": "prod", "method": "GET", "route": "/pets/{id}"}
    assert of(samples, "yett_requests_total", **pets, outcome="allow", status="200", authorization="CUSTOM") == 6
    assert of(samples, "yett_requests_total", **pets, outcome="unauthenticated", status="401") == 4
    assert of(samples, "yett_requests_total", api=api.id, route="/signed", outcome="allow") == 1
    assert of(samples, "yett_requests_total", api=api.id, route="/signed", outcome="unauthenticated") == 1
    assert of(samples, "yett_request_duration_seconds_count", **pets) == 10
    assert of(samples, "yett_request_duration_seconds_bucket", **pets, le="+Inf") == 10
    assert of(samples, "yett_request_duration_seconds_sum", **pets) > 0
    misses = of(samples, "yett_authorizer_answers_total", api=api.id, authorizer="mine", cache="miss")
    assert 1 <= misses <= max(1, running.settings.workers)  # each worker has a cache of its own
    assert of(samples, "yett_authorizer_answers_total", api=api.id, cache="hit") == 6 - misses
    [(labels, _)] = samples["yett_build_info"].items()
    assert {"version", "python"} == {name for name, _ in labels}


def test_each_process_tells_what_it_takes(running: RunningServer) -> None:
    make_api(running)
    samples = scrape(running)
    expected = {"server"}
    if running.settings.workers:
        expected |= {"worker 1", "worker 2", "function host"}
    assert {dict(labels)["process"] for labels in samples["yett_process_resident_bytes"]} == expected
    assert all(value > 1_000_000 for value in samples["yett_process_resident_bytes"].values())
    assert of(samples, "yett_process_cpu_seconds_total") > 0
    assert of(samples, "yett_connections") >= 1


def test_neither_strangers_nor_wrong_tokens_read_them(running: RunningServer) -> None:
    _, stranger = make_user(running, {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"})
    _, reader = make_user(running, {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"})
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": TOKEN}):
        status, _, text = ask(running, **headers)
        assert status == 403
        assert "yett_" not in text
    assert ask(running, signed_by=stranger)[0] == 403
    assert ask(running, signed_by=reader)[0] == 200
    assert ask(running, signed_by=running.root)[0] == 200


def test_the_token_opens_nothing_else(running: RunningServer) -> None:
    connection = http.client.HTTPConnection("localhost", running.server.port, timeout=60)
    try:
        connection.request("GET", "/_yett/api/decisions", headers={"Authorization": f"Bearer {TOKEN}"})
        assert connection.getresponse().status == 403
    finally:
        connection.close()


def test_the_format_is_what_the_scraper_prefers(running: RunningServer) -> None:
    wanted = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    _, headers, text = ask(running, Authorization=f"Bearer {TOKEN}", Accept=wanted)
    assert headers["content-type"].startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_no_header_or_token_is_among_them(running: RunningServer) -> None:
    api = make_api(running)
    running.call(api.id, "/prod/pets/7?q=asked-here", headers={"Authorization": "a-secret-of-mine", "Cookie": "crumbs"})
    text = ask(running, Authorization=f"Bearer {TOKEN}")[2]
    assert api.id in text
    for secret in ("asked-here", "a-secret-of-mine", "crumbs", TOKEN):
        assert secret not in text


def test_a_worker_that_dies_takes_nothing_away_that_was_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YETT_METRICS_TOKEN", TOKEN)
        with RunningServer(tmp_path_factory.mktemp("home"), workers=1) as running:
            api = make_api(running)
            for _ in range(3):
                running.call(api.id, "/prod/signed")
            assert of(scrape(running), "yett_requests_total", api=api.id) == 3
            node = running.server.node
            assert node is not None
            [pid] = node.worker_pids
            os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 30
            while node.worker_pids in {(), (pid,)}:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            running.call(api.id, "/prod/signed")
            assert of(scrape(running), "yett_requests_total", api=api.id) == 4


def row(route: str, *buckets: int) -> Counted:
    padded = (*buckets, *(0 for _ in range(len(BOUNDS) + 1 - len(buckets))))
    return Counted(
        api_id="a",
        stage="s",
        method="GET",
        resource_path=route,
        authorization_type="NONE",
        outcome="allow",
        status=200,
        authorizer="",
        cache="",
        seconds=0.5 * sum(buckets),
        buckets=padded,
    )


def made(process: str, pid: int, *rows: Counted, **more: Any) -> Report:
    return Report(process=process, pid=pid, cpu_seconds=0, resident_bytes=0, counted=rows, **more)


def total(reports: tuple[Report, ...]) -> int:
    return sum(row.calls for row in merge(row for each in reports for row in each.counted))


def test_rows_of_the_same_names_are_one() -> None:
    merged = {each.resource_path: each for each in merge([row("/a", 1, 2), row("/b", 5), row("/a", 3)])}
    assert merged["/a"] == row("/a", 4, 2)
    assert merged["/b"] == row("/b", 5)


@given(st.lists(st.tuples(st.sampled_from(["worker 1", "worker 2"]), st.booleans(), st.integers(0, 9)), max_size=30))
def test_a_sum_over_the_node_never_falls(events: list[tuple[str, bool, int]]) -> None:
    retired, pids, counts, before = Retired(), {"worker 1": 1, "worker 2": 2}, {"worker 1": 0, "worker 2": 0}, 0
    for place, dies, calls in events:
        if dies:
            pids[place], counts[place] = pids[place] + 2, 0
        counts[place] += calls
        told = retired.follow(made(each, pids[each], row("/a", counts[each])) for each in pids)
        assert total(told) >= before
        before = total(told)

"""Spans of a real server at a real collector's address, in its own encoding; and what a backend is sent."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.sdk.making import ECHO, Api, let_gateway_invoke, make_function, proxy
from tests.sdk.running import RunningServer

from yett.server.settings import BadSetting, read_settings

CLIENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Collector:
    """As much of an OpenTelemetry collector as takes spans by HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = ExportTraceServiceRequest()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    raise AssertionError("nobody asked for gzip")
                sent.ParseFromString(body)
                for resource in sent.resource_spans:
                    for attribute in resource.resource.attributes:
                        if attribute.key == "service.name":
                            collector.services.add(attribute.value.string_value)
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def until(self, request_id: str) -> Span:
        """The span of a call."""
        for _ in range(100):
            for span in self.spans:
                if attributes(span).get("aws.request_id") == request_id:
                    return span
            time.sleep(0.1)
        raise AssertionError(f"no span of {request_id} among {len(self.spans)}")


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module", params=[0, 2], ids=["one process", "two workers"])
def running(
    request: pytest.FixtureRequest, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        home = tmp_path_factory.mktemp("home")
        with RunningServer(home, workers=request.param, telemetry=variables) as server:
            yield server


@pytest.fixture(scope="module")
def api(running: RunningServer) -> Api:
    function = make_function(running, ECHO)
    made = Api(running)
    made.method("/pets", proxy(running, function))
    made.method("/signed", proxy(running, function), authorizationType="AWS_IAM")
    made.deploy()
    let_gateway_invoke(running, function, made)
    return made


def test_a_call_is_a_span_at_the_collector_and_the_backends_parent(
    running: RunningServer, api: Api, collector: Collector
) -> None:
    answer = running.call(api.id, "/prod/pets", headers={"traceparent": CLIENT})
    assert answer.status == 200
    span = collector.until(answer.headers["x-amzn-requestid"])
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("GET /pets", *CLIENT.split("-")[1:3])
    said = attributes(span)
    assert (said["http.route"], said["http.response.status_code"], said["yett.outcome"]) == ("/pets", "200", "allow")
    assert said["yett.api"] == api.id
    assert collector.services == {"yett"}
    event = json.loads(answer.body)
    sent = {name.lower(): value for name, value in event["headers"].items()}
    assert sent["traceparent"] == f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01"
    assert sent["x-amzn-trace-id"].endswith(f";Parent={span.span_id.hex()};Sampled=1")
    for _ in range(50):
        steps = [each.name for each in collector.spans if each.parent_span_id == span.span_id]
        if len(steps) == 5:
            break
        time.sleep(0.1)
    assert steps == ["route", "screen", "authenticate", "authorize", "integrate"]


def test_a_signature_over_the_clients_trace_header_still_holds(
    running: RunningServer, api: Api, collector: Collector
) -> None:
    answer = running.call(api.id, "/prod/signed", headers={"traceparent": CLIENT}, signed_by=running.root)
    assert answer.status == 200
    assert attributes(collector.until(answer.headers["x-amzn-requestid"]))["yett.authorization"] == "AWS_IAM"


def test_a_refusal_says_what_refused_and_holds_nothing_that_was_presented(
    running: RunningServer, api: Api, collector: Collector
) -> None:
    answer = running.call(api.id, "/prod/signed?secret=in-the-query", headers={"Authorization": "Bearer a-token"})
    span = collector.until(answer.headers["x-amzn-requestid"])
    assert attributes(span)["yett.error_type"] == answer.error_type
    assert "a-token" not in str(span)
    assert "in-the-query" not in str(span)


def test_the_extra_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = read_settings({"YETT_TRACES": "otlp", "OTEL_SERVICE_NAME": "shop", "OTHER": "x"}, home=tmp_path)
    assert found.telemetry == {"OTEL_SERVICE_NAME": "shop"}
    assert read_settings({}, home=tmp_path).telemetry is None
    with pytest.raises(BadSetting, match="use one of otlp, none"):
        read_settings({"YETT_TRACES": "jaeger"}, home=tmp_path)
    monkeypatch.setattr("yett.server.settings.find_spec", lambda _: None)
    with pytest.raises(BadSetting, match=r"pip install 'yett\[otel\]'"):
        read_settings({"YETT_TRACES": "otlp"}, home=tmp_path)

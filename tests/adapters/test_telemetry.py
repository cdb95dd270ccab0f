"""Spans as OpenTelemetry's own SDK has them; headers as its own propagator reads them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from tests.rules.execute_api.support import make_request

from yett.adapters.telemetry import OpenTelemetryTracing
from yett.ports.tracing import Ended, Part

CLIENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = CLIENT[:-2] + "00"
AMAZON = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDED = Ended(
    name="GET /pets",
    attributes={"http.route": "/pets", "http.response.status_code": 200},
    parts=(Part("route", 0.0, 0.001), Part("integrate", 0.001, 0.25)),
    seconds=0.25,
    failed=False,
)


class Spans:
    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = OpenTelemetryTracing(self.exporter)

    async def of(self, *headers: tuple[str, str], ended: Ended = ENDED) -> tuple[dict[str, str], dict[str, Any]]:
        """What a backend is sent for a call with these headers, and the spans that it leaves by name."""
        request = make_request("GET", "/pets", *headers, received_at=NOW)
        span = self.tracing.begin(request)
        carried = {name.lower(): value for name, value in span.carry(request).headers.lines}
        span.end(ended)
        await self.tracing.aclose()
        return carried, {each.name: each for each in self.exporter.get_finished_spans()}


async def test_a_call_is_a_span_below_the_clients_and_its_steps_are_below_it() -> None:
    carried, spans = await Spans().of(("traceparent", CLIENT), ("tracestate", "vendor=1"), ("X-Other", "stays"))
    call, route, integrate = spans["GET /pets"], spans["route"], spans["integrate"]
    assert call.kind is SpanKind.SERVER
    assert trace.format_trace_id(call.context.trace_id) == CLIENT.split("-")[1]
    assert trace.format_span_id(call.parent.span_id) == CLIENT.split("-")[2]
    for child in (route, integrate):
        assert child.parent.span_id == call.context.span_id
    seconds = (integrate.end_time - integrate.start_time) / 1e9
    assert seconds == pytest.approx(0.249)
    assert (call.end_time - call.start_time) / 1e9 == pytest.approx(0.25)
    assert call.start_time == int(NOW.timestamp() * 1e9)
    assert carried["x-other"] == "stays"
    named = trace.get_current_span(TraceContextTextMapPropagator().extract(carried)).get_span_context()
    assert (named.trace_id, named.span_id) == (call.context.trace_id, call.context.span_id)
    assert named.trace_state.get("vendor") == "1"
    assert carried["x-amzn-trace-id"] == (
        f"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent={named.span_id:016x};Sampled=1"
    )


async def test_the_header_of_aws_is_a_parent_too() -> None:
    carried, spans = await Spans().of(("X-Amzn-Trace-Id", AMAZON))
    call = spans["GET /pets"]
    assert trace.format_trace_id(call.context.trace_id) == "5759e988bd862e3fe1be46a994272793"
    assert trace.format_span_id(call.parent.span_id) == "53995c3f42cd8ad8"
    assert carried["x-amzn-trace-id"].startswith("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=")
    assert "53995c3f42cd8ad8" not in carried["x-amzn-trace-id"]


async def test_a_root_that_the_client_chose_alone_stays_its_own() -> None:
    carried, _ = await Spans().of(("traceparent", CLIENT), ("X-Amzn-Trace-Id", AMAZON.partition(";")[0]))
    assert carried["x-amzn-trace-id"] == AMAZON.partition(";")[0]
    assert carried["traceparent"].startswith(CLIENT[:35])


async def test_without_a_parent_a_trace_begins_here() -> None:
    carried, spans = await Spans().of()
    call = spans["GET /pets"]
    assert call.parent is None
    assert carried["traceparent"].split("-")[1] == trace.format_trace_id(call.context.trace_id)


@pytest.mark.parametrize("header", ["", "00-0-0-01", "garbage", CLIENT + "-more", "ff" + CLIENT[2:]])
async def test_what_is_no_trace_header_begins_one(header: str) -> None:
    _, spans = await Spans().of(("traceparent", header))
    assert spans["GET /pets"].parent is None


async def test_what_the_client_does_not_sample_is_not_exported_and_still_carried_on() -> None:
    carried, spans = await Spans().of(("traceparent", UNSAMPLED))
    assert spans == {}
    assert carried["traceparent"].split("-")[1] == CLIENT.split("-")[1]
    assert carried["traceparent"].endswith("-00")


async def test_a_failure_is_marked() -> None:
    failed = Ended(name="GET", attributes={}, parts=(), seconds=0.1, failed=True)
    _, spans = await Spans().of(ended=failed)
    assert spans["GET"].status.status_code is StatusCode.ERROR

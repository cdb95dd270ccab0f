"""Spans by OpenTelemetry, exported by OTLP over HTTP. Its own environment variables (``OTEL_…``) say where to.

Imported only where spans are wanted: the packages are an extra, ``yett[otel]``.

Source: https://www.w3.org/TR/trace-context/, https://opentelemetry.io/docs/specs/semconv/http/http-spans/,
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import asyncio
import os
import re
from typing import Final

from msgspec import structs
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from yett.ports.tracing import Ended
from yett.values.http import Headers, HttpRequest

TRACE_PARENT: Final = "traceparent"
TRACE_STATE: Final = "tracestate"
AMAZON: Final = "x-amzn-trace-id"
SERVICE_NAME: Final = "yett"  # unless OTEL_SERVICE_NAME has another
FLUSH_MILLISECONDS: Final = 5000
NANOSECONDS: Final = 1_000_000_000

_AMAZON_ROOT: Final = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
_AMAZON_PARENT: Final = re.compile(r"Parent=([0-9a-f]{16})")
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class CallSpan:
    """The port's span."""

    def __init__(self, tracer: trace.Tracer, request: HttpRequest) -> None:
        self._tracer = tracer
        self._begun = int(request.received_at.timestamp() * NANOSECONDS)
        self._span = tracer.start_span(
            request.method, context=_parent_of(request.headers), kind=SpanKind.SERVER, start_time=self._begun
        )

    def carry(self, request: HttpRequest) -> HttpRequest:
        """See the port. A root of AWS's form that the client chose stays its own."""
        carried: dict[str, str] = {}
        _PROPAGATOR.inject(carried, context=trace.set_span_in_context(self._span))
        headers = request.headers.without(TRACE_PARENT, TRACE_STATE)
        given = headers.get(AMAZON) or ""
        if not _AMAZON_ROOT.search(given) or _AMAZON_PARENT.search(given):
            headers = headers.without(AMAZON)
            carried["X-Amzn-Trace-Id"] = _amazon_header(self._span.get_span_context(), given)
        return structs.replace(request, headers=Headers((*headers.lines, *carried.items())))

    def end(self, ended: Ended) -> None:
        """See the port."""
        span, begun = self._span, self._begun
        if span.is_recording():
            span.update_name(ended.name)
            span.set_attributes(dict(ended.attributes))
            if ended.failed:
                span.set_status(Status(StatusCode.ERROR))
            within = trace.set_span_in_context(span)
            for part in ended.parts:
                child = self._tracer.start_span(
                    part.name, context=within, start_time=begun + int(part.begins * NANOSECONDS)
                )
                child.end(begun + int(part.ends * NANOSECONDS))
        span.end(begun + int(ended.seconds * NANOSECONDS))


class OpenTelemetryTracing:
    """The port, over one tracer provider of this process."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        """By default the exporter is OTLP's, which the environment describes."""
        name = os.environ.get("OTEL_SERVICE_NAME") or SERVICE_NAME
        self._provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter() if exporter is None else exporter))
        self._tracer = self._provider.get_tracer("yett")

    def begin(self, request: HttpRequest) -> CallSpan:
        """See the port."""
        return CallSpan(self._tracer, request)

    async def aclose(self) -> None:
        """Export what is pending, for a bounded time."""
        await asyncio.to_thread(self._provider.force_flush, FLUSH_MILLISECONDS)
        await asyncio.to_thread(self._provider.shutdown)


def _parent_of(headers: Headers) -> Context:
    """The span that the headers name: by the W3C's header, else by AWS's."""
    carrier = {name: value for name in (TRACE_PARENT, TRACE_STATE) if (value := headers.get(name)) is not None}
    context = _PROPAGATOR.extract(carrier, context=Context())
    if trace.get_current_span(context).get_span_context().is_valid:
        return context
    given = headers.get(AMAZON) or ""
    root, parent = _AMAZON_ROOT.search(given), _AMAZON_PARENT.search(given)
    if root is None or parent is None:
        return context
    flags = TraceFlags.DEFAULT if "Sampled=0" in given else TraceFlags.SAMPLED
    named = SpanContext(int(root[1] + root[2], 16), int(parent[1], 16), is_remote=True, trace_flags=TraceFlags(flags))
    return trace.set_span_in_context(NonRecordingSpan(named), context)


def _amazon_header(span: SpanContext, given: str) -> str:
    """AWS's header for whoever is called below the span, in the trace that the client named in it, if it did."""
    found = _AMAZON_ROOT.search(given)
    trace_id = format(span.trace_id, "032x") if found is None else found[1] + found[2]
    sampled = int(span.trace_flags.sampled)
    return f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={span.span_id:016x};Sampled={sampled}"

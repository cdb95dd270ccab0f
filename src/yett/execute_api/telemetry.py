"""What a call's span says: where it went, how it ended, and how long each step took. Nothing that was presented is in
it.

Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (HTTP server); names below ``yett.`` are ours.
"""

from collections.abc import Iterator
from typing import Final

from yett.execute_api.decisions import STEPS, Record
from yett.ports.tracing import Ended, Part
from yett.values.http import HttpRequest

METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
OTHER: Final = "_OTHER"  # the conventions' word for a method that is none of these
SERVER_ERRORS: Final = 500


def describe(record: Record, request: HttpRequest) -> Ended:
    """The end of a call's span."""
    method = record.method if record.method in METHODS else OTHER
    question = record.question
    attributes: dict[str, str | int | bool] = {
        "http.request.method": method,
        "url.scheme": request.scheme,
        "url.path": request.path,
        "server.address": request.host,
        "client.address": record.source_ip,
        "network.protocol.version": request.protocol.removeprefix("HTTP/"),
        "aws.request_id": record.request_id,
        "yett.api": record.api_id,
        "yett.stage": record.stage,
        "yett.outcome": record.outcome,
    }
    name = method
    if question is not None:
        route = question.method.resource_path
        name = f"{method} {route}"
        attributes["http.route"] = route
        attributes["yett.authorization"] = question.method.authorization_type.value
    if record.refusal is not None:
        attributes["yett.error_type"] = record.refusal.error_type
    if record.decision is not None and record.decision.statement is not None:
        attributes["yett.decided_by"] = f"{record.decision.statement.policy}{record.decision.statement.pointer}"
    if record.standing is not None and record.standing.vouched_by is not None:
        attributes["yett.signature_not_verified"] = True
    if record.status:
        attributes["http.response.status_code"] = record.status
    failed = record.status >= SERVER_ERRORS or record.status == 0
    if failed:
        attributes["error.type"] = str(record.status or "cancelled")
    return Ended(name=name, attributes=attributes, parts=tuple(_parts(record)), seconds=record.seconds, failed=failed)


def _parts(record: Record) -> Iterator[Part]:
    begins = 0.0
    for step, mark in zip(STEPS, record.marks, strict=False):
        ends = mark - record.started
        yield Part(step, begins, ends)
        begins = ends

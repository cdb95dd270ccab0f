"""The lines that a call leaves in access logs, rendered after the call was answered.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct, structs

from yett.execute_api.decisions import STEPS, Record
from yett.execute_api.trace import describe_caller
from yett.policy import Outcome
from yett.ports.bundle import Ports
from yett.rules.execute_api.access_log import AccessLog
from yett.rules.execute_api.call import Question
from yett.rules.execute_api.deployment import IntegrationType
from yett.rules.execute_api.mapping.context import context_variable
from yett.rules.execute_api.mapping.parameters import gateway_variable
from yett.values.http import HttpRequest
from yett.values.identity import AuthorizerIdentity

OK: Final = "200"
NOT_VERIFIED: Final = "yettSignatureNotVerified"  # as in a function's event

_encode = msgspec.json.Encoder().encode


def log_call(record: Record, request: HttpRequest, ports: Ports) -> None:
    """Have a call's lines written: in its stage's access log, and in the server's. The body is not held."""
    everything = ports.settings.access_log
    if everything is not None:
        ports.access_logs.append(everything, partial(summary_of, record))
    access_log = None if record.plan is None else record.plan.access_log
    if access_log is not None:
        bare = structs.replace(request, method=record.method, body=b"")
        ports.access_logs.append(access_log.file_name, partial(line_of, access_log, record, bare))


def summary_of(record: Record) -> str:
    """A call as a JSON object on a line: what was asked, by whom, how it ended, and the id that explains it."""
    question, refusal, statement = record.question, record.refusal, None
    if record.decision is not None:
        statement = record.decision.statement
    return _encode(
        {
            "time": record.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestId": record.request_id,
            "api": record.api_id,
            "stage": record.stage,
            "method": record.method,
            "path": record.path,
            "resource": None if question is None else question.method.resource_path,
            "authorization": None if question is None else question.method.authorization_type.value,
            "sourceIp": record.source_ip,
            "caller": None if record.standing is None else describe_caller(record.identity),
            "outcome": record.outcome,
            "status": record.status,
            "errorType": None if refusal is None else refusal.error_type,
            "decidedBy": None if statement is None else f"{statement.policy}{statement.pointer}",
            "verified": record.standing is None or record.standing.vouched_by is None,
            "bytes": record.answer_bytes,
            "ms": round(record.seconds * 1000, 3),
        }
    ).decode()


class Over(Struct, frozen=True, kw_only=True):
    """What is left of a call that found its method."""

    request: HttpRequest
    question: Question
    path: str


def line_of(access_log: AccessLog, record: Record, request: HttpRequest) -> str:
    """The line, without its line feed. Of a caller who was let in unverified it says so, whatever its format."""
    line = access_log.render(lambda name: variable(name, record, request))
    rule = None if record.standing is None else record.standing.vouched_by
    if rule is None:
        return line
    if line.startswith("{") and line.endswith("}"):
        return f'{line[:-1]},"{NOT_VERIFIED}":"{rule}"}}'
    return f"{line} {NOT_VERIFIED}={rule}"


def variable(name: str, record: Record, request: HttpRequest) -> str | None:
    """The value of ``$context.{name}`` once a call is over; None where it has none."""
    read = _AFTERWARDS.get(name)
    if read is not None:
        return read(record)
    if record.question is not None:
        return context_variable(
            name, Over(request=request, question=record.question, path=record.path), record.identity
        )
    if record.plan is None:
        return None
    return gateway_variable(f"context.{name}", request=request, plan=record.plan, routed=None, identity=record.identity)


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _integration_latency(record: Record) -> str | None:
    marks = record.marks
    return _milliseconds(marks[-1] - marks[-2]) if len(marks) == len(STEPS) else None


def _integration_status(record: Record) -> str | None:
    """What the backend's own answer said."""
    is_integrated = len(record.marks) == len(STEPS) and record.refusal is None and record.failure is None
    return str(record.status) if is_integrated else None


def _invocation_status(record: Record) -> str | None:
    """Of a function: that of its invocation, which is no matter of what it answered."""
    if record.question is not None and record.question.method.integration.type is IntegrationType.AWS_PROXY:
        return OK if _integration_status(record) is not None else None
    return _integration_status(record)


def _authorizer_latency(record: Record) -> str | None:
    identity = record.identity
    return str(identity.latency_ms) if isinstance(identity, AuthorizerIdentity) else None


def _authenticate_status(record: Record) -> str | None:
    if record.standing is not None:
        return OK
    return str(record.status) if record.question is not None and record.refusal is not None else None


def _authorize_status(record: Record) -> str | None:
    if record.decision is None:
        return None
    return OK if record.decision.outcome is Outcome.ALLOW else str(record.status)


def _error(record: Record) -> str | None:
    return None if record.refusal is None else record.refusal.message


_AFTERWARDS: Final[Mapping[str, Callable[[Record], str | None]]] = {
    "authenticate.error": lambda record: _error(record) if record.standing is None else None,
    "authenticate.status": _authenticate_status,
    "authorize.error": lambda record: _error(record) if record.decision is not None else None,
    "authorize.status": _authorize_status,
    "authorizer.integrationLatency": _authorizer_latency,
    "authorizer.latency": _authorizer_latency,
    "error.message": _error,
    "error.messageString": _error,
    "error.responseType": lambda record: None if record.refusal is None else record.refusal.response_type.value,
    "integration.error": lambda record: _error(record) if len(record.marks) == len(STEPS) else None,
    "integration.integrationStatus": _invocation_status,
    "integration.latency": _integration_latency,
    "integration.status": _integration_status,
    "integrationErrorMessage": lambda record: _error(record) if len(record.marks) == len(STEPS) else None,
    "integrationLatency": _integration_latency,
    "integrationStatus": _invocation_status,
    "responseLatency": lambda record: _milliseconds(record.seconds),
    "responseLength": lambda record: None if record.answer_bytes is None else str(record.answer_bytes),
    "status": lambda record: str(record.status) if record.status else None,
}

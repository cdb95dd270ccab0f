"""Which stage a call is for, and which kind of API answers."""

import structlog

from yett.execute_api.access_log import log_call
from yett.execute_api.decisions import Decisions, Record
from yett.execute_api.rest import RestLine
from yett.execute_api.telemetry import describe
from yett.ports.bundle import Ports
from yett.rules.execute_api.errors import Forbidden, GatewayError
from yett.rules.execute_api.gateway_responses.rest import render
from yett.rules.execute_api.plan import NotDeployable
from yett.rules.execute_api.request_ids import with_request_ids
from yett.rules.execute_api.routing.domain import locate
from yett.values.errors import Unavailable
from yett.values.http import Headers, HttpRequest, HttpResponse

INTERNAL_SERVER_ERROR = b'{"message":"Internal server error"}'

log = structlog.get_logger(__name__)


class ExecuteApi:
    """The front door for calls to deployed APIs."""

    def __init__(self, ports: Ports, decisions: Decisions) -> None:
        self._plans = ports.plans
        self._decisions = decisions
        self._ports = ports
        self._tracing = ports.tracing
        self._rest = RestLine(ports)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a call whose host or path names an API."""
        target = locate(request.host, request.path)
        record = self._decisions.open(request, target)
        if self._tracing is not None:
            record.span = self._tracing.begin(request)
        try:
            if target is None:
                return _forbid(Forbidden("neither host nor path names an API"), request, record)
            plan = self._plans.current(target.api_id, target.stage) or await self._plans.resolve(
                target.api_id, target.stage
            )
            if plan is None:
                return _forbid(Forbidden(f"API `{target.api_id}` has no stage `{target.stage}`"), request, record)
            record.plan = plan
            if plan.is_default_endpoint_disabled:
                return _forbid(Forbidden("the API's default endpoint is disabled"), request, record)
            return await self._rest.answer(request, target.path, plan, record)
        except Unavailable as failure:
            log.warning("a port failed while a call was served", request_id=request.request_id, reason=failure.reason)
            return _fail(request, record, f"unavailable: {failure.reason}")
        except NotDeployable as refusal:
            log.warning("a stage cannot be served", request_id=request.request_id, reason=refusal.reason)
            return _fail(request, record, f"the deployment cannot be served: {refusal.reason}")
        except Exception as error:  # a bug: nothing of it reaches the client
            log.exception("a call failed", request_id=request.request_id)
            return _fail(request, record, f"a bug: {type(error).__name__}")
        finally:
            self._decisions.close(record)
            log_call(record, request, self._ports)
            if record.span is not None:
                record.span.end(describe(record, request))
                record.span = None


def _forbid(error: GatewayError, request: HttpRequest, record: Record) -> HttpResponse:
    answer = render(error, customized={}, lookup=lambda _: None)
    record.refused(error, answer)
    return with_request_ids(answer, request.request_id)


def _fail(request: HttpRequest, record: Record, reason: str) -> HttpResponse:
    headers = Headers((("Content-Type", "application/json"), ("x-amzn-ErrorType", "InternalServerErrorException")))
    record.failed(reason, status=500)
    return with_request_ids(HttpResponse(status=500, headers=headers, body=INTERNAL_SERVER_ERROR), request.request_id)

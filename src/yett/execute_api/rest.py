"""REST APIs: the straight line from a request to its answer, one step a line."""

from functools import partial
from time import perf_counter

from yett.execute_api.authenticate import Authenticators
from yett.execute_api.authorize import authorize
from yett.execute_api.decisions import Record
from yett.execute_api.integrate import Integrations
from yett.execute_api.screen import screen
from yett.execute_api.unrouted import refuse_unrouted
from yett.policy import Wording
from yett.ports.bundle import Ports
from yett.rules.execute_api.authorization_flow import NONE
from yett.rules.execute_api.call import Facts, Question, Routed
from yett.rules.execute_api.errors import GatewayError, RequestUriTooLong
from yett.rules.execute_api.gateway_responses.rest import render
from yett.rules.execute_api.limits import METHOD_ARN_BYTES
from yett.rules.execute_api.mapping.parameters import gateway_variable
from yett.rules.execute_api.method_override import override_method
from yett.rules.execute_api.plan import StagePlan
from yett.rules.execute_api.request_ids import with_request_ids
from yett.values.http import HttpRequest, HttpResponse


class RestLine:
    """Answers calls to REST APIs. One for each process: it keeps what the steps remember between calls."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._authenticators = Authenticators(ports)
        self._integrations = Integrations(ports)
        self._wording = Wording.CURRENT if ports.settings.denial_wording_is_current else Wording.LEGACY

    async def answer(self, request: HttpRequest, path: str, plan: StagePlan, record: Record) -> HttpResponse:
        """Answer a call of the stage, *path* being the part below it; or let the gateway answer in the integration's
        place.
        """
        sent, request = request, override_method(request)
        if record.span is not None:
            request = record.span.carry(request)
        routed = None
        try:
            routed = route(request, sent, path, plan)
            if routed is None:
                # What the caller reads depends on the signature that it presents.
                raise await refuse_unrouted(sent, plan, self._ports)
            record.question, record.method, record.routed_at = routed.question, request.method, perf_counter()
            screened = screen(routed, wording=self._wording)
            record.screened_at = perf_counter()
            authenticators = self._authenticators
            authenticated = authenticators.authenticate_nobody(screened) or await authenticators.authenticate(screened)
            record.standing, record.authenticated_at = authenticated.standing, perf_counter()
            authorized = authorize(authenticated, wording=self._wording)
            record.decision, record.authorized_at = authorized.decision, perf_counter()
            answer = await self._integrations.integrate(authorized)
            record.integrated(answer)
        except GatewayError as error:
            lookup = partial(gateway_variable, request=request, plan=plan, routed=routed, identity=record.identity)
            answer = with_request_ids(
                render(error, customized=plan.gateway_responses, lookup=lookup), request.request_id
            )
            record.refused(error, answer)
        return answer


def route(request: HttpRequest, sent: HttpRequest, path: str, plan: StagePlan) -> Routed | None:
    """Find the method in the stage's snapshot; None if it has none for this path.

    Raises:
        RequestUriTooLong: The path makes an ARN that no policy could be asked about.
    """
    found = plan.router.find(request.method, path)
    if found is None:
        return None
    method, path_parameters = found
    arn = f"{plan.arn_prefix}{request.method}{path}"
    if len(arn) > METHOD_ARN_BYTES and (method.authorization_type is not NONE or plan.resource_policy is not None):
        raise RequestUriTooLong(f"the method's ARN has {len(arn)} bytes, {METHOD_ARN_BYTES} are allowed")
    return Routed(
        request=request,
        sent=sent,
        question=Question(plan=plan, method=method, arn=arn, facts=Facts.of(request)),
        path=path,
        path_parameters=path_parameters,
    )

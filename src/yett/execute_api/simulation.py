"""The line without its last step: what would be decided of a call, without making it.

No backend is asked, no record is kept, no authorizer is invoked unless that is wanted. Each step is the one that real
calls take; only the signature of an IAM caller is taken to be good.
"""

from functools import partial
from time import perf_counter
from typing import Final

from msgspec import Struct

from yett.execute_api.authenticate import Presumption, Unknown
from yett.execute_api.authorize import authorize
from yett.execute_api.decisions import Record
from yett.execute_api.rest import route
from yett.execute_api.screen import screen
from yett.execute_api.trace import Json, explain
from yett.policy import Wording
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.rules.execute_api.call import Authorized
from yett.rules.execute_api.errors import GatewayError, MissingAuthenticationToken, ResourceNotFound
from yett.rules.execute_api.gateway_responses.rest import render
from yett.rules.execute_api.mapping.parameters import gateway_variable
from yett.rules.execute_api.method_override import override_method
from yett.rules.execute_api.plan import StagePlan
from yett.rules.execute_api.routing.domain import Target
from yett.values.http import HttpRequest

UNKNOWN: Final = "unknown"


class Simulated(Struct, frozen=True, kw_only=True):
    """What would be decided."""

    record: Record
    unknown: str | None  # why nobody can tell; None: it can be told

    @property
    def trace(self) -> Json:
        """The decision trace, in the form of real calls' (`trace.py`)."""
        trace = explain(self.record) | {"simulated": True}
        if self.unknown is not None:
            *steps, last = trace["steps"] if isinstance(trace["steps"], list) else [{}]
            trace |= {"outcome": UNKNOWN, "status": None, "steps": [*steps, last | {"result": UNKNOWN}]}
        elif trace["outcome"] == "allow":
            trace["status"] = None  # the backend's to say
        return trace


async def decide_without_calling(
    request: HttpRequest,
    target: Target,
    plan: StagePlan,
    *,
    ports: Ports,
    authenticators: Presumption,
    has_signature: bool,
    record: Record,
) -> Authorized:
    """Take a call through route, screen, authenticate and authorize, and no further.

    Raises:
        GatewayError: A step refuses.
        Unknown: Who calls would be for an authorizer to say that was not asked.
    """
    sent, request = request, override_method(request)
    wording = Wording.CURRENT if ports.settings.denial_wording_is_current else Wording.LEGACY
    routed = route(request, sent, target.path, plan)
    if routed is None:
        missing = f"the API has no method {request.method} for this path"
        raise ResourceNotFound(missing) if has_signature else MissingAuthenticationToken(missing)
    record.question, record.method, record.routed_at = routed.question, request.method, perf_counter()
    screened = screen(routed, wording=wording)
    record.screened_at = perf_counter()
    authenticated = await authenticators.authenticate(screened)
    record.standing, record.authenticated_at = authenticated.standing, perf_counter()
    authorized = authorize(authenticated, wording=wording)
    record.decision, record.authorized_at = authorized.decision, perf_counter()
    return authorized


async def simulate(
    request: HttpRequest,
    target: Target,
    plan: StagePlan,
    *,
    ports: Ports,
    caller: Caller | None,
    invoke_authorizer: bool,
) -> Simulated:
    """What would be decided of *request*, made by *caller*; None stands for a call without a signature."""
    record = Record(request, target)
    record.plan = plan
    try:
        await decide_without_calling(
            request,
            target,
            plan,
            ports=ports,
            authenticators=Presumption(ports, caller, invoke_authorizer=invoke_authorizer),
            has_signature=caller is not None,
            record=record,
        )
    except GatewayError as error:
        lookup = partial(gateway_variable, request=request, plan=plan, routed=None, identity=record.identity)
        record.refused(error, render(error, customized=plan.gateway_responses, lookup=lookup))
    except Unknown as unknown:
        record.failed(unknown.reason, status=0)
        return Simulated(record=record, unknown=unknown.reason)
    else:
        record.status = 200
    return Simulated(record=record, unknown=None)

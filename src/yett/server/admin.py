"""``/_yett``: whether the server is alive, and why a call was answered as it was. Administration needs a signature,
here too.
"""

from typing import Final

import msgspec

from yett.execute_api.decisions import Decisions, Record
from yett.execute_api.trace import explain
from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext, decide, principal_context
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.services.iam.authentication import authenticate
from yett.sigv4 import SignatureRefused
from yett.values.http import Headers, HttpRequest, HttpResponse

DECISIONS: Final = "/_yett/api/decisions/"
READ_API: Final = "apigateway:GET"  # whoever may read an API may read why it answered
SIGNING_NAME: Final = "apigateway"
SKEW_SECONDS: Final = 900
NOSNIFF: Final = ("X-Content-Type-Options", "nosniff")


class Admin:
    """The door for ``/_yett``."""

    def __init__(self, ports: Ports, decisions: Decisions) -> None:
        self._ports = ports
        self._decisions = decisions

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer health checks for anyone, decisions for whoever may read the API."""
        if request.method not in {"GET", "HEAD"}:
            return _answer(405, {"message": "only GET is answered here"})
        match request.path:
            case "/_yett/health" | "/_yett/ready":
                return _answer(200, {"status": "ok"})
            case path if path.startswith(DECISIONS):
                return await self._explain(request, path.removeprefix(DECISIONS))
            case _:
                return _answer(404, {"message": "there is nothing here"})

    async def _explain(self, request: HttpRequest, request_id: str) -> HttpResponse:
        try:
            caller = await authenticate(
                request, self._ports, service=SIGNING_NAME, region=None, skew_seconds=SKEW_SECONDS
            )
        except (SignatureRefused, CredentialsRefused) as refusal:
            return _answer(
                403, {"message": f"sign this request with Signature Version 4 for `{SIGNING_NAME}`: {refusal.reason}"}
            )
        record = self._decisions.find(request_id.lower())
        if record is None:
            return _answer(
                404, {"message": f"no decision `{request_id}` is kept: the newest few thousand are, until a restart"}
            )
        if not self._may_read(caller, record, request):
            return _answer(403, {"message": f"{caller.identity.arn} may not {READ_API} the API of this call"})
        return _answer(200, explain(record))

    def _may_read(self, caller: Caller, record: Record, request: HttpRequest) -> bool:
        """Whether the caller's policies, in the API's own account, let it read the API."""
        settings = self._ports.settings
        plan = record.plan
        account, region = (plan.account, plan.region) if plan is not None else (settings.account, settings.region)
        question = AuthorizationRequest(
            action=READ_API,
            resource=f"arn:aws:apigateway:{region}::/restapis/{record.api_id or '*'}",
            principal=Principal.iam(caller.identity),
            resource_account=account,
            context=RequestContext.of({"aws:SourceIp": request.source_ip, **principal_context(caller.identity)}),
        )
        decision = decide(
            question, caller=caller.policies, resource_policy=None, same_account=caller.identity.account == account
        )
        return decision.outcome is Outcome.ALLOW


def _answer(status: int, value: object) -> HttpResponse:
    headers = Headers((("Content-Type", "application/json"), ("Cache-Control", "no-store"), NOSNIFF))
    return HttpResponse(status=status, headers=headers, body=msgspec.json.encode(value))

"""``/_yett``: whether the server is alive, and why a call was answered as it was. Administration needs a signature,
here too.
"""

from typing import Final, Protocol

import msgspec
from msgspec import Raw

from yett.execute_api.decisions import Decisions
from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext, decide, principal_context
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.server.explained import Explained, explained
from yett.services.iam.authentication import authenticate
from yett.sigv4 import SignatureRefused
from yett.templates import door
from yett.values.http import Headers, HttpRequest, HttpResponse

DECISIONS: Final = "/_yett/api/decisions/"
READ_API: Final = "apigateway:GET"  # whoever may read an API may read why it answered
SIGNING_NAME: Final = "apigateway"
SKEW_SECONDS: Final = 900
NOSNIFF: Final = ("X-Content-Type-Options", "nosniff")


class Node(Protocol):
    """The other processes of this node, as far as administration asks them something."""

    @property
    def is_ready(self) -> bool:
        """Whether every one of them is up."""
        ...

    async def explain(self, request_id: str) -> Explained | None:
        """What whichever of them answered the call knows of it."""
        ...


class Admin:
    """The door for ``/_yett``."""

    def __init__(self, ports: Ports, decisions: Decisions, *, node: Node | None = None) -> None:
        self._ports = ports
        self._decisions = decisions
        self._node = node

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer health checks for anyone, decisions for whoever may read the API, stacks for whoever may deploy."""
        if door.is_here(request.path):
            return await door.answer(request, self._ports)
        if request.method not in {"GET", "HEAD"}:
            return _answer(405, {"message": "only GET is answered here"})
        match request.path:
            case "/_yett/ready" if self._node is not None and not self._node.is_ready:
                return _answer(503, {"status": "starting"})
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
        found = await self._find(request_id.lower())
        if found is None:
            return _answer(
                404, {"message": f"no decision `{request_id}` is kept: the newest few thousand are, until a restart"}
            )
        if not _may_read(caller, found, request):
            return _answer(403, {"message": f"{caller.identity.arn} may not {READ_API} the API of this call"})
        return _answer(200, Raw(found.trace))

    async def _find(self, request_id: str) -> Explained | None:
        record = self._decisions.find(request_id)
        if record is not None:
            return explained(record, self._ports.settings)
        return None if self._node is None else await self._node.explain(request_id)


def _may_read(caller: Caller, found: Explained, request: HttpRequest) -> bool:
    """Whether the caller's policies, in the API's own account, let it read the API."""
    question = AuthorizationRequest(
        action=READ_API,
        resource=f"arn:aws:apigateway:{found.region}::/restapis/{found.api_id or '*'}",
        principal=Principal.iam(caller.identity),
        resource_account=found.account,
        context=RequestContext.of({"aws:SourceIp": request.source_ip, **principal_context(caller.identity)}),
    )
    decision = decide(
        question,
        caller=caller.policies,
        resource_policy=None,
        same_account=caller.identity.account == found.account,
    )
    return decision.outcome is Outcome.ALLOW


def _answer(status: int, value: object) -> HttpResponse:
    headers = Headers((("Content-Type", "application/json"), ("Cache-Control", "no-store"), NOSNIFF))
    return HttpResponse(status=status, headers=headers, body=msgspec.json.encode(value))

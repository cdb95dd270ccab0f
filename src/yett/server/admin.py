"""``/_yett``: whether the server is alive, and why a call was answered as it was. Administration needs a signature,
here too.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from urllib.parse import parse_qs

import msgspec
from msgspec import Raw

from yett.execute_api.decisions import Decisions
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.server.explained import Explained, Recent, compared, explained, recent
from yett.server.inquiries import READ_API, Inquiries, NotAnswered, may
from yett.server.metrics import bears, render
from yett.server.report import Report
from yett.server.vouching import VOUCHING, VouchingDesk
from yett.services.iam.authentication import authenticate
from yett.sigv4 import NotCanonical, SignatureRefused
from yett.templates import door
from yett.values.http import Headers, HttpRequest, HttpResponse
from yett.values.timestamps import parse_iso

API: Final = "/_yett/api/"
RECENT: Final = "/_yett/api/decisions"
DECISIONS: Final = "/_yett/api/decisions/"
RECENT_AT_MOST: Final = 100
PATIENCE: Final = timedelta(seconds=60)
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
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

    async def recent(self, after: datetime, limit: int) -> tuple[Recent, ...]:
        """What each of them decided since a moment."""
        ...

    async def reports(self) -> tuple[Report, ...]:
        """What each of them has counted."""
        ...


class Admin:
    """The door for ``/_yett``."""

    def __init__(
        self,
        ports: Ports,
        decisions: Decisions,
        *,
        report: Callable[[], Report],
        node: Node | None = None,
        metrics_token: str | None = None,
    ) -> None:
        """*report* gives this process's own figures. Whoever bears the *metrics token* reads the node's."""
        self._ports = ports
        self._decisions = decisions
        self._report = report
        self._node = node
        self._metrics_token = metrics_token
        self._vouching = VouchingDesk(ports, is_alone=node is None)
        self._inquiries = Inquiries(ports, decisions, self._seen)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer health checks for anyone, decisions for whoever may read the API, stacks for whoever may deploy."""
        if door.is_here(request.path):
            return await door.answer(request, self._ports)
        if request.path.startswith(API) and not request.path.startswith(DECISIONS):
            return await self._inquire(request)
        if request.path.startswith(DECISIONS):
            return await self._explain(request)
        if request.method not in {"GET", "HEAD"}:
            return _answer(405, {"message": "only GET is answered here"})
        match request.path:
            case "/_yett/ready" if self._node is not None and not self._node.is_ready:
                return _answer(503, {"status": "starting"})
            case "/_yett/health" | "/_yett/ready":
                return _answer(200, {"status": "ok"})
            case "/_yett/metrics":
                return await self._metrics(request)
            case _:
                return _answer(404, {"message": "there is nothing here"})

    async def _metrics(self, request: HttpRequest) -> HttpResponse:
        """The node's figures, for whoever bears the token, or signs and may read every API of the server's account."""
        if not bears(request, self._metrics_token):
            try:
                caller = await self._caller(request)
            except NotAnswered as refusal:
                return _answer(refusal.status, {"message": f"{refusal.reason}; or set YETT_METRICS_TOKEN and bear it"})
            known = self._ports.settings
            every = f"arn:aws:apigateway:{known.region}::/restapis/*"
            if not may(caller, READ_API, every, account=known.account, source_ip=request.source_ip):
                return _answer(403, {"message": f"{caller.identity.arn} may not {READ_API} on {every}"})
        others = () if self._node is None else await self._node.reports()
        return render((self._report(), *others), accept=request.headers.get("accept") or "")

    async def _caller(self, request: HttpRequest) -> Caller:
        try:
            return await authenticate(
                request, self._ports, service=SIGNING_NAME, region=None, skew_seconds=SKEW_SECONDS
            )
        except (SignatureRefused, CredentialsRefused) as refusal:
            raise NotAnswered(
                403, f"sign this request with Signature Version 4 for `{SIGNING_NAME}`: {refusal.reason}"
            ) from refusal

    async def _inquire(self, request: HttpRequest) -> HttpResponse:
        try:
            caller = await self._caller(request)
            if request.path == VOUCHING:
                return _answer(200, await self._vouching.answer(request, caller))
            if request.path == RECENT:
                return _answer(200, await self._recent(request, caller))
            return _answer(200, await self._inquiries.answer(request, caller))
        except NotAnswered as refusal:
            return _answer(refusal.status, {"message": refusal.reason})

    async def _seen(self) -> tuple[bytes, ...]:
        """The newest traces of the other processes."""
        answers = () if self._node is None else await self._node.recent(LONG_AGO, RECENT_AT_MOST)
        return tuple(each.trace for answer in answers for each in answer.decisions)

    async def _recent(self, request: HttpRequest, caller: Caller) -> dict[str, object]:
        """Decisions since a moment, or since the call of a request id, oldest first, and the moment to go on from."""
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        try:
            limit = min(max(int(query.get("limit", "20")), 1), RECENT_AT_MOST)
            known = self._decisions.find(query.get("after", ""))
            after = known.at if known is not None else parse_iso(query["after"]) if "after" in query else LONG_AGO
        except ValueError as error:
            raise NotAnswered(400, "`limit` is a number, `after` a request id or an ISO 8601 moment") from error
        answers = [recent(self._decisions, self._ports.settings, after=after, limit=limit)]
        answers += () if self._node is None else await self._node.recent(after, limit)
        found = sorted((each for answer in answers for each in answer.decisions), key=lambda each: each.at)[-limit:]
        mine = [each for each in found if each.account == caller.identity.account and _may_read(caller, each, request)]
        resume = found[-1].at if found else after
        patience = request.received_at - PATIENCE  # a call that came in before is not waited for
        waiting = [each.waiting for each in answers if each.waiting is not None and each.waiting > patience]
        return {"decisions": [Raw(each.trace) for each in mine], "after": min((resume, *waiting)).isoformat()}

    async def _explain(self, request: HttpRequest) -> HttpResponse:
        """The trace of a call; or, sent a client's canonical request, where that differs from what came in."""
        request_id, _, asked = request.path.removeprefix(DECISIONS).partition("/")
        try:
            caller, found = await self._known(request, request_id)
            match request.method, asked:
                case "GET" | "HEAD", "":
                    trace = msgspec.json.decode(found.trace)
                    proposals = await self._inquiries.would_allow(found, trace, caller, request)
                    hints = await self._inquiries.hints(trace)
                    return _answer(200, trace | {"wouldAllow": proposals, "hints": hints})
                case "POST", "canonical-request":
                    return _answer(200, compared(request_id, found.outline, request.body))
                case _, "" | "canonical-request":
                    raise NotAnswered(405, "a decision is asked for with GET, a comparison with POST")
                case _:
                    raise NotAnswered(404, "there is nothing here")
        except NotAnswered as refusal:
            return _answer(refusal.status, {"message": refusal.reason})
        except NotCanonical as refusal:
            return _answer(400, {"message": refusal.reason})

    async def _known(self, request: HttpRequest, request_id: str) -> tuple[Caller, Explained]:
        """The call with a request id, for a caller who may read its API.

        Raises:
            NotAnswered: There is none, or the caller may not.
        """
        caller = await self._caller(request)
        found = await self._find(request_id.lower())
        if found is None:
            raise NotAnswered(404, f"no decision `{request_id}` is kept: the newest few thousand are, until a restart")
        if not _may_read(caller, found, request):
            raise NotAnswered(403, f"{caller.identity.arn} may not {READ_API} the API of this call")
        return caller, found

    async def _find(self, request_id: str) -> Explained | None:
        record = self._decisions.find(request_id)
        if record is not None:
            return explained(record, self._ports.settings)
        return None if self._node is None else await self._node.explain(request_id)


def _may_read(caller: Caller, found: Explained, request: HttpRequest) -> bool:
    """Whether the caller's policies, in the API's own account, let it read the API."""
    resource = f"arn:aws:apigateway:{found.region}::/restapis/{found.api_id or '*'}"
    return may(caller, READ_API, resource, account=found.account, source_ip=request.source_ip)


def _answer(status: int, value: object) -> HttpResponse:
    headers = Headers((("Content-Type", "application/json"), ("Cache-Control", "no-store"), NOSNIFF))
    return HttpResponse(status=status, headers=headers, body=msgspec.json.encode(value))

"""What administration may ask of deployed APIs, below ``/_yett/api/``: what would be decided, by whom a method can be
called, the access matrix, the audit, and recent decisions. Nothing here changes anything or calls a backend.

Every answer is about the account of whoever asks, and needs the permission that AWS has for its like.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from yett.execute_api.access_matrix import make_matrix, question_of, rows_of
from yett.execute_api.authorizer_hints import code_findings
from yett.execute_api.decisions import Decisions
from yett.execute_api.hints import route_hints
from yett.execute_api.principals import (
    ANONYMOUS_NAME,
    Named,
    UnknownPrincipal,
    find_principal,
    known_principals,
)
from yett.execute_api.proposals import propose
from yett.execute_api.simulation import simulate
from yett.execute_api.who_can import who_can
from yett.policy import (
    AuthorizationRequest,
    Kind,
    NamedPolicy,
    Outcome,
    Principal,
    RequestContext,
    decide,
    principal_context,
)
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.rules.execute_api.audit import AuditFinding, audit_answer, audit_route, audit_sign_up, audit_statements
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.identity_source import Place
from yett.rules.execute_api.plan import NotDeployable, StagePlan
from yett.rules.execute_api.routing.domain import Target, locate
from yett.server.edge import VPC, VPC_ENDPOINT
from yett.server.explained import Explained
from yett.values.errors import Refusal
from yett.values.http import Headers, HttpRequest, VpcOrigin
from yett.values.timestamps import parse_iso

READ_API: Final = "apigateway:GET"
TEST_API: Final = "apigateway:POST"  # of an authorizer: what TestInvokeAuthorizer needs
SIMULATE: Final = "iam:SimulatePrincipalPolicy"
READ_PRINCIPALS: Final = "iam:GetAccountAuthorizationDetails"
APIS: Final = 100  # stages that one answer is about
ADDRESSES: Final = 8  # that one access matrix is about
SAM_STAGE: Final = "Stage"  # which SAM makes beside the one that a template names: nobody means it
METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})

Json = dict[str, Any]


class NotAnswered(Refusal):
    """The question cannot be answered, or not to this caller."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Simulation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a simulation. An API is named by its id or its name, or all at once by a URL."""

    path: str = "/"  # below the stage, percent-encoded; a query may follow
    method: str = "GET"
    url: str | None = None
    api: str | None = None
    stage: str | None = None
    principal: str = msgspec.field(name="as", default=ANONYMOUS_NAME)
    source_ip: str | None = None
    source_vpc: str | None = None  # with either of these the call comes through a VPC endpoint, and source_ip is within
    source_vpce: str | None = None
    headers: dict[str, str] = {}
    token: str | None = None
    time: str | None = None  # ISO 8601
    invoke_authorizer: bool = False


class Inquiries:
    """Answers to callers who have signed."""

    def __init__(
        self, ports: Ports, decisions: Decisions, seen_elsewhere: Callable[[], Awaitable[tuple[bytes, ...]]]
    ) -> None:
        self._ports = ports
        self._decisions = decisions
        self._seen_elsewhere = seen_elsewhere  # traces of calls that other processes answered

    async def answer(self, request: HttpRequest, caller: Caller) -> Json:
        """The answer, as JSON.

        Raises:
            NotAnswered: With the status and what to do.
        """
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        match request.method, request.path.removeprefix("/_yett/api/"):
            case "POST", "simulate":
                return await self._simulate(request, caller)
            case "GET" | "HEAD", "who-can":
                return await self._who_can(request, caller, query)
            case "GET" | "HEAD", "access-matrix":
                return await self._matrix(request, caller, query)
            case "GET" | "HEAD", "audit":
                return await self._audit(request, caller, query)
            case _, "simulate" | "who-can" | "access-matrix" | "audit":
                raise NotAnswered(405, "simulate is asked with POST, everything else with GET")
            case _:
                raise NotAnswered(404, "there is nothing here")

    async def _simulate(self, request: HttpRequest, caller: Caller) -> Json:
        try:
            wanted = msgspec.json.decode(request.body, type=Simulation)
        except msgspec.DecodeError as error:
            raise NotAnswered(400, f"the simulation cannot be read: {error}") from error
        try:
            at = request.received_at if wanted.time is None else parse_iso(wanted.time)
        except (ValueError, OverflowError) as error:
            raise NotAnswered(400, f"`{wanted.time}` is no moment: write it as 2026-01-31T12:00:00Z") from error
        if wanted.source_ip is not None:
            _check_address(wanted.source_ip)
        origin = _vpc_origin(wanted.source_vpc, wanted.source_vpce)
        plan, path, query = await self._target(wanted, caller)
        self._need(caller, request, READ_API, _api_arn(plan), account=plan.account)
        try:
            acting = await find_principal(
                wanted.principal, ports=self._ports, account=caller.identity.account, now=request.received_at
            )
        except UnknownPrincipal as unknown:
            raise NotAnswered(400, unknown.reason) from unknown
        if acting is not None:
            account = acting.identity.account
            if caller.identity.account == self._ports.settings.account:
                account = caller.identity.account  # the server's own account knows every account of it
            self._need(caller, request, SIMULATE, acting.identity.principal_arn, account=account)
        if wanted.invoke_authorizer:
            self._need(caller, request, TEST_API, f"{_api_arn(plan)}/authorizers/*", account=plan.account)
        made = _make_request(wanted, plan, path, query, asked=request, at=at, origin=origin)
        target = Target(plan.api_id, plan.stage, path)
        simulated = await simulate(
            made, target, plan, ports=self._ports, caller=acting, invoke_authorizer=wanted.invoke_authorizer
        )
        return simulated.trace | {
            "wouldAllow": await propose(simulated.record, self._ports),
            "hints": await self.hints(simulated.trace),
        }

    async def hints(self, trace: Json) -> list[str]:
        """What a call that found no method may have missed by little."""
        if trace["api"] == "" or not trace["steps"] or trace["steps"][0]["result"] != "refused":
            return []
        return await route_hints(trace["api"], trace["stage"], trace["method"], trace["path"], self._ports)

    async def would_allow(self, found: Explained, trace: Json, caller: Caller, request: HttpRequest) -> list[Any]:
        """Proposals for a call that was refused; none to who may not simulate principals. Where another process
        refused it, that one has made them.
        """
        is_denial = trace["outcome"] in {Outcome.EXPLICIT_DENY.value, Outcome.IMPLICIT_DENY.value}
        account = caller.identity.account
        if not is_denial or not may(caller, SIMULATE, "*", account=account, source_ip=request.source_ip):
            return []
        record = self._decisions.find(trace["requestId"])
        if record is None:
            return list(msgspec.json.decode(found.proposals))
        return list(await propose(record, self._ports))

    async def _who_can(self, request: HttpRequest, caller: Caller, query: Json) -> Json:
        plan, path, _ = await self._target(_simulation_of(query), caller)
        self._may_list(caller, request, plan)
        method = str(query.get("method", "GET")).upper()
        if method not in METHODS:
            raise NotAnswered(400, f"`{method}` is no method of an API")
        address = _check_address(_address(query, request))
        origin = _vpc_origin(query.get("sourceVpc"), query.get("sourceVpce"))
        question = question_of(plan, method, path, source_ip=address, now=request.received_at, vpc_origin=origin)
        if question is None:
            raise NotAnswered(404, f"stage `{plan.stage}` of API `{plan.api_id}` has no method {method} {path}")
        return who_can(question, await self._principals(caller, request))

    async def _matrix(self, request: HttpRequest, caller: Caller, query: Json) -> Json:
        plan, _, _ = await self._target(_simulation_of(query), caller)
        self._may_list(caller, request, plan)
        addresses = tuple(dict.fromkeys(map(_check_address, _address(query, request).split(","))))
        if len(addresses) > ADDRESSES:
            raise NotAnswered(400, f"one matrix has room for {ADDRESSES} addresses: ask once more for the others")
        principals = await self._principals(caller, request)
        return make_matrix(plan, principals, addresses=addresses, now=request.received_at).describe()

    async def _audit(self, request: HttpRequest, caller: Caller, query: Json) -> Json:
        wanted = _simulation_of(query)
        plans = [plan async for plan in self._plans(caller) if wanted.api in {None, plan.api_id, plan.api_name}]
        plans = [plan for plan in plans if wanted.stage in {None, plan.stage}]
        for plan in plans:
            self._may_list(caller, request, plan)
        principals = await self._principals(caller, request) if plans else []
        policies = [
            (each.name, source, Kind.IDENTITY)
            for each in principals
            for source in each.caller.policies.identity.sources
            if not source.name.startswith("arn:aws:iam::aws:")
        ]
        findings = [_describe(each, plan) for plan in plans for each in self._findings(plan, request.received_at)]
        served = {(plan.api_id, plan.stage) for plan in plans}
        for trace in map(msgspec.json.decode, await self._seen_elsewhere()):
            if (trace["api"], trace["stage"]) in served:
                findings += [
                    known
                    for each in trace["warnings"]
                    if (known := {**each, "api": trace["api"], "stage": trace["stage"]}) not in findings
                ]
        for plan in plans:
            stage = (plan.api_id, plan.stage)
            told = {(each["code"], each["where"]) for each in findings if (each["api"], each["stage"]) == stage}
            found = [*await code_findings(plan, self._ports), *audit_sign_up(plan, await self._open_pools(plan))]
            findings += [_describe(each, plan) for each in found if (each.code.value, each.where) not in told]
        findings += [_describe(each, None) for each in audit_statements(policies)]
        return {
            "apis": [{"api": plan.api_id, "name": plan.api_name, "stage": plan.stage} for plan in plans],
            "findings": findings,
        }

    async def _open_pools(self, plan: StagePlan) -> frozenset[str]:
        """Of the user pools whose tokens the stage takes, the ARNs of those that anyone can sign up with."""
        arns = {arn for each in plan.methods if each.authorizer is not None for arn in each.authorizer.pool_arns}
        store, found = self._ports.user_pool_store, set()
        for arn in arns:
            place = await store.place_of_pool(arn.rpartition("/")[2])
            pool = None if place is None else await store.find_pool(place)
            if pool is not None and pool.place.arn == arn and not pool.admin_creates_users_only:
                found.add(arn)
        return frozenset(found)

    def _findings(self, plan: StagePlan, now: datetime) -> Iterator[AuditFinding]:
        for row in rows_of(plan):
            question = question_of(plan, row.method, row.path, source_ip="192.0.2.1", now=now)
            if question is not None and (finding := audit_route(question)) is not None:
                yield finding
        seen: set[tuple[str, str]] = set()
        for record in self._decisions.recent(APIS * APIS):
            question, standing = record.question, record.standing
            if question is None or standing is None or standing.authorizer_policy is None:
                continue
            authorizer = question.method.authorizer
            if (question.plan.api_id, question.plan.stage) != (plan.api_id, plan.stage) or authorizer is None:
                continue
            finding = audit_answer(standing.authorizer_policy, authorizer, question.plan)
            if finding is not None and (finding.code, finding.where) not in seen:
                seen.add((finding.code, finding.where))
                yield finding
        policy = plan.resource_policy
        owned: list[tuple[str, NamedPolicy, Kind]] = []
        if policy is not None:
            owned = [(plan.api_name, source, Kind.RESOURCE) for source in policy.sources]
        yield from audit_statements(owned)

    # -- which stage, and whether it may be asked about

    async def _target(self, wanted: Simulation, caller: Caller) -> tuple[StagePlan, str, str]:
        """The stage that is meant, the path below it and the query."""
        path, _, query = wanted.path.partition("?")
        api, stage = wanted.api, wanted.stage
        if wanted.url is not None:
            parts = urlsplit(wanted.url)
            found = locate((parts.hostname or "").lower(), parts.path)
            if found is None:
                raise NotAnswered(400, f"`{wanted.url}` names no API of this server")
            api, stage, path, query = found.api_id, found.stage, found.path, parts.query
        if not path.startswith("/"):
            raise NotAnswered(400, f"a path begins with a slash: `{path}`")
        plans = [
            plan
            async for plan in self._plans(caller)
            if api in {None, plan.api_id, plan.api_name} and stage in {None, plan.stage}
        ]
        if stage is None:
            plans = [plan for plan in plans if plan.stage != SAM_STAGE] or plans
        has_route = True
        if len(plans) > 1 and api is None:
            routed = [plan for plan in plans if plan.router.find(wanted.method.upper(), path) is not None]
            has_route = bool(routed)
            plans = routed or plans
        if len(plans) == 1:
            return plans[0], path, query
        if not plans:
            there = [plan async for plan in self._plans(caller)]
            known = f"; there is {_list(there)}" if there else ", nor any other: `yett up TEMPLATE` puts one up"
            raise NotAnswered(404, f"there is no such API and stage here{known}")
        lacking = "" if has_route else f"none of them has a method {wanted.method.upper()} {path}; "
        raise NotAnswered(400, f"{lacking}name one of these with api and stage: {_list(plans)}")

    async def _plans(self, caller: Caller) -> AsyncIterator[StagePlan]:
        """Every stage of the caller's account."""
        account, region = caller.identity.account, self._ports.settings.region
        store = self._ports.api_store
        for api in await store.apis(account, region, after="", limit=APIS):
            for stage in await store.stages(account, region, api.id):
                try:
                    plan = await self._ports.plans.resolve(api.id, stage.stage_name)
                except NotDeployable:
                    continue
                if plan is not None:
                    yield plan

    async def _principals(self, caller: Caller, request: HttpRequest) -> Sequence[Named]:
        return await known_principals(self._ports, account=caller.identity.account, now=request.received_at)

    def _may_list(self, caller: Caller, request: HttpRequest, plan: StagePlan) -> None:
        self._need(caller, request, READ_API, _api_arn(plan), account=plan.account)
        self._need(caller, request, READ_PRINCIPALS, "*", account=caller.identity.account)

    def _need(self, caller: Caller, request: HttpRequest, action: str, resource: str, *, account: str) -> None:
        """That the caller's policies, in the account that it is about, allow it.

        Raises:
            NotAnswered: 403.
        """
        if not may(caller, action, resource, account=account, source_ip=request.source_ip):
            raise NotAnswered(403, f"{caller.identity.arn} may not {action} on {resource}")


def may(caller: Caller, action: str, resource: str, *, account: str, source_ip: str) -> bool:
    """Whether the caller's own policies allow an action on something of *account*."""
    question = AuthorizationRequest(
        action=action,
        resource=resource,
        principal=Principal.iam(caller.identity),
        resource_account=account,
        context=RequestContext.of({"aws:SourceIp": source_ip, **principal_context(caller.identity)}),
    )
    decision = decide(
        question, caller=caller.policies, resource_policy=None, same_account=caller.identity.account == account
    )
    return decision.outcome is Outcome.ALLOW


def _list(plans: Sequence[StagePlan]) -> str:
    return ", ".join(sorted(f"{plan.api_name} ({plan.api_id}) {plan.stage}" for plan in plans))


def _simulation_of(query: Json) -> Simulation:
    return Simulation(
        path=str(query.get("path", "/")),
        method=str(query.get("method", "GET")),
        url=query.get("url"),
        api=query.get("api"),
        stage=query.get("stage"),
    )


def _address(query: Json, request: HttpRequest) -> str:
    return str(query.get("sourceIp", request.source_ip))


def _check_address(text: str) -> str:
    """The text, which is an address.

    Raises:
        NotAnswered: 400.
    """
    try:
        ip_address(text)
    except ValueError as error:
        raise NotAnswered(400, f"`{text}` is no address: write 203.0.113.9 or 2001:db8::1") from error
    return text


def _vpc_origin(vpc: str | None, endpoint: str | None) -> VpcOrigin | None:
    """Where in a private network a call comes from; None where it does not.

    Raises:
        NotAnswered: 400.
    """
    if vpc is not None and VPC.fullmatch(vpc) is None:
        raise NotAnswered(400, f"`{vpc}` is no VPC: write vpc-1a2b3c4d, with 8 or 17 hexadecimal digits")
    if endpoint is not None and VPC_ENDPOINT.fullmatch(endpoint) is None:
        raise NotAnswered(400, f"`{endpoint}` is no VPC endpoint: write vpce-1a2b3c4d, with 8 or 17 hexadecimal digits")
    return None if vpc is None and endpoint is None else VpcOrigin(vpc=vpc, endpoint=endpoint)


def _api_arn(plan: StagePlan) -> str:
    return f"arn:aws:apigateway:{plan.region}::/restapis/{plan.api_id}"


def _make_request(
    wanted: Simulation,
    plan: StagePlan,
    path: str,
    query: str,
    *,
    asked: HttpRequest,
    at: datetime,
    origin: VpcOrigin | None,
) -> HttpRequest:
    """The call that nobody makes. A token goes where the method's authorizer looks for one."""
    host = f"{plan.api_id}.execute-api.{plan.region}.amazonaws.com"
    lines = [("Host", host), *wanted.headers.items()]
    method = wanted.method.upper()
    if method not in METHODS:
        raise NotAnswered(400, f"`{wanted.method}` is no method of an API")
    if wanted.token is not None:
        lines.append((_token_header(plan, method, path), wanted.token))
    full = f"/{plan.stage}{path}"
    return HttpRequest(
        method=method,
        target=f"{full}?{query}" if query else full,
        path=full,
        query=query,
        headers=Headers.of(lines),
        body=b"",
        host=host,
        source_ip=wanted.source_ip or asked.source_ip,
        vpc_origin=origin,
        scheme="https",
        request_id=asked.request_id,
        received_at=at,
    )


def _token_header(plan: StagePlan, method: str, path: str) -> str:
    found = plan.router.find(method, path)
    authorizer = found[0].authorizer if found is not None else None
    if found is None or authorizer is None or found[0].authorization_type is AuthorizationType.NONE:
        return "Authorization"
    return next((each.name.title() for each in authorizer.sources if each.place is Place.HEADER), "Authorization")


def _describe(finding: AuditFinding, plan: StagePlan | None) -> Json:
    where = {"api": plan.api_id, "stage": plan.stage} if plan is not None else {"api": None, "stage": None}
    return {"code": finding.code.value, **where, "where": finding.where, "message": finding.message}

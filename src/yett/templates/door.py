"""``/_yett/api/stacks``: where a deployment over AWS's APIs keeps what it made.

`yett deploy` acts through the services' own operations; only the record of the stack has no operation of AWS's. It is
read, written and removed here, signed for ``cloudformation`` and with that service's permissions on the stack's ARN.
Whoever may update a stack may have any of its attributes shown as an output, so the whole record is for those alone.
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext, decide, principal_context
from yett.ports.audit_trail import AuditEntry
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialsRefused
from yett.ports.errors import Conflict
from yett.ports.stack_store import StackRecord
from yett.services.iam.authentication import authenticate
from yett.services.iam.authorization import network_keys
from yett.sigv4 import SignatureRefused
from yett.values.http import Headers, HttpRequest, HttpResponse

STACKS: Final = "/_yett/api/stacks"
PLACE: Final = re.compile(
    STACKS + r"/(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})(?:/(?P<name>[A-Za-z][A-Za-z0-9-]{0,127}))?"
)
SIGNING_NAME: Final = "cloudformation"
SKEW_SECONDS: Final = 900
LIST, READ, CREATE, UPDATE, DELETE = (
    f"{SIGNING_NAME}:{name}" for name in ("ListStacks", "DescribeStacks", "CreateStack", "UpdateStack", "DeleteStack")
)


class Summary(Struct, frozen=True, kw_only=True, rename="camel"):
    """A stack in a list: nothing of it is secret."""

    name: str
    stack_id: str
    updated_at: str
    resources: int
    is_finished: bool  # no deployment of it is under way, or was cut off
    exports: dict[str, str]
    imports: tuple[str, ...]


class Stacks(Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a list: also what a deployment has to know of the server."""

    account: str
    public_url: str
    issuer: str  # of user pools, with `{pool}` for the pool's id
    stacks: tuple[Summary, ...]


def is_here(path: str) -> bool:
    """Whether a path is of this door."""
    return path == STACKS or path.startswith(f"{STACKS}/")


async def answer(request: HttpRequest, ports: Ports) -> HttpResponse:
    """Answer a signed request: ``GET`` of a Region lists; ``GET``, ``PUT``, ``DELETE`` of a name act on its record."""
    place = PLACE.fullmatch(request.path)
    if place is None:
        return said(404, "there is nothing here")
    region, name = place["region"], place["name"]
    try:
        caller = await authenticate(request, ports, service=SIGNING_NAME, region=region, skew_seconds=SKEW_SECONDS)
    except (SignatureRefused, CredentialsRefused) as refusal:
        return said(403, f"sign this request with Signature Version 4 for `{SIGNING_NAME}`: {refusal.reason}")
    act = Act(request, ports, caller, region, name or "")
    match request.method, name:
        case "GET", None:
            return await act.list()
        case "GET", str():
            return await act.read()
        case "PUT", str():
            return await act.put()
        case "DELETE", str():
            return await act.remove()
        case _:
            return said(405, "stacks are listed and read with GET, written with PUT and removed with DELETE")


class Act:
    """One request, its caller authenticated."""

    def __init__(self, request: HttpRequest, ports: Ports, caller: Caller, region: str, name: str) -> None:
        self.request = request
        self.ports = ports
        self.caller = caller
        self.account = caller.identity.account
        self.region = region
        self.name = name

    async def list(self) -> HttpResponse:
        """The caller's stacks, without anything secret."""
        if not await self.may(LIST, "*"):
            return self.refused(LIST, "*")
        records = await self.ports.stack_store.all(self.account, self.region)
        issuer = self.ports.settings.issuer(f"{self.region}_x").replace(f"{self.region}_x", "{pool}")
        found = Stacks(
            account=self.account,
            public_url=self.ports.settings.public_url,
            issuer=issuer,
            stacks=tuple(summary_of(one) for one in records),
        )
        return answered(200, found)

    async def read(self) -> HttpResponse:
        """A stack's whole record."""
        record = await self.find()
        for action in (READ, UPDATE) if record is not None else (READ,):
            if not await self.may(action, self.arn(record)):
                return self.refused(action, self.arn(record))
        return said(404, f"there is no stack `{self.name}`") if record is None else answered(200, record)

    async def put(self) -> HttpResponse:
        """Write a stack's record, whose serial must follow the kept one's."""
        present = await self.find()
        action = CREATE if present is None else UPDATE
        if not await self.may(action, self.arn(present)):
            return self.refused(action, self.arn(present))
        try:
            record = msgspec.json.decode(self.request.body, type=StackRecord)
        except msgspec.DecodeError as error:
            return said(400, f"no record of a stack: {error}")
        if (record.account, record.region, record.name) != (self.account, self.region, self.name):
            return said(400, "the record is of another stack")
        if present is not None and record.stack_id != present.stack_id:
            return said(409, f"stack `{self.name}` has been removed and made again meanwhile")
        try:
            await self.ports.stack_store.put(record)
        except Conflict as conflict:
            return said(409, conflict.reason)
        return HttpResponse(status=204, headers=NO_STORE, body=b"")

    async def remove(self) -> HttpResponse:
        """Forget a stack of which nothing is left."""
        present = await self.find()
        # Removing the record of a stack that still has resources would make orphans of them.
        if present is not None and (present.resources or present.journal or present.leavings):
            return said(409, f"stack `{self.name}` still has resources")
        if not await self.may(DELETE, self.arn(present)):
            return self.refused(DELETE, self.arn(present))
        await self.ports.stack_store.remove(self.account, self.region, self.name)
        return HttpResponse(status=204, headers=NO_STORE, body=b"")

    # -- who may

    async def find(self) -> StackRecord | None:
        """The stack's record."""
        return await self.ports.stack_store.find(self.account, self.region, self.name)

    def arn(self, record: StackRecord | None) -> str:
        """The stack's ARN; of one that is not there, its front."""
        if record is not None:
            return record.stack_id
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{self.name}/*"

    async def may(self, action: str, resource: str) -> bool:
        """Ask the caller's policies, and write the answer down."""
        identity = self.caller.identity
        question = AuthorizationRequest(
            action=action,
            resource=resource,
            principal=Principal.iam(identity),
            resource_account=self.account,
            context=RequestContext.of(
                {
                    **network_keys(self.request.source_ip, self.request.vpc_origin),
                    "aws:SecureTransport": self.request.scheme == "https",
                    "aws:CurrentTime": self.request.received_at,
                    "aws:EpochTime": int(self.request.received_at.timestamp()),
                    "aws:RequestedRegion": self.region,
                    **principal_context(identity),
                }
            ),
        )
        decision = decide(question, caller=self.caller.policies, resource_policy=None, same_account=True)
        allowed = decision.outcome is Outcome.ALLOW
        if not allowed or action in (CREATE, DELETE):
            await self.ports.audit_trail.record(
                AuditEntry(
                    request_id=self.request.request_id,
                    at=self.request.received_at,
                    account=self.account,
                    principal=identity.arn,
                    source_ip=self.request.source_ip,
                    action=action,
                    resource=resource,
                    outcome="allowed" if allowed else "AccessDenied",
                )
            )
        return allowed

    def refused(self, action: str, resource: str) -> HttpResponse:
        """The refusal, in the words of AWS."""
        who = self.caller.identity.arn
        return said(403, f"User: {who} is not authorized to perform: {action} on resource: {resource}")


def summary_of(record: StackRecord) -> Summary:
    """A stack in a list."""
    return Summary(
        name=record.name,
        stack_id=record.stack_id,
        updated_at=record.updated_at.isoformat(),
        resources=len(record.resources),
        is_finished=not (record.journal or record.leavings),
        exports=dict(record.exports),
        imports=record.imports,
    )


NO_STORE: Final = Headers(
    (("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
)


def answered(status: int, value: object) -> HttpResponse:
    """An answer in JSON that nobody may keep."""
    return HttpResponse(status=status, headers=NO_STORE, body=msgspec.json.encode(value))


def said(status: int, message: str) -> HttpResponse:
    """A message."""
    return answered(status, {"message": message})

"""The door behind a real listener, called by boto3; its callers are in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import boto3
from botocore.config import Config

from yett.adapters.authorization_messages import SealedAuthorizationMessages
from yett.adapters.sql.sealing import Sealer
from yett.control_plane.door import answer
from yett.policy import CallerPolicies, Kind, NamedPolicy, compile_policies, parse_policy
from yett.ports.audit_trail import AuditEntry
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialFault, CredentialsRefused
from yett.ports.settings import Settings
from yett.server.edge import Edge, HostRule
from yett.server.listener import listen
from yett.values.http import HttpRequest, HttpResponse
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret

ACCOUNT, OTHER = "123456789012", "999999999999"
MESSAGES = SealedAuthorizationMessages(Sealer(b"k" * 32))
EDGE = Edge(hosts=HostRule(domains=frozenset()), trusted_proxies=())


def statement(effect: str, action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def make_caller(
    *statements: Mapping[str, Any], name: str = "dev", account: str = ACCOUNT, is_root: bool = False
) -> Caller:
    """A user (or the root user) with one policy; the access key is made of its name."""
    arn = f"arn:aws:iam::{account}:{'root' if is_root else f'user/{name}'}"
    documents = []
    if statements:
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        documents = [NamedPolicy("policy", parse_policy(text, kind=Kind.IDENTITY))]
    return Caller(
        identity=IamIdentity(
            account=account,
            arn=arn,
            user_id=account if is_root else "AIDAEXAMPLEEXAMPLEEX",
            principal_type=PrincipalType.ACCOUNT if is_root else PrincipalType.USER,
            access_key_id=f"AKIA{name.upper():X<16}",
            principal_arn=arn,
            user_name=None if is_root else name,
        ),
        secret_access_key=Secret(f"secret of {name}"),
        policies=CallerPolicies(
            identity=compile_policies(documents, actions=None),
            boundary=None,
            session=None,
            scp=(),
            rcp=(),
            is_root=is_root,
        ),
    )


class MemoryCallers:
    """Callers by access key; what is in ``expired`` has a session token that ran out."""

    def __init__(self, *callers: Caller) -> None:
        self.by_key = {caller.identity.access_key_id: caller for caller in callers}
        self.expired: set[str] = set()

    def current(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller | None:
        return None if access_key_id in self.expired else self.by_key.get(access_key_id)

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: datetime) -> Caller:
        if access_key_id in self.expired:
            raise CredentialsRefused(CredentialFault.SESSION_TOKEN_EXPIRED)
        raise CredentialsRefused(CredentialFault.UNKNOWN_ACCESS_KEY)


class MemoryTrail:
    """Entries in a list."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    async def record(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    async def recent(self, account: str, *, limit: int) -> tuple[AuditEntry, ...]:
        return tuple(reversed(self.entries))[:limit]


class Uses:
    """The one thing that authentication tells the store."""

    def note_use(self, access_key_id: str, use: object) -> None:
        pass


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Nothing:
    """A port that nobody is to ask."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


def make_ports(*callers: Caller, **given: object) -> Ports:
    """Ports of which only those given, and those above, may be used."""
    ports: dict[str, object] = {name: Nothing() for name in Ports.__struct_fields__}
    ports |= {
        "settings": Settings(),
        "clock": FixedClock(),
        "callers": MemoryCallers(*callers),
        "audit_trail": MemoryTrail(),
        "iam_store": Uses(),
        "authorization_messages": MESSAGES,
    }
    return Ports(**cast(Any, ports | given))


def trail_of(ports: Ports) -> list[tuple[str, str, str]]:
    """Action, resource and outcome of every entry."""
    return [(e.action, e.resource, e.outcome) for e in cast(MemoryTrail, ports.audit_trail).entries]


class Api:
    """The address of a door."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def client(
        self, service: str, caller: Caller | None, *, region: str = "us-east-1", secret: str | None = None
    ) -> Any:
        """boto3, as the caller."""
        return boto3.client(
            cast(Any, service),
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=None if caller is None else caller.identity.access_key_id,
            aws_secret_access_key=None if caller is None else secret or caller.secret_access_key.reveal(),
            config=Config(retries={"total_max_attempts": 1}),
        )


@asynccontextmanager
async def serving(ports: Ports, door: Callable[[HttpRequest, Ports], Any] = answer) -> AsyncIterator[Api]:
    """The door, on a free port."""

    async def handle(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = await door(request, ports)
        return response

    listener = await listen(handle, host="127.0.0.1", port=0, edge=EDGE)
    try:
        yield Api(listener.port)
    finally:
        await listener.close(grace_seconds=0.05)


async def call(function: Callable[..., Any], **params: Any) -> Any:
    """boto3 waits in a thread, so that the door may answer."""
    return await asyncio.to_thread(function, **params)

"""Lambda's operations on a real database, with the rest of the world played."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from yett.adapters.functions.catalog import FunctionCatalog
from yett.adapters.sql.database import Database
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.adapters.sql.sealing import Sealer
from yett.policy import CallerPolicies, Kind, NamedPolicy, compile_policies, parse_policy
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.function_runner import FunctionAnswer
from yett.ports.iam_store import Role
from yett.ports.settings import Settings
from yett.services.call import Call
from yett.services.perform import perform
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret

ACCOUNT, OTHER = "123456789012", "999999999999"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/worker"
ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def package(text: str = "def handler(event, context): return 1") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return buffer.getvalue()


def caller(policy: Mapping[str, Any] = ALL, *, account: str = ACCOUNT, name: str = "dev") -> Caller:
    """An IAM user with one policy."""
    document = parse_policy(json.dumps(policy), kind=Kind.IDENTITY)
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Caller(
        identity=IamIdentity(
            account=account,
            arn=arn,
            user_id="AIDAEXAMPLEEXAMPLEEX",
            principal_type=PrincipalType.USER,
            access_key_id="AKIAEXAMPLE",
            principal_arn=arn,
            user_name=name,
        ),
        secret_access_key=Secret("x"),
        policies=CallerPolicies(
            identity=compile_policies([NamedPolicy("policy", document)], actions=None),
            boundary=None,
            session=None,
            scp=(),
            rcp=(),
            is_root=False,
        ),
    )


class World:
    """What the operations ask of the world."""

    def __init__(self) -> None:
        self.revisions = 0
        self.trusting = True
        self.answer: FunctionAnswer | Exception = FunctionAnswer(payload=b"1")
        self.invoked: list[tuple[str, str, bytes]] = []
        self.recorded: list[Any] = []

    def uuid(self) -> str:
        self.revisions += 1
        return f"revision-{self.revisions}"

    async def find(self, kind: type, account: str, name: str) -> Role | None:
        if (kind, account, name) != (Role, ACCOUNT, "worker"):
            return None
        created_at = datetime(2026, 1, 1, tzinfo=UTC)
        return Role(account=account, name=name, path="/service/", id="AROA", created_at=created_at, trust_policy="{}")

    async def service_role(self, role_arn: str, session_name: str, *, service: str, now: datetime) -> Caller | None:
        return caller() if self.trusting and service == "lambda.amazonaws.com" else None

    async def invoke(self, function_arn: str, payload: bytes, *, request_id: str, **_: object) -> FunctionAnswer:
        self.invoked.append(("invoke", function_arn, payload))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def submit(self, function_arn: str, payload: bytes, *, request_id: str, **_: object) -> None:
        self.invoked.append(("submit", function_arn, payload))
        if isinstance(self.answer, Exception):
            raise self.answer

    async def record(self, entry: object) -> None:
        self.recorded.append(entry)


class Lambda:
    """Calls operations as `perform` does."""

    def __init__(self, world: World, ports: Ports) -> None:
        self.world = world
        self.ports = ports

    async def __call__(self, operation: str, /, by: Caller | None = None, **params: object) -> Mapping[str, Any]:
        by = by or caller()
        call = Call(
            service="lambda",
            operation=operation,
            caller=by,
            account=by.identity.account,
            region="us-east-1",
            now=datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC),
            request_id="request",
            source_ip="192.0.2.1",
            secure_transport=True,
            ports=self.ports,
        )
        return await perform(call, params)

    async def create(self, name: str = "f", **params: object) -> Mapping[str, Any]:
        """CreateFunction with what it needs."""
        given = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Code": {"ZipFile": package()}}
        return await self("CreateFunction", FunctionName=name, **given | params)


@asynccontextmanager
async def aws_lambda(directory: Path) -> AsyncIterator[Lambda]:
    """Lambda on a fresh database."""
    database = Database.open(f"sqlite:///{directory / 'yett.db'}", sealer=Sealer(b"k" * 32))
    store, world = SqlFunctionStore(database), World()
    played = cast(Any, world)
    members: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
    members |= {
        "settings": Settings(),
        "randomness": played,
        "iam_store": played,
        "callers": played,
        "audit_trail": played,
        "function_runner": played,
        "function_store": store,
        "functions": FunctionCatalog(store, database.on_commit),
    }
    try:
        yield Lambda(world, Ports(**members))
    finally:
        await database.close()

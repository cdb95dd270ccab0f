"""A home with nothing in it, and whoever deploys to it."""

from pathlib import Path
from typing import Any

import pytest

from yett.adapters.sql.sealing import Sealer
from yett.policy import CallerPolicies, Kind, NamedPolicy, compile_policies, parse_policy
from yett.ports.callers import Caller
from yett.ports.iam_store import User
from yett.ports.settings import Settings
from yett.ports.stack_store import StackRecord
from yett.server.wiring import Wired
from yett.templates.deploy import Stack, deploy
from yett.templates.errors import TemplateRefused
from yett.templates.events import Event
from yett.templates.packaging import Packager
from yett.templates.site import LocalSite
from yett.values.http import HttpResponse
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret

ACCOUNT, REGION = "123456789012", "us-east-1"


class Ground:
    """A home with nothing in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.wired = Wired.of(
            Settings(), home=home, sealer=Sealer(bytes(32)), database_url=None, dynamodb_url="http://127.0.0.1:9"
        )
        self.events: list[Event] = []
        self.tables: set[str] = set()

    async def relay(self, call: Any, operation: Any, params: Any) -> HttpResponse:
        """Stands for the DynamoDB behind yett: it knows the names of tables."""
        name = params["TableName"]
        if operation.name == "CreateTable":
            self.tables.add(name)
        elif name not in self.tables:
            body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no table"}'
            return HttpResponse(status=400, body=body)
        elif operation.name == "DeleteTable":
            self.tables.remove(name)
        return HttpResponse(status=200, body=b"{}")

    async def up(self, text: str, *, by: Caller | None = None, **parameters: str) -> Stack:
        """Deploy a template."""
        path = self.home / "template.yaml"
        path.write_text(text)
        self.events.clear()
        return await deploy(
            path,
            stack_name="pets",
            parameters=parameters,
            site=await self.site(by),
            packager=Packager(self.home, progress=lambda text: None),
            on_progress=self.events.append,
        )

    async def site(self, by: Caller | None = None) -> LocalSite:
        """The server of this home."""
        caller = by or await self.wired.ports.callers.root(ACCOUNT)
        return LocalSite(ports=self.wired.ports, caller=caller, relay=self.relay)

    async def refusal(self, text: str, **parameters: Any) -> str:
        """The refusal that a template must get."""
        with pytest.raises(TemplateRefused) as refused:
            await self.up(text, **parameters)
        return refused.value.reason.removeprefix(f"{self.home}/")

    async def left(self) -> tuple[int, int, int, StackRecord | None]:
        """How many users, APIs and functions there are, and the stack."""
        ports = self.wired.ports
        apis = await ports.api_store.apis(ACCOUNT, REGION, after="", limit=10)
        stack = await ports.stack_store.find(ACCOUNT, REGION, "pets")
        functions = await ports.function_store.list_functions(ACCOUNT, REGION, after="", limit=10)
        user = await ports.iam_store.find(User, ACCOUNT, "clerk")
        return int(user is not None), len(apis), len(functions), stack


def limited(*actions: str) -> Caller:
    """An IAM user who may do these alone."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/ann"
    text = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}
    policy = compile_policies((NamedPolicy("p", parse_policy(text, kind=Kind.IDENTITY)),), actions=None)
    return Caller(
        identity=IamIdentity(
            account=ACCOUNT,
            arn=arn,
            user_id="AIDA",
            principal_type=PrincipalType.USER,
            access_key_id="AKIA",
            principal_arn=arn,
            user_name="ann",
        ),
        secret_access_key=Secret("s"),
        policies=CallerPolicies(identity=policy, boundary=None, session=None, scp=(), rcp=(), is_root=False),
    )

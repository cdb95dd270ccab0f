"""IAM, STS and Organizations over a real database: operations are called as the control plane calls them."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from argon2 import PasswordHasher
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from yett.adapters.authorization_messages import SealedAuthorizationMessages
from yett.adapters.callers import StoredCallers
from yett.adapters.passwords import Argon2Passwords
from yett.adapters.session_tokens import SealedSessionTokens
from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.credential_store import SqlCredentialStore
from yett.adapters.sql.database import Database
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.organization_store import SqlOrganizationStore
from yett.adapters.sql.sealing import Sealer
from yett.adapters.system import SystemRandomness
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.settings import Settings
from yett.services.call import Call, ServiceError
from yett.services.perform import perform
from yett.values.http import Headers, HttpRequest

ACCOUNT = "123456789012"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

__all__ = ["ACCOUNT", "ADMINISTRATOR", "Aws", "allow", "aws_at", "deny", "policy", "trust"]


def policy(*statements: Mapping[str, object]) -> str:
    """A document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: object, resource: object = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object, resource: object = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal: object, action: object = "sts:AssumeRole", **more: object) -> str:
    """A trust policy."""
    return policy({"Effect": "Allow", "Principal": principal, "Action": action, **more})


class Aws:
    """The three services, with a clock to set."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.time = START
        randomness = SystemRandomness()
        self.passwords = Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        tokens = SealedSessionTokens(Sealer(b"k" * 32), randomness)
        ports = SimpleNamespace(
            settings=Settings(account=ACCOUNT),
            clock=SimpleNamespace(now=lambda: self.time),
            randomness=randomness,
            session_tokens=tokens,
            passwords=self.passwords,
            authorization_messages=SealedAuthorizationMessages(Sealer(b"k" * 32)),
            callers=StoredCallers(database, tokens),
            audit_trail=SqlAuditTrail(database),
            iam_store=SqlIamStore(database),
            credential_store=SqlCredentialStore(database),
            organization_store=SqlOrganizationStore(database),
        )
        self.ports = cast(Ports, ports)

    async def do(self, operation: str, caller: Caller | None = None, **params: Any) -> dict[str, Any]:
        """Call ``iam:CreateUser`` and the like; root calls unless somebody else does."""
        service, _, name = operation.partition(":")
        caller = caller or await self.ports.callers.root(ACCOUNT)
        call = Call(
            service=service,
            operation=name,
            caller=caller,
            account=caller.identity.account,
            region="us-east-1",
            now=self.time,
            request_id="11111111-2222-3333-4444-555555555555",
            source_ip="127.0.0.1",
            secure_transport=False,
            ports=self.ports,
        )
        return dict(await perform(call, params))

    async def refused(self, operation: str, caller: Caller | None = None, **params: Any) -> tuple[str, str]:
        """The code and message of the refusal that is expected."""
        try:
            await self.do(operation, caller, **params)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused")

    async def user(self, name: str, *statements: Mapping[str, object], path: str = "/") -> Caller:
        """A new user with an access key and one inline policy, as a caller."""
        await self.do("iam:CreateUser", UserName=name, Path=path)
        if statements:
            await self.do("iam:PutUserPolicy", UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = (await self.do("iam:CreateAccessKey", UserName=name))["AccessKey"]
        return await self.resolve(key["AccessKeyId"])

    async def role(self, name: str, trust_policy: str, *statements: Mapping[str, object], **more: Any) -> str:
        """A new role's ARN."""
        made = await self.do("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=trust_policy, **more)
        if statements:
            await self.do("iam:PutRolePolicy", RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(made["Role"]["Arn"])

    async def resolve(self, access_key_id: str, session_token: str | None = None) -> Caller:
        """The caller behind an access key."""
        return await self.ports.callers.resolve(access_key_id, session_token, now=self.time)

    async def holder(self, answer: Mapping[str, Any]) -> Caller:
        """The caller behind the credentials of an answer of STS."""
        credentials = answer["Credentials"]
        return await self.resolve(credentials["AccessKeyId"], credentials["SessionToken"])

    def pass_time(self, **amount: float) -> None:
        self.time += timedelta(**amount)

    def signed(self, key: Mapping[str, str], *, service: str = "iam", body: bytes = b"Action=ListUsers") -> HttpRequest:
        """A request that botocore signed, at the real time."""
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken"))
        request = AWSRequest("POST", "http://localhost:4566/", data=body, headers={"Host": "localhost:4566"})
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
        return HttpRequest(
            method="POST",
            target="/",
            path="/",
            query="",
            headers=Headers.of((name, value) for name, value in request.headers.items()),
            body=body,
            host="localhost",
            source_ip="127.0.0.1",
            scheme="http",
            request_id="11111111-2222-3333-4444-555555555555",
            received_at=datetime.now(UTC),
        )


@asynccontextmanager
async def aws_at(path: Path) -> AsyncIterator[Aws]:
    """The services on a fresh database in a directory."""
    database = Database.open(f"sqlite:///{path / 'yett.db'}", sealer=Sealer(b"k" * 32))
    opened = Aws(database)
    try:
        yield opened
    finally:
        opened.passwords.close()
        await database.close()

"""User pools over a real database, with a clock that tests move and signing keys that are made once."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher
from botocore.session import get_session
from botocore.validate import ParamValidator

from yett.adapters.jwks import StoredKeySets
from yett.adapters.messages.outbox import Outbox
from yett.adapters.passwords import Argon2Passwords
from yett.adapters.signing_keys import StoredSigningKeys, make_key
from yett.adapters.sql.database import Database
from yett.adapters.sql.sealing import Sealer
from yett.adapters.sql.user_pool_store import SqlUserPoolStore
from yett.adapters.system import SystemRandomness
from yett.hosted_login.door import application
from yett.ports.bundle import Ports
from yett.ports.messages import Message
from yett.ports.settings import Settings
from yett.ports.signing_keys import PoolKeys
from yett.ports.upstream import UpstreamRequest, UpstreamResponse, UpstreamUnreachable
from yett.server.asgi_bridge import bridge
from yett.services.call import Call
from yett.services.cognito_idp.operations import OPERATIONS
from yett.values.http import Headers, HttpRequest, HttpResponse

ACCOUNT, REGION = "123456789012", "us-east-1"
PASSWORD = "Correct-Horse-7"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@cache
def shared_keys() -> PoolKeys:
    return PoolKeys(id=make_key(), access=make_key())


class SharedSigningKeys(StoredSigningKeys):
    async def make(self) -> PoolKeys:
        return shared_keys()


class MovedClock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment


class NoUpstream:
    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        raise UpstreamUnreachable("there is no network in this test")


def secret_hash(client: Mapping[str, Any], name: str) -> str:
    mac = hmac.new(client["ClientSecret"].encode(), (name + client["ClientId"]).encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


class World:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = MovedClock()
        self.database = Database.open(f"sqlite:///{home / 'yett.db'}", sealer=Sealer(b"m" * 32))
        self.store = SqlUserPoolStore(self.database)
        self.passwords = Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.settings = Settings(public_url="http://localhost:4566")
        self.keys = SharedSigningKeys(self.store)
        given: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
        given.update(
            settings=self.settings,
            clock=self.clock,
            randomness=SystemRandomness(),
            user_pool_store=self.store,
            passwords=self.passwords,
            signing_keys=self.keys,
            messages=Outbox(home / "outbox"),
            key_sets=StoredKeySets(self.store, NoUpstream(), self.settings, self.database.on_commit),
        )
        self.ports = Ports(**given)
        self.app = application(self.ports)
        self.model = get_session().get_service_model("cognito-idp")

    async def close(self) -> None:
        self.passwords.close()
        self.keys.close()
        await self.database.close()

    def move(self, **by: float) -> None:
        self.clock.moment += timedelta(**by)

    async def do(self, operation: str, *, account: str = ACCOUNT, region: str = REGION, **params: Any) -> Any:
        """The answer of an operation, whose members are those of its model."""
        call = Call(
            service="cognito-idp",
            operation=operation,
            caller=None,
            account=account,
            region=region,
            now=self.clock.now(),
            request_id="r",
            source_ip="127.0.0.1",
            secure_transport=False,
            ports=self.ports,
        )
        answer = await OPERATIONS[operation](call, params)
        shape = self.model.operation_model(operation).output_shape
        if shape is not None:
            report = ParamValidator().validate(answer, shape)
            assert not report.has_errors(), report.generate_report()
            assert set(answer) <= set(shape.members)
        return answer

    async def pool(self, **options: Any) -> str:
        created = await self.do("CreateUserPool", PoolName="pool", **options)
        return str(created["UserPool"]["Id"])

    async def client(self, pool_id: str, **options: Any) -> dict[str, Any]:
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]
        given = {"ExplicitAuthFlows": [*flows, "ALLOW_REFRESH_TOKEN_AUTH"]} | options
        created = await self.do("CreateUserPoolClient", UserPoolId=pool_id, ClientName="app", **given)
        return dict(created["UserPoolClient"])

    async def user(self, pool_id: str, name: str = "ann", **attributes: str) -> None:
        listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
        await self.do(
            "AdminCreateUser", UserPoolId=pool_id, Username=name, UserAttributes=listed, MessageAction="SUPPRESS"
        )
        await self.do("AdminSetUserPassword", UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True)

    async def sign_in(self, client: Mapping[str, Any], name: str = "ann", password: str = PASSWORD) -> Any:
        given = {"USERNAME": name, "PASSWORD": password}
        if "ClientSecret" in client:
            given["SECRET_HASH"] = secret_hash(client, name)
        return await self.do(
            "InitiateAuth", ClientId=client["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
        )

    def messages(self) -> list[Message]:
        lines = (self.home / "outbox").read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Message) for line in lines]

    async def http(
        self,
        method: str,
        path: str,
        *,
        host: str = "localhost",
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> HttpResponse:
        lines = [("Host", host), ("Content-Type", "application/x-www-form-urlencoded"), *headers]
        return await bridge(
            self.app,
            HttpRequest(
                method=method,
                target=path,
                path=path,
                query="",
                headers=Headers.of(lines),
                body=body,
                host=host,
                source_ip="127.0.0.1",
                scheme="http",
                request_id="r",
                received_at=START,
            ),
        )

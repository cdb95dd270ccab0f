"""boto3 against user pools, through AWS's protocol both ways, at operations that need no signature."""

import asyncio
import base64
import http.client
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import jwt
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from msgspec import structs
from tests.sdk.running import RunningServer
from tests.services.cognito_idp.world import PASSWORD, REGION, World

from yett.control_plane.door import answer
from yett.ports.audit_trail import AuditEntry
from yett.ports.bundle import Ports
from yett.values.http import Headers, HttpRequest


class Trail:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    async def record(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    async def recent(self, account: str, *, limit: int) -> tuple[AuditEntry, ...]:
        return tuple(self.entries[:limit])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.close()


class Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_: object, **__: object) -> Any:
        yield self.body


class Sdk:
    """A boto3 client whose requests go to the control plane's door on the test's loop instead of a socket."""

    def __init__(self, world: World, ports: Ports) -> None:
        self.world, self.ports, self.loop = world, ports, asyncio.get_running_loop()
        self.client = boto3.client(
            "cognito-idp",
            region_name=REGION,
            endpoint_url="http://localhost:4566",
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register("before-send.cognito-identity-provider", self.send)

    def send(self, request: Any, **_: object) -> AWSResponse:
        parts = urlsplit(request.url)
        lines = [(name, v.decode() if isinstance(v, bytes) else v) for name, v in request.headers.items()]
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        sent = HttpRequest(
            method=request.method,
            target=parts.path or "/",
            path=parts.path or "/",
            query=parts.query,
            headers=Headers.of([("Host", parts.netloc), *lines]),
            body=body,
            host=parts.hostname or "",
            source_ip="127.0.0.1",
            scheme="http",
            request_id="11111111-2222-4333-8444-555555555555",
            received_at=self.world.clock.now(),
        )
        response = asyncio.run_coroutine_threadsafe(answer(sent, self.ports), self.loop).result(30)
        return AWSResponse(request.url, response.status, dict(response.headers), Raw(response.body))

    async def do(self, method: str, **params: Any) -> Any:
        return await asyncio.to_thread(getattr(self.client, method), **params)


@pytest.fixture
async def sdk(world: World) -> Sdk:
    return Sdk(world, structs.replace(world.ports, audit_trail=Trail()))


async def test_boto3_signs_a_user_up_and_in(world: World, sdk: Sdk) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    client_id = (await world.client(pool_id))["ClientId"]
    email = [{"Name": "email", "Value": "ann@example.com"}]
    made = await sdk.do("sign_up", ClientId=client_id, Username="ann", Password=PASSWORD, UserAttributes=email)
    assert made["UserConfirmed"] is False
    given = {"USERNAME": "ann", "PASSWORD": PASSWORD}
    sign_in = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": given}
    with pytest.raises(sdk.client.exceptions.UserNotConfirmedException):
        await sdk.do("initiate_auth", **sign_in)
    code = str(world.messages()[-1].code)
    await sdk.do("confirm_sign_up", ClientId=client_id, Username="ann", ConfirmationCode=code)
    result = (await sdk.do("initiate_auth", **sign_in))["AuthenticationResult"]
    user = await sdk.do("get_user", AccessToken=result["AccessToken"])
    assert user["Username"] == "ann"
    refreshed = await sdk.do(
        "initiate_auth",
        ClientId=client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": result["RefreshToken"]},
    )
    assert refreshed["AuthenticationResult"]["IdToken"]
    await sdk.do("global_sign_out", AccessToken=result["AccessToken"])
    with pytest.raises(sdk.client.exceptions.NotAuthorizedException) as caught:
        await sdk.do("get_user", AccessToken=result["AccessToken"])
    assert caught.value.response["Error"]["Message"] == "Access Token has been revoked"
    entries = sdk.ports.audit_trail.entries  # type: ignore[attr-defined]
    assert {entry.principal for entry in entries} == {"anonymous"}
    assert {entry.outcome for entry in entries} == {"allowed", "UserNotConfirmedException", "NotAuthorizedException"}


async def test_boto3_is_told_the_errors_of_the_service_model(world: World, sdk: Sdk) -> None:
    exceptions = sdk.client.exceptions
    with pytest.raises(exceptions.ResourceNotFoundException, match=r"User pool client none does not exist\."):
        await sdk.do("sign_up", ClientId="none", Username="ann", Password=PASSWORD)
    with pytest.raises(exceptions.NotAuthorizedException):
        await sdk.do("get_user", AccessToken="a.b.c")
    client_id = (await world.client(await world.pool()))["ClientId"]
    with pytest.raises(exceptions.InvalidPasswordException):
        await sdk.do("sign_up", ClientId=client_id, Username="ann", Password="short")
    with pytest.raises(exceptions.InvalidParameterException, match="1 validation error detected"):
        await sdk.do("sign_up", ClientId=client_id, Username="a b", Password=PASSWORD)


async def test_an_administrators_operation_is_refused_without_a_signature(world: World, sdk: Sdk) -> None:
    pool_id = await world.pool()
    for method, params in (
        ("describe_user_pool", {"UserPoolId": pool_id}),
        ("admin_get_user", {"UserPoolId": pool_id, "Username": "ann"}),
        ("delete_user_pool", {"UserPoolId": pool_id}),
    ):
        with pytest.raises(sdk.client.exceptions.ClientError) as caught:
            await sdk.do(method, **params)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    assert await world.store.place_of_pool(pool_id) is not None


def test_a_whole_server_makes_pools_for_signed_callers_and_tokens_for_machines(running: RunningServer) -> None:
    client = running.client("cognito-idp")
    pool_id = client.create_user_pool(PoolName="sdk")["UserPool"]["Id"]
    client.create_user_pool_domain(UserPoolId=pool_id, Domain="sdk-login")
    scopes = [{"ScopeName": "read", "ScopeDescription": "Look"}]
    client.create_resource_server(UserPoolId=pool_id, Identifier="pets", Name="Pets", Scopes=scopes)
    app = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="machine",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["pets/read"],
    )["UserPoolClient"]
    assert client.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Domain"] == "sdk-login"
    url = urlsplit(client.meta.endpoint_url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=30)
    basic = base64.b64encode(f"{app['ClientId']}:{app['ClientSecret']}".encode()).decode()
    headers = {
        "Host": f"sdk-login.auth.localhost:{url.port}",
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", "/oauth2/token", "grant_type=client_credentials", headers)
    granted = json.loads(connection.getresponse().read())
    connection.request("GET", f"/{pool_id}/.well-known/jwks.json")
    keys = jwt.PyJWKSet.from_dict(json.loads(connection.getresponse().read()))
    key = keys[jwt.get_unverified_header(granted["access_token"])["kid"]]
    claims = jwt.decode(granted["access_token"], key, algorithms=["RS256"])
    assert (claims["scope"], claims["sub"]) == ("pets/read", app["ClientId"])
    connection.close()
    client.delete_user_pool_domain(UserPoolId=pool_id, Domain="sdk-login")
    client.delete_user_pool(UserPoolId=pool_id)

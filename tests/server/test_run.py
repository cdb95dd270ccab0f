"""A gateway port and an admin port, of one process and of workers alike."""

import http.client
import json
import os
import ssl
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from cryptography import x509
from msgspec import structs
from tests.sdk.making import Api, make_user, mock
from tests.sdk.running import NO_RETRIES, RunningServer
from tests.server.certificates import make_certificate

from yett.server.home import HomeInUse
from yett.server.run import PortInUse, Server
from yett.server.settings import Address, ServerSettings, TlsFiles
from yett.server.tls import BadCertificate

ADMIN = Address("127.0.0.1", 0)
ANYONE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
UNSIGNED = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}


@pytest.fixture(scope="module", params=[0, 2], ids=["one process", "workers"])
def separate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("home"), admin=ADMIN, workers=request.param) as server:
        yield server


@pytest.fixture(scope="module")
def api(separate: RunningServer) -> Api:
    made = Api(separate)
    made.method("/open", mock())
    made.method("/signed", mock(), authorizationType="AWS_IAM")
    made.deploy()
    return made


def ask(
    port: int, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body, headers={"Host": "localhost", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def admin_port(running: RunningServer) -> int:
    return int(running.server.url.rpartition(":")[2])


def test_the_gateway_serves_invocations(separate: RunningServer, api: Api) -> None:
    assert separate.call(api.id, "/prod/open").json == {"ok": True}
    _, user = make_user(separate, ANYONE)
    assert separate.call(api.id, "/prod/signed", signed_by=user).status == 200
    assert separate.call(api.id, "/prod/signed").status == 403


def test_root_is_unknown_at_the_gateway_and_so_are_its_sessions(separate: RunningServer, api: Api) -> None:
    for root in (separate.root, session_of_root(separate)):
        answer = separate.call(api.id, "/prod/signed", signed_by=root)
        assert (answer.status, answer.error_type) == (403, "UnrecognizedClientException")


def session_of_root(running: RunningServer) -> Any:
    made = running.client("sts").get_session_token()["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def test_the_gateway_takes_no_operation_that_needs_a_signature(separate: RunningServer) -> None:
    _, user = make_user(separate, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    for keys in (user, separate.root):
        client = boto3.client(
            "iam",
            endpoint_url=f"http://127.0.0.1:{separate.server.port}",
            region_name="us-east-1",
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            config=NO_RETRIES,
        )
        with pytest.raises(ClientError) as refused:
            client.create_user(UserName="intruder")
        assert refused.value.response["Error"]["Code"] == "AccessDenied"
    names = [each["UserName"] for each in separate.client("iam").list_users()["Users"]]
    assert "intruder" not in names


def test_the_gateway_serves_sign_in_and_the_documents_of_pools(separate: RunningServer) -> None:
    pool = separate.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]["Id"]
    status, body = ask(separate.server.port, f"/{pool}/.well-known/jwks.json")
    assert (status, len(json.loads(body)["keys"])) == (200, 2)
    wanted = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "none", "AuthParameters": {"USERNAME": "a"}}
    headers = {**UNSIGNED, "Content-Type": "application/x-amz-json-1.1"}
    status, body = ask(separate.server.port, "/", method="POST", headers=headers, body=json.dumps(wanted))
    assert (status, json.loads(body)["__type"]) == (400, "ResourceNotFoundException")


@pytest.mark.parametrize("path", ["/_yett/health", "/_yett/api/decisions/x", "/_yett/metrics"])
def test_the_gateway_tells_nothing_of_itself(separate: RunningServer, path: str) -> None:
    assert ask(separate.server.port, path) == (404, b'{"message":"Not Found"}')


def test_administration_serves_aws_apis_and_itself_and_no_invocations(separate: RunningServer, api: Api) -> None:
    assert ask(admin_port(separate), "/_yett/ready") == (200, b'{"status":"ok"}')
    assert separate.client("sts").get_caller_identity()["Arn"].endswith(":root")
    host = {"Host": f"{api.id}.execute-api.localhost"}
    assert ask(admin_port(separate), "/prod/open", headers=host)[0] == 404
    assert ask(admin_port(separate), f"/restapis/{api.id}/prod/_user_request_/open")[0] == 404
    assert ask(admin_port(separate), "/", headers={"Host": "people.auth.localhost"})[0] == 404


@pytest.mark.parametrize("workers", [0, 1])
def test_the_gateway_speaks_tls_and_takes_in_a_new_certificate(tmp_path: Path, workers: int) -> None:
    file = make_certificate(tmp_path)
    tls = TlsFiles(certificate=file, key=file)
    with RunningServer(tmp_path / "home", admin=ADMIN, tls=tls, workers=workers) as running:
        assert running.server.gateway_url == f"https://localhost:{running.server.port}"
        first = shown(running, file)
        make_certificate(tmp_path)
        running.run(reload(running))
        assert shown(running, file) != first
        file.write_bytes(b"no certificate")
        running.run(reload(running))
        assert shown(running, None) != first
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shown(running, None, newest=ssl.TLSVersion.TLSv1_1)


async def reload(running: RunningServer) -> None:
    running.server.reload()
    await running.server.reloaded()


def shown(running: RunningServer, trusted: Path | None, *, newest: ssl.TLSVersion | None = None) -> int:
    """The serial number of the certificate that a client is shown."""
    context = ssl.create_default_context(cafile=trusted) if trusted else ssl._create_unverified_context()
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = context.maximum_version = newest
    connection = http.client.HTTPSConnection("localhost", running.server.port, context=context, timeout=60)
    try:
        connection.request("GET", "/prod/x", headers={"Host": "none.execute-api.localhost"})
        certificate = connection.sock.getpeercert(binary_form=True)
        assert connection.getresponse().status == 403
    finally:
        connection.close()
    return x509.load_der_x509_certificate(certificate).serial_number


async def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    file.write_text("none")
    tls = TlsFiles(certificate=file, key=file)
    with pytest.raises(BadCertificate, match=r"none\.pem"):
        await Server.start(ServerSettings(home=tmp_path / "home", port=0, admin=ADMIN, tls=tls))


@pytest.mark.parametrize("workers", [0, 1])
async def test_a_port_in_use_stops_the_start_and_lets_the_home_go(tmp_path: Path, workers: int) -> None:
    settings = ServerSettings(home=tmp_path / "one", port=0, workers=workers)
    first = await Server.start(settings)
    try:
        taken = Address("127.0.0.1", first.port)
        other = structs.replace(settings, home=tmp_path / "two", admin=ADMIN)
        for refused in (structs.replace(other, port=taken.port), structs.replace(other, admin=taken)):
            with pytest.raises(PortInUse):
                await Server.start(refused)
        with pytest.raises(HomeInUse):
            await Server.start(settings)
    finally:
        await first.stop()
    assert "functions.sock" not in os.listdir(tmp_path / "one")
    await (await Server.start(settings)).stop()

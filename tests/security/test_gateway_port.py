"""The port that the world reaches (``--gateway``): calls of APIs and sign-in; nothing of administration, never root."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.making import Api, make_user, mock
from tests.sdk.running import Answer, RunningServer

from yett.server.settings import ServerSettings, separate


class SeparatePorts(RunningServer):
    """A server whose gateway and administration have a port each."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.settings = separate(
            ServerSettings(home=home), gateway="127.0.0.1:0", admin="127.0.0.1:0", certificate=None, key=None
        )

    def ask(
        self, port: int, method: str, path: str, body: bytes, headers: dict[str, str], host: str = "localhost"
    ) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request(method, path, body=body, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def sign(
        self, credentials: Credentials, service: str, method: str, path: str, body: bytes = b"", host: str = "localhost"
    ) -> dict[str, str]:
        request = AWSRequest(method, f"http://{host}{path}", data=body, headers={"Host": host})
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
        return {name: value for name, value in request.headers.items() if name != "Host"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeparatePorts]:
    with SeparatePorts(tmp_path_factory.mktemp("separate")) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: SeparatePorts) -> Api:
    made = Api(server)
    made.method("/open", mock(), authorizationType="AWS_IAM")
    made.deploy()
    return made


def everyone(server: SeparatePorts) -> dict[str, Credentials]:
    """Root in each of its guises."""
    session = server.client("sts").get_session_token()["Credentials"]
    return {
        "key": server.root,
        "session": Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]),
    }


@pytest.mark.parametrize("guise", ["key", "session"])
def test_root_is_nobody_to_callers_of_apis(server: SeparatePorts, api: Api, guise: str) -> None:
    host = f"{api.id}.execute-api.localhost"
    root = everyone(server)[guise]
    headers = server.sign(root, "execute-api", "GET", "/prod/open", host=host)
    assert server.ask(server.server.port, "GET", "/prod/open", b"", headers, host).status == 403
    _, user = make_user(server, {"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"})
    headers = server.sign(user, "execute-api", "GET", "/prod/open", host=host)
    assert server.ask(server.server.port, "GET", "/prod/open", b"", headers, host).status == 200


@pytest.mark.parametrize("guise", ["key", "session", "administrator"])
@pytest.mark.parametrize(
    ("service", "method", "path", "body"),
    [
        ("iam", "POST", "/", b"Action=ListUsers&Version=2010-05-08"),
        ("sts", "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15"),
        ("apigateway", "GET", "/restapis", b""),
        ("lambda", "GET", "/2015-03-31/functions", b""),
        ("apigateway", "GET", "/_yett/api/decisions/x", b""),
        ("apigateway", "GET", "/_yett/health", b""),
        ("apigateway", "GET", "/_yett/metrics", b""),
    ],
)
def test_nothing_is_administered_there(
    server: SeparatePorts, guise: str, service: str, method: str, path: str, body: bytes
) -> None:
    every = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    who = make_user(server, every)[1] if guise == "administrator" else everyone(server)[guise]
    headers = server.sign(who, service, method, path, body)
    headers |= {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    answer = server.ask(server.server.port, method, path, body, headers)
    assert answer.status in {403, 404}, answer
    assert b"Users" not in answer.body


def test_sign_in_is_open_there(server: SeparatePorts) -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }
    body = json.dumps({"ClientId": "a" * 26, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {}}).encode()
    assert server.ask(server.server.port, "POST", "/", body, headers).status == 400
    headers["X-Amz-Target"] = "AWSCognitoIdentityProviderService.AdminCreateUser"
    assert server.ask(server.server.port, "POST", "/", body, headers).status in {400, 403}


def test_the_administration_port_serves_no_api(server: SeparatePorts, api: Api) -> None:
    port = int(server.server.url.rpartition(":")[2])
    host = f"{api.id}.execute-api.localhost"
    assert server.ask(port, "GET", "/prod/open", b"", {}, host).status in {403, 404}
    path = f"/restapis/{api.id}/prod/_user_request_/open"
    assert server.ask(port, "GET", path, b"", {}).status in {403, 404}

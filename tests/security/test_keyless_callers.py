"""Principals that a server acts as without keys (root for a template, roles for functions) cannot be signed as."""

import http.client
from collections.abc import Iterator

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.making import make_user
from tests.sdk.running import RunningServer

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("home")) as server:
        yield server


def test_an_arn_for_an_access_key_and_no_secret_are_nobodys(running: RunningServer) -> None:
    callers = running.server.ports.callers
    root = running.run(callers.root(running.settings.account)).identity.arn
    user, _ = make_user(running)
    assert running.run(callers.user(user)) is not None
    for arn in (root, user):
        status, body = ask_who_i_am(running, Credentials(arn, ""))
        assert (status in {400, 403}, b"GetCallerIdentityResult" in body) == (True, False), body


def ask_who_i_am(running: RunningServer, credentials: Credentials) -> tuple[int, bytes]:
    url = f"http://localhost:{running.server.port}/"
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="POST", url=url, data=body, headers={"Content-Type": FORM})
    SigV4Auth(credentials, "sts", running.settings.region).add_auth(request)
    connection = http.client.HTTPConnection("localhost", running.server.port, timeout=60)
    try:
        connection.request("POST", "/", body=body, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()

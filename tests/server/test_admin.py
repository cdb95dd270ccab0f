import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.making import Api, make_user, mock
from tests.sdk.running import RunningServer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def api(running: RunningServer) -> Api:
    made = Api(running)
    made.method("/health", mock())
    made.deploy()
    return made


def ask(
    running: RunningServer, path: str, *, method: str = "GET", signed_by: Credentials | None = None
) -> tuple[int, Mapping[str, Any]]:
    url = f"http://localhost:{running.server.port}{path}"
    request = AWSRequest(method=method, url=url)
    if signed_by is not None:
        SigV4Auth(signed_by, "apigateway", running.settings.region).add_auth(request)
    connection = http.client.HTTPConnection("localhost", running.server.port, timeout=60)
    try:
        connection.request(method, path, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def decision_of(running: RunningServer, api: Api) -> str:
    answer = running.call(api.id, "/prod/health", headers={"Authorization": "Bearer a-secret-token"})
    return f"/_yett/api/decisions/{answer.headers['x-amzn-requestid']}"


@pytest.mark.parametrize("path", ["/_yett/health", "/_yett/ready"])
def test_whether_it_lives_is_told_to_anybody_and_nothing_else(running: RunningServer, path: str) -> None:
    assert ask(running, path) == (200, {"status": "ok"})


def test_root_reads_why_a_call_was_answered_and_no_credential_is_in_it(running: RunningServer, api: Api) -> None:
    status, trace = ask(running, decision_of(running, api), signed_by=running.root)
    assert status == 200
    assert (trace["api"], trace["stage"], trace["outcome"], trace["status"]) == (api.id, "prod", "allow", 200)
    assert [step["step"] for step in trace["steps"]] == ["route", "screen", "authenticate", "authorize", "integrate"]
    assert "a-secret-token" not in json.dumps(trace)


def test_without_a_signature_or_with_a_wrong_one_nothing_is_told(running: RunningServer, api: Api) -> None:
    path = decision_of(running, api)
    forged = Credentials(running.root.access_key, "not-the-secret-of-this-key")
    for signed_by in (None, forged):
        status, answer = ask(running, path, signed_by=signed_by)
        assert status == 403
        assert set(answer) == {"message"}


def test_who_may_not_read_the_api_may_not_read_why_it_answered(running: RunningServer, api: Api) -> None:
    path = decision_of(running, api)
    arn = f"arn:aws:apigateway:{running.settings.region}::/restapis/{api.id}"
    _, stranger = make_user(running, {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"})
    _, reader = make_user(running, {"Effect": "Allow", "Action": "apigateway:GET", "Resource": arn})
    assert ask(running, path, signed_by=stranger)[0] == 403
    assert ask(running, path, signed_by=reader)[0] == 200


def test_an_unknown_request_id_is_said_to_be(running: RunningServer) -> None:
    status, answer = ask(running, "/_yett/api/decisions/6f1c0000-0000-4000-8000-000000000000", signed_by=running.root)
    assert status == 404
    assert "until a restart" in answer["message"]


def test_nothing_else_is_there_and_nothing_can_be_written(running: RunningServer) -> None:
    assert ask(running, "/_yett/other")[0] == 404
    assert ask(running, "/_yett/health", method="POST")[0] == 405

"""Callers whose secret cannot be known: let in by a rule that names them, and in no other way."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.sdk.making import ECHO, Api, let_gateway_invoke, make_function, make_user, mock, proxy, unique
from tests.sdk.running import Answer, RunningServer

from yett.execute_api.authenticators import vouched
from yett.execute_api.trace import explain

# As the real cloud gave them: nobody here can know the secret, nor read the token.
CLOUD = Credentials("ASIAEXAMPLEEXAMPLE00", "a-secret-that-the-real-cloud-knows", "a-token-of-the-real-cloud")
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def api(running: RunningServer) -> Api:
    made = Api(running)
    function = make_function(running, ECHO)
    made.method("/mine", proxy(running, function), authorizationType="AWS_IAM")
    made.method("/others", mock(), authorizationType="AWS_IAM")
    made.deploy()
    let_gateway_invoke(running, function, made)
    return made


@pytest.fixture(autouse=True)
def nobody_is_vouched_for(running: RunningServer) -> None:
    for each in ask(running, "GET")[1]["vouchers"]:
        ask(running, "DELETE", f"?id={each['id']}")


@pytest.fixture(scope="module")
def alice(running: RunningServer, api: Api) -> str:
    """A session of a role that may call one method; its ARN."""
    role = make_role(running, f"{api.id}/prod/GET/mine")
    return f"arn:aws:sts::{running.settings.account}:assumed-role/{role}/alice"


def make_role(running: RunningServer, resource: str) -> str:
    name = unique("role")
    iam = running.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{resource}"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName=name, PolicyName="invoke", PolicyDocument=document)
    return name


def ask(
    running: RunningServer,
    method: str,
    query: str = "",
    body: dict[str, Any] | None = None,
    *,
    signed_by: Credentials | None = None,
) -> tuple[int, Any]:
    data = b"" if body is None else json.dumps(body).encode()
    url = f"{running.server.url}/_yett/api/vouching{query}"
    request = AWSRequest(method=method, url=url, data=data)
    SigV4Auth(signed_by or running.root, "apigateway", running.settings.region).add_auth(request)
    host = running.server.url.partition("://")[2]
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(method, f"/_yett/api/vouching{query}", body=data, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def vouch(running: RunningServer, principal: str, *, seconds: int = 60, **more: Any) -> tuple[int, Any]:
    wanted = {"access_key_id": CLOUD.access_key, "principal": principal, "seconds": seconds}
    return ask(running, "POST", body={**wanted, **more})


def call(running: RunningServer, api: Api, path: str = "/prod/mine", **more: Any) -> Answer:
    return running.call(api.id, path, signed_by=CLOUD, **more)


def test_without_a_rule_nobody_is_let_in(running: RunningServer, api: Api) -> None:
    answer = call(running, api)
    assert (answer.status, answer.error_type) == (403, "UnrecognizedClientException")


def test_a_rule_lets_in_with_the_policies_of_the_principal_that_it_names(
    running: RunningServer, api: Api, alice: str
) -> None:
    status, answer = vouch(running, alice)
    assert status == 200
    [voucher] = answer["vouchers"]
    allowed = call(running, api)
    assert allowed.status == 200
    assert allowed.json["requestContext"]["identity"]["userArn"] == alice
    assert allowed.json["requestContext"]["yettSignatureNotVerified"] == voucher["id"]
    assert call(running, api, "/prod/others").status == 403
    assert ask(running, "DELETE", f"?id={voucher['id']}") == (200, {"vouchers": []})
    assert call(running, api).status == 403


def test_explanation_metrics_log_and_audit_say_that_nothing_was_verified(
    running: RunningServer, api: Api, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[object] = []

    class Log:
        def warning(self, event: str, **more: object) -> None:
            logged.append((event, more))

    monkeypatch.setattr(vouched, "log", Log())
    _, answer = vouch(running, alice)
    rule = answer["vouchers"][0]["id"]
    allowed = call(running, api)
    record = running.server.decisions.find(allowed.headers["x-amzn-requestid"])
    assert record is not None
    trace = json.dumps(explain(record))
    assert "THE SIGNATURE WAS NOT VERIFIED" in trace
    assert f'"code": "SIGNATURE_NOT_VERIFIED", "where": "{rule}"' in trace
    assert {row.authorization_type for row in running.server.decisions.tally.counted() if row.api_id == api.id} >= {
        "AWS_IAM, not verified"
    }
    said = repr(logged)
    assert "a call is let in whose signature was not verified" in said
    assert rule in said
    for secret in (CLOUD.secret_key, CLOUD.token):
        assert secret not in said + trace
    entries = running.run(running.server.ports.audit_trail.recent(running.settings.account, limit=5))
    assert ("yett:Vouch", alice) in {(entry.action, entry.resource) for entry in entries}


def test_an_expired_rule_lets_nobody_in(running: RunningServer, api: Api, alice: str) -> None:
    vouch(running, alice, seconds=1)
    deadline = time.monotonic() + 10
    while call(running, api).status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert ask(running, "GET")[1] == {"vouchers": []}


def test_a_rule_is_about_one_access_key(running: RunningServer, api: Api, alice: str) -> None:
    vouch(running, alice)
    other = Credentials("ASIAEXAMPLEEXAMPLE01", CLOUD.secret_key, CLOUD.token)
    assert running.call(api.id, "/prod/mine", signed_by=other).status == 403


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_what_came_over_a_proxy_is_not_from_this_machine(
    running: RunningServer, api: Api, alice: str, name: str
) -> None:
    vouch(running, alice)
    assert call(running, api).status == 200
    assert call(running, api, headers={name: "127.0.0.1"}).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_elsewhere_is_not_this_machine(
    running: RunningServer, api: Api, alice: str, headers: dict[str, str]
) -> None:
    vouch(running, alice)
    assert call(running, api, headers={"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}).status == 200
    assert call(running, api, headers={"Origin": "http://127.0.0.1:3000"}).status == 200
    assert call(running, api, headers=headers).status == 403


def test_a_link_with_a_signature_lets_nobody_in(running: RunningServer, api: Api, alice: str) -> None:
    """Any page can have its browser follow one, and an old browser does not say for whom."""
    vouch(running, alice)
    request = AWSRequest(method="GET", url=f"http://{api.id}.execute-api.localhost:{running.server.port}/prod/mine")
    SigV4QueryAuth(CLOUD, "execute-api", running.settings.region).add_auth(request)
    target = request.url.partition(f":{running.server.port}")[2]
    assert running.call(api.id, target).status == 403


def test_what_can_be_checked_without_the_secret_is(running: RunningServer, api: Api, alice: str) -> None:
    vouch(running, alice)
    request = AWSRequest(method="GET", url=f"http://{api.id}.execute-api.localhost/prod/mine")
    SigV4Auth(CLOUD, "execute-api", "eu-west-1").add_auth(request)
    elsewhere = dict(request.headers.items())
    assert running.call(api.id, "/prod/mine", headers=elsewhere).status == 403
    request = AWSRequest(method="GET", url=f"http://{api.id}.execute-api.localhost/prod/mine")
    SigV4Auth(CLOUD, "execute-api", running.settings.region).add_auth(request)
    old = {name: value.replace(time.strftime("%Y", time.gmtime()), "2015") for name, value in request.headers.items()}
    assert running.call(api.id, "/prod/mine", headers=old).status == 403
    overridden = {"X-HTTP-Method-Override": "GET"}
    assert call(running, api, headers=overridden, method="POST", body=b"").status == 403


def test_nobody_who_is_vouched_for_administrates(running: RunningServer, alice: str) -> None:
    admin = unique("admin")
    iam = running.client("iam")
    iam.create_role(RoleName=admin, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName=admin, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    vouch(running, f"arn:aws:sts::{running.settings.account}:assumed-role/{admin}/mallory")
    for service, operation in (("iam", "list_users"), ("sts", "get_caller_identity"), ("apigateway", "get_rest_apis")):
        with pytest.raises(ClientError):
            getattr(running.client(service, CLOUD), operation)()
    assert ask(running, "GET", signed_by=CLOUD)[0] == 403


def test_only_root_vouches(running: RunningServer, alice: str) -> None:
    _, user = make_user(running, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    for method in ("GET", "POST", "DELETE"):
        status, answer = ask(running, method, body={}, signed_by=user)
        assert (status, answer["message"]) == (403, "only root of the server's account may vouch for callers")


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"access_key_id": "nonsense"}, 400, "no access key id"),
        ({"seconds": 0}, 400, "at most"),
        ({"seconds": 43_201}, 400, "at most"),
        ({"seconds": "long"}, 400, "cannot be read"),
        ({"more": 1}, 400, "cannot be read"),
        ({"principal": "arn:aws:iam::123456789012:root"}, 400, "no user or role session"),
        ({"principal": "arn:aws:sts::123456789012:assumed-role/nobody/x"}, 400, "no user or role session"),
        ({"principal": "arn:aws:iam::999999999999:user/x"}, 400, "no user or role session"),
        ({"principal": "*"}, 400, "no user or role session"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_name(
    running: RunningServer, api: Api, alice: str, changes: dict[str, Any], status: int, word: str
) -> None:
    got, answer = vouch(running, **{"principal": alice, **changes})
    assert (got, word in answer["message"]) == (status, True), answer
    assert call(running, api).status == 403


def test_a_key_of_ours_is_verified_whatever_a_rule_would_say(running: RunningServer, alice: str) -> None:
    _, user = make_user(running)
    status, answer = vouch(running, alice, access_key_id=user.access_key)
    assert (status, "sign with it" in answer["message"]) == (409, True)


@pytest.mark.parametrize("settings", [{"workers": 1}, {"host": "0.0.0.0"}], ids=["workers", "any address"])
def test_a_server_that_others_reach_or_that_is_many_takes_no_rule(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, Any]
) -> None:
    with RunningServer(tmp_path_factory.mktemp("home"), **settings) as server:
        assert vouch(server, f"arn:aws:sts::{server.settings.account}:assumed-role/any/one")[0] == 403

"""What administration may ask, who may ask it, and that what it proposes does what it says, on a running server."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.making import Api, make_user, mock, unique
from tests.sdk.running import RunningServer

INVOKE = "execute-api:Invoke"


@pytest.fixture(scope="module", params=[0, 2], ids=["one-process", "workers"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"workers": request.param} if request.param else {}
    with RunningServer(tmp_path_factory.mktemp("home"), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def api(running: RunningServer) -> Api:
    made = Api(running)
    for path in ("/pets", "/vault"):
        made.method(path, mock(), authorizationType="AWS_IAM")
    made.method("/open", mock())
    made.deploy()
    return made


@pytest.fixture(scope="module")
def private(running: RunningServer) -> Api:
    statements = [{"Effect": "Allow", "Principal": "*", "Action": INVOKE, "Resource": "*", **each} for each in PRIVATE]
    made = Api(running, policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    made.method("/pets", mock())
    made.deploy()
    return made


def ask(
    running: RunningServer,
    path: str,
    /,
    *,
    by: Credentials | None = None,
    body: Mapping[str, Any] | None = None,
    **query: str,
) -> tuple[int, Any]:
    path = f"/_yett/api/{path}" + (f"?{urlencode(query)}" if query else "")
    method = "GET" if body is None else "POST"
    data = b"" if body is None else json.dumps(body).encode()
    request = AWSRequest(method=method, url=f"http://localhost:{running.server.port}{path}", data=data)
    SigV4Auth(by or running.root, "apigateway", running.settings.region).add_auth(request)
    connection = http.client.HTTPConnection("localhost", running.server.port, timeout=60)
    try:
        connection.request(method, path, body=data, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def matrix(running: RunningServer, api: Api) -> dict[tuple[str, str], str]:
    """Outcomes by path and principal."""
    status, told = ask(running, "access-matrix", api=api.id)
    assert status == 200
    return {
        (route["path"], caller["principal"]): outcome
        for route in told["routes"]
        for caller, outcome in zip(told["callers"], route["outcomes"], strict=True)
    }


def simulate(running: RunningServer, api: Api, path: str, whom: str) -> Mapping[str, Any]:
    status, trace = ask(running, "simulate", body={"api": api.id, "path": path, "as": whom})
    assert status == 200, trace
    return trace


REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([], "implicit_deny"),
    ([{"Sid": "Vault", "Effect": "Allow", "Resource": "{base}/GET/vault"}], "implicit_deny"),
    ([{"Effect": "Allow", "Resource": "*"}, {"Effect": "Deny", "Resource": "{base}/GET/pets"}], "explicit_deny"),
    ([{"Effect": "Allow", "Resource": "*"}, {"Effect": "Deny", "Resource": "*"}], "explicit_deny"),
]


@pytest.mark.parametrize(("statements", "outcome"), REFUSED)
def test_a_proposal_that_is_carried_out_opens_the_one_cell_of_the_matrix(
    running: RunningServer, api: Api, statements: list[dict[str, Any]], outcome: str
) -> None:
    base = f"arn:aws:execute-api:{running.settings.region}:{running.settings.account}:{api.id}/prod"
    filled = [{"Action": INVOKE, **each, "Resource": each["Resource"].replace("{base}", base)} for each in statements]
    name = make_user(running, *filled)[0].rpartition("/")[2]
    whom = f"user/{name}"
    trace = simulate(running, api, "/pets", whom)
    assert trace["outcome"] == outcome
    assert trace["wouldAllow"]
    before = matrix(running, api)
    iam = running.client("iam")
    own = {each: policy_of(iam, name, each) for each in iam.list_user_policies(UserName=name)["PolicyNames"]}
    for proposal in trace["wouldAllow"]:
        assert proposal["alsoAllows"] == proposal["alsoDenies"] == []
        for change in proposal["changes"]:
            assert change["type"] == "identity"
            document = json.dumps(change["document"])
            iam.put_user_policy(UserName=name, PolicyName=change["policy"], PolicyDocument=document)
        assert changed_cells(before, matrix(running, api)) == {("/pets", whom)}
        for each in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=each)
        for each, document in own.items():
            iam.put_user_policy(UserName=name, PolicyName=each, PolicyDocument=document)


def changed_cells(before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]) -> set[tuple[str, str]]:
    return {cell for cell, now in after.items() if (now == "allow") is not (before[cell] == "allow")}


def test_a_boundary_that_is_changed_as_proposed_opens_the_one_cell(running: RunningServer, api: Api) -> None:
    iam = running.client("iam")
    base = f"arn:aws:execute-api:{running.settings.region}:{running.settings.account}:{api.id}/prod"
    statement = {"Effect": "Allow", "Action": INVOKE, "Resource": f"{base}/GET/vault"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boundary = iam.create_policy(PolicyName=unique("bound"), PolicyDocument=document)["Policy"]["Arn"]
    arn, _ = make_user(running, {"Effect": "Allow", "Action": INVOKE, "Resource": "*"})
    name = arn.rpartition("/")[2]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=boundary)
    trace = simulate(running, api, "/pets", f"user/{name}")
    assert (trace["outcome"], trace["outcomeRow"]["caller"]) == ("implicit_deny", "implicit_deny")
    before = matrix(running, api)
    (proposal,) = [each for each in trace["wouldAllow"] if each["changes"][0]["type"] == "boundary"]
    (change,) = proposal["changes"]
    iam.create_policy_version(PolicyArn=boundary, PolicyDocument=json.dumps(change["document"]), SetAsDefault=True)
    assert changed_cells(before, matrix(running, api)) == {("/pets", f"user/{name}")}


def test_a_resource_policy_that_is_changed_as_proposed_opens_the_one_cell(running: RunningServer) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": INVOKE, "Resource": "execute-api:/*"},
            {"Sid": "Closed", "Effect": "Deny", "Principal": "*", "Action": INVOKE, "Resource": "execute-api:/*"},
        ],
    }
    closed = Api(running, policy=json.dumps(policy))
    for path in ("/pets", "/vault"):
        closed.method(path, mock(), authorizationType="AWS_IAM")
    closed.deploy()
    name = make_user(running, {"Effect": "Allow", "Action": INVOKE, "Resource": "*"})[0].rpartition("/")[2]
    trace = simulate(running, closed, "/pets", f"user/{name}")
    assert trace["decidedBy"]["sid"] == "Closed"
    before = matrix(running, closed)
    for proposal in trace["wouldAllow"]:
        (change,) = proposal["changes"]
        assert (change["type"], proposal["alsoAllows"]) == ("resource", [])
        for document in (change["document"], policy):
            patch = {"op": "replace", "path": "/policy", "value": json.dumps(document)}
            closed.client.update_rest_api(restApiId=closed.id, patchOperations=[patch])
            closed.deploy()
            cells = {("/pets", f"user/{name}")} if document is not policy else set()
            assert changed_cells(before, matrix(running, closed)) == cells
    assert trace["wouldAllow"]


def policy_of(iam: Any, user: str, name: str) -> str:
    return json.dumps(iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"])


def test_a_real_refusal_is_explained_with_what_would_allow_it(running: RunningServer, api: Api) -> None:
    _, nobody = make_user(running)
    answer = running.call(api.id, "/prod/pets", signed_by=nobody)
    assert answer.status == 403
    _, trace = ask(running, f"decisions/{answer.headers['x-amzn-requestid']}")
    assert trace["outcome"] == "implicit_deny"
    assert trace["wouldAllow"]


def test_the_cause_of_a_signature_that_does_not_match_is_told_where_it_is_a_slip(
    running: RunningServer, api: Api
) -> None:
    secret = running.root.secret_key
    for given, cause in (
        ("not the secret", None),
        (f"{secret}\n", "the secret: the client's has a line break at its end"),
    ):
        answer = running.call(api.id, "/prod/pets", signed_by=Credentials(running.root.access_key, given))
        assert cause is None or cause.encode() not in answer.body
        _, trace = ask(running, f"decisions/{answer.headers['x-amzn-requestid']}")
        assert (trace["outcome"], trace["cause"]) == ("unauthenticated", cause)
        assert secret not in json.dumps(trace)


def test_what_a_call_missed_by_little_is_told(running: RunningServer) -> None:
    api = Api(running)
    api.method("/pets", mock(), verb="PUT")
    api.deploy()

    def hints(path: str) -> list[str]:
        answer = running.call(api.id, path)
        assert answer.status == 403
        return list(ask(running, f"decisions/{answer.headers['x-amzn-requestid']}")[1]["hints"])

    assert hints("/prod/pets") == ["this path has PUT"]
    assert hints("/prod/other") == []
    (again,) = hints("/prod/prod/pets")
    assert again.startswith("the path begins with the stage once more")
    api.method("/cats", mock())
    (undeployed,) = hints("/prod/cats")
    assert "its stage prod serves a deployment of before that: deploy the API once more" in undeployed
    assert ask(running, "simulate", body={"api": api.id, "path": "/cats"})[1]["hints"] == [undeployed]
    api.deploy()
    assert running.call(api.id, "/prod/cats").status == 200


def test_decisions_since_a_call_are_told_oldest_first(running: RunningServer, api: Api) -> None:
    first = running.call(api.id, "/prod/open").headers["x-amzn-requestid"]
    ids = [running.call(api.id, "/prod/open").headers["x-amzn-requestid"] for _ in range(4)]
    _, one = ask(running, f"decisions/{first}")
    status, told = ask(running, "decisions", after=one["at"], limit="50")
    assert status == 200
    found = [each["requestId"] for each in told["decisions"]]
    assert [each for each in found if each in {first, *ids}] == [first, *ids]
    _, again = ask(running, "decisions", after=told["after"])
    assert ids[-1] in [each["requestId"] for each in again["decisions"]]
    assert ask(running, "decisions", after="never")[0] == 400


def test_who_may_not_know_is_told_nothing(running: RunningServer, api: Api) -> None:
    running.call(api.id, "/prod/open")
    _, stranger = make_user(running, {"Effect": "Allow", "Action": INVOKE, "Resource": "*"})
    for path, body in (("simulate", {"path": "/pets"}), ("who-can", None), ("access-matrix", None), ("audit", None)):
        query = {} if body is not None else {"path": "/pets", "api": api.id}
        given = None if body is None else {**body, "api": api.id}
        assert ask(running, path, by=stranger, body=given, **query)[0] == 403, path
    assert ask(running, "decisions", by=stranger)[1]["decisions"] == []
    arn, reader = make_user(running, {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"})
    assert ask(running, "simulate", by=reader, body={"path": "/pets", "api": api.id})[0] == 200
    assert ask(running, "simulate", by=reader, body={"path": "/pets", "api": api.id, "as": arn})[0] == 403
    assert ask(running, "access-matrix", by=reader, api=api.id)[0] == 403


VPC, ENDPOINT = "vpc-1a2b3c4d", "vpce-0123456789abcdef0"
PRIVATE = [
    {"Condition": {"StringEquals": {"aws:SourceVpc": VPC}}},
    {"Condition": {"StringEquals": {"aws:SourceVpce": ENDPOINT}, "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}},
    {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
]


@pytest.mark.parametrize(
    ("vpc", "endpoint", "address", "outcome"),
    [
        (None, None, "10.0.0.1", "implicit_deny"),
        (None, None, "192.0.2.1", "allow"),
        (VPC, None, "192.0.2.1", "allow"),
        ("vpc-00000000", None, "192.0.2.1", "implicit_deny"),  # which is then no aws:SourceIp
        ("vpc-00000000", ENDPOINT, "10.0.0.1", "allow"),
        (None, ENDPOINT, "10.0.0.1", "allow"),
        (None, ENDPOINT, "192.0.2.1", "implicit_deny"),
    ],
)
def test_a_call_through_a_vpc_endpoint_can_be_asked_about(
    running: RunningServer, private: Api, vpc: str | None, endpoint: str | None, address: str, outcome: str
) -> None:
    place = {"source_ip": address, "source_vpc": vpc, "source_vpce": endpoint}
    status, trace = ask(running, "simulate", body={"api": private.id, "path": "/pets", **place})
    assert (status, trace["outcome"]) == (200, outcome)
    query = {"sourceIp": address, "sourceVpc": vpc, "sourceVpce": endpoint}
    given = {name: value for name, value in query.items() if value is not None}
    status, told = ask(running, "who-can", api=private.id, path="/pets", **given)
    assert status == 200
    assert {name: told[name] for name in query} == query
    assert [(each["principal"], each["outcome"]) for each in told["callers"]] == [("anonymous", outcome)]


@pytest.mark.parametrize("wrong", ["", "vpc-1", "vpc-1A2B3C4D", "vpce-1a2b3c4", " vpc-1a2b3c4d", "vpc-1a2b3c4d\n"])
def test_what_is_no_vpc_is_refused(running: RunningServer, private: Api, wrong: str) -> None:
    for name, asked in (("source_vpc", "sourceVpc"), ("source_vpce", "sourceVpce")):
        status, answer = ask(running, "simulate", body={"api": private.id, "path": "/pets", name: wrong})
        assert (status, f"`{wrong}` is no VPC" in answer["message"]) == (400, True)
        if wrong:  # an empty parameter of a query is none
            status, answer = ask(running, "who-can", api=private.id, path="/pets", **{asked: wrong})
            assert (status, f"`{wrong}` is no VPC" in answer["message"]) == (400, True)


def test_what_is_asked_wrongly_is_said(running: RunningServer, api: Api) -> None:
    for body, said in (
        ({"colour": "red"}, "the simulation cannot be read"),
        ({"api": "none", "path": "/pets"}, "there is no such API"),
        ({"api": api.id, "path": "/pets", "as": "group/x"}, "there is no principal"),
    ):
        status, answer = ask(running, "simulate", body=body)
        assert (status >= 400, said in answer["message"]) == (True, True), answer
    assert ask(running, "simulate")[0] == 405
    assert ask(running, "nothing")[0] == 404


def test_the_audit_lists_the_open_route(running: RunningServer, api: Api) -> None:
    status, told = ask(running, "audit", api=api.id)
    assert status == 200
    assert {"OPEN_TO_ANYONE"} == {each["code"] for each in told["findings"] if each["api"] == api.id}
    assert [each["where"] for each in told["findings"] if each["api"] == api.id] == ["GET /open"]

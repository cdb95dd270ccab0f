"""From which VPC a caller comes, as the edge of that VPC says, over real HTTP."""

import http.client
import json
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.making import Api, make_user, mock
from tests.sdk.running import RunningServer

VPC = {"X-Yett-Source-Vpc": "vpc-1a2b3c4d", "X-Yett-Source-Vpce": "vpce-1a2b3c4d"}
EDGE, PROXY, STRANGER = "127.0.0.2", "127.0.0.3", "127.9.0.1"


@pytest.fixture(scope="module")
def behind_edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {
        "trusted_proxies": (ip_network("127.0.0.2/31"),),
        "vpc_edges": (ip_network("127.0.0.2/32"),),
    }
    with RunningServer(tmp_path_factory.mktemp("home"), **settings) as server:
        yield server


def guarded(running: RunningServer, condition: dict[str, object]) -> Api:
    """An API that everybody may call, but for a Deny with this condition: as the developer guide's examples are."""
    statement = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    statements = [{"Effect": "Allow", **statement}, {"Effect": "Deny", **statement, "Condition": condition}]
    api = Api(running, policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    api.method("/pets", mock())
    api.deploy()
    return api


@pytest.mark.parametrize(
    ("source_ip", "headers", "status"),
    [
        (EDGE, VPC, 200),
        (EDGE, {"X-Yett-Source-Vpce": "vpce-1a2b3c4d"}, 200),
        (EDGE, {"X-Yett-Source-Vpce": "vpce-00000000"}, 403),
        (EDGE, {}, 403),
        (PROXY, VPC, 403),
        (STRANGER, VPC, 403),
    ],
)
def test_an_api_for_one_vpc_endpoint_believes_the_edge_alone(
    behind_edges: RunningServer, source_ip: str, headers: dict[str, str], status: int
) -> None:
    api = guarded(behind_edges, {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}})
    assert behind_edges.call(api.id, "/prod/pets", headers=headers, source_ip=source_ip).status == status


def test_the_address_of_a_private_caller_is_one_within_its_vpc(behind_edges: RunningServer) -> None:
    private = guarded(behind_edges, {"NotIpAddress": {"aws:VpcSourceIp": "10.24.34.0/23"}})
    public = guarded(behind_edges, {"NotIpAddress": {"aws:SourceIp": "10.24.34.0/23"}})
    forwarded = {**VPC, "X-Forwarded-For": "10.24.35.9"}
    assert behind_edges.call(private.id, "/prod/pets", headers=forwarded, source_ip=EDGE).status == 200
    assert behind_edges.call(public.id, "/prod/pets", headers=forwarded, source_ip=EDGE).status == 403
    without = {"X-Forwarded-For": "10.24.35.9"}
    assert behind_edges.call(private.id, "/prod/pets", headers=without, source_ip=EDGE).status == 403
    assert behind_edges.call(public.id, "/prod/pets", headers=without, source_ip=EDGE).status == 200


def list_users(running: RunningServer, keys: Credentials, *, source_ip: str, headers: dict[str, str]) -> int:
    """The status of an AWS API's answer to somebody behind an edge, which adds its headers to what was signed."""
    port, body = running.server.port, b"Action=ListUsers&Version=2010-05-08"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    request = AWSRequest("POST", f"http://localhost:{port}/", data=body, headers=form)
    SigV4Auth(keys, "iam", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source_ip, 0))
    try:
        sent = {"Host": f"localhost:{port}", **dict(request.headers.items()), **headers}
        connection.request("POST", "/", body=body, headers=sent)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("source_ip", "headers", "status"),
    [
        (EDGE, VPC, 200),
        (EDGE, {"X-Yett-Source-Vpce": "vpce-00000000"}, 403),
        (EDGE, {}, 403),
        (PROXY, VPC, 403),
        (STRANGER, VPC, 403),
    ],
)
def test_a_policy_may_keep_a_user_of_aws_apis_to_one_vpc_endpoint(
    behind_edges: RunningServer, source_ip: str, headers: dict[str, str], status: int
) -> None:
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}
    everything = {"Action": "*", "Resource": "*"}
    _, keys = make_user(
        behind_edges, {"Effect": "Allow", **everything}, {"Effect": "Deny", **everything, "Condition": elsewhere}
    )
    assert list_users(behind_edges, keys, source_ip=source_ip, headers=headers) == status

"""From which VPC a caller comes, as the edge of that VPC says, over real HTTP."""

import json
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from tests.sdk.making import Api, mock
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

from ipaddress import ip_address, ip_network

import pytest

from yett.server.edge import Client, Edge, HostRule, resolve_client, strip_own_headers
from yett.values.http import VpcOrigin

RULE = HostRule(domains=frozenset({"api.example.com", "*.apis.example.com"}))
EDGE = Edge(hosts=RULE, trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:4566", "localhost"),
        ("abc123.execute-api.localhost:4566", "abc123.execute-api.localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("127.8.9.1", "127.8.9.1"),
        ("[::1]:4566", "[::1]"),
        ("[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]"),
        ("abc123.execute-api.eu-west-1.amazonaws.com", "abc123.execute-api.eu-west-1.amazonaws.com"),
        ("abc123.execute-api.cn-north-1.amazonaws.com.cn", "abc123.execute-api.cn-north-1.amazonaws.com.cn"),
        ("shop.auth.us-east-1.amazoncognito.com", "shop.auth.us-east-1.amazoncognito.com"),
        ("API.example.com", "api.example.com"),
        ("x.apis.example.com", "x.apis.example.com"),
    ],
)
def test_a_served_host_is_named_in_lower_case_without_its_port(value: str, host: str) -> None:
    assert RULE.find_host(value) == host


@pytest.mark.parametrize(
    "value",
    [
        "",
        "example.com",
        "evil.com",
        "localhost.evil.com",
        "evillocalhost",
        "a.b.apis.example.com",
        "apis.example.com",
        "10.0.0.1",
        "8.8.8.8",
        "[::2]",
        "[::1",
        "::1",
        "localhost:99999",
        "localhost:",
        "localhost:80:80",
        "localhost, localhost",
        "local host",
        "a@localhost",
        "localhost/",
        "localhost.",
        ".localhost",
        "a..localhost",
        "abc.execute-api.evil.com",
        "abc.execute-api.us-east-1.amazonaws.com.evil.com",
        "a.b.execute-api.us-east-1.amazonaws.com",
        "2130706433",
        "0",
        "0.0.0.0",
        "lócalhost",
        "a" * 300 + ".localhost",
    ],
)
def test_any_other_host_is_not_served(value: str) -> None:
    assert RULE.find_host(value) is None


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("198.51.100.7", [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https")], ("198.51.100.7", "http")),
        ("10.0.0.1", [], ("10.0.0.1", "http")),
        ("10.0.0.1", [("x-forwarded-for", "1.2.3.4")], ("1.2.3.4", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.9.9.9")], ("1.2.3.4", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "1.2.3.4")], ("1.2.3.4", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "10.1.1.1, 10.2.2.2")], ("10.1.1.1", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "1.2.3.4, unknown, 10.2.2.2")], ("10.2.2.2", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "1.2.3.4, ")], ("10.0.0.1", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "1.2.3.4:5678")], ("1.2.3.4", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "[2001:db8::7]:5678")], ("2001:db8::7", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "2001:DB8:0::7")], ("2001:db8::7", "http")),
        ("10.0.0.1", [("X-Forwarded-For", "::ffff:1.2.3.4")], ("1.2.3.4", "http")),
        ("fd00::1", [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "HTTPS")], ("1.2.3.4", "https")),
        ("10.0.0.1", [("X-Forwarded-Proto", "https, http")], ("10.0.0.1", "http")),
        ("10.0.0.1", [("X-Forwarded-Proto", "gopher")], ("10.0.0.1", "http")),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_proxy_of_ours(
    peer: str, lines: list[tuple[str, str]], client: tuple[str, str]
) -> None:
    assert resolve_client(ip_address(peer), tuple(lines), edge=EDGE, scheme="http") == Client(*client)


def test_only_the_lines_that_only_we_write_are_dropped() -> None:
    lines = (
        ("Host", "localhost"),
        ("X-Yett-Anything", "1"),
        ("x-AMZN-apigateway-api-id", "2"),
        ("X-Amz-Date", "3"),
        ("APIGW-requestid", "4"),
        ("X-Forwarded-For", "5"),
    )
    assert strip_own_headers(lines) == (lines[0], lines[3], lines[5])


VPC = (("X-Yett-Source-Vpc", "vpc-1a2b3c4d"), ("x-yett-source-vpce", "vpce-1a2b3c4d5e6f7a8b9"))
FORWARDED = (("X-Forwarded-For", "192.168.7.7"),)
IN_A_VPC = Edge(hosts=RULE, trusted_proxies=EDGE.trusted_proxies, vpc_edges=(ip_network("10.7.0.0/16"),))


@pytest.mark.parametrize(
    ("peer", "lines", "origin"),
    [
        ("10.7.0.1", VPC, VpcOrigin(vpc="vpc-1a2b3c4d", endpoint="vpce-1a2b3c4d5e6f7a8b9")),
        ("10.7.0.1", VPC[:1], VpcOrigin(vpc="vpc-1a2b3c4d", endpoint=None)),
        ("10.7.0.1", VPC[1:], VpcOrigin(vpc=None, endpoint="vpce-1a2b3c4d5e6f7a8b9")),
        ("10.7.0.1", (), None),
        ("10.7.0.1", (*VPC, VPC[0]), VpcOrigin(vpc=None, endpoint="vpce-1a2b3c4d5e6f7a8b9")),
        ("10.7.0.1", (("X-Yett-Source-Vpc", "vpc-*"),), VpcOrigin(vpc=None, endpoint=None)),
        ("10.7.0.1", (("X-Yett-Source-Vpc", "vpc-1a2b3c4d, vpc-1a2b3c4d"),), VpcOrigin(vpc=None, endpoint=None)),
        ("10.8.0.1", VPC, None),  # a proxy of ours that knows nothing of VPCs
        ("203.0.113.9", VPC, None),
        ("fd00::1", VPC, None),
    ],
)
def test_only_an_edge_of_a_vpc_says_from_which_vpc_a_client_comes(
    peer: str, lines: tuple[tuple[str, str], ...], origin: VpcOrigin | None
) -> None:
    client = resolve_client(ip_address(peer), (*FORWARDED, *lines), edge=IN_A_VPC, scheme="http")
    assert client.vpc_origin == origin
    assert client.source_ip == ("203.0.113.9" if peer == "203.0.113.9" else "192.168.7.7")


def test_a_hop_further_out_says_nothing_of_vpcs() -> None:
    """The client stands at an edge of a VPC too, but came through a proxy that is none."""
    lines = (("X-Forwarded-For", "10.7.0.1"), *VPC)
    assert resolve_client(ip_address("10.8.0.1"), lines, edge=IN_A_VPC, scheme="http").vpc_origin is None


def test_an_edge_of_a_vpc_that_is_no_trusted_proxy_is_not_believed() -> None:
    edge = Edge(hosts=RULE, trusted_proxies=(), vpc_edges=(ip_network("10.7.0.0/16"),))
    assert resolve_client(ip_address("10.7.0.1"), VPC, edge=edge, scheme="http").vpc_origin is None


def test_what_an_edge_of_a_vpc_wrote_goes_no_further() -> None:
    assert strip_own_headers((*VPC, ("A", "b"))) == (("A", "b"),)

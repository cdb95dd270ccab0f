from ipaddress import ip_address, ip_network

import pytest

from yett.adapters.upstream.addresses import permits
from yett.ports.upstream import LOCAL_DEVELOPMENT, PUBLIC_ONLY, NetworkRule

EVERYTHING = NetworkRule(allow_loopback=True, allow_private=True, allowed=(ip_network("0.0.0.0/0"), ip_network("::/0")))


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "169.254.170.2",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "::",
        "fe80::1",
        "fe80::1%1",
        "febf::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00:808:808",  # at another length of the prefix, with 8.8.8.8 behind
        "::ffff:0:169.254.169.254",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
    ],
)
def test_metadata_and_link_local_addresses_are_refused_whatever_the_rule(text: str) -> None:
    assert not permits(EVERYTHING, ip_address(text))


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1",
     "fd12::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_private_and_loopback_addresses_need_a_rule_that_permits_them(text: str) -> None:
    assert not permits(PUBLIC_ONLY, ip_address(text))
    assert permits(LOCAL_DEVELOPMENT, ip_address(text))


def test_each_kind_is_permitted_for_itself_and_networks_by_name() -> None:
    loopback = NetworkRule(allow_loopback=True, allow_private=False)
    private = NetworkRule(allow_loopback=False, allow_private=True)
    one = NetworkRule(allow_loopback=False, allow_private=False, allowed=(ip_network("10.1.0.0/16"),))
    assert [permits(loopback, ip_address(text)) for text in ("127.0.0.1", "10.1.0.1")] == [True, False]
    assert [permits(private, ip_address(text)) for text in ("127.0.0.1", "10.1.0.1")] == [False, True]
    assert [permits(one, ip_address(text)) for text in ("10.1.0.1", "10.2.0.1", "::1")] == [True, False, False]


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_permitted(text: str) -> None:
    assert permits(PUBLIC_ONLY, ip_address(text))

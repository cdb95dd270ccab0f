"""Which addresses may be connected to: the rule that keeps requests for metadata and neighbours in."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from yett.ports.upstream import NetworkRule

Address = IPv4Address | IPv6Address

# Never, whatever a rule says. Source: https://www.iana.org/assignments/iana-ipv4-special-registry,
# https://www.iana.org/assignments/iana-ipv6-special-registry; the instance metadata service's addresses:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
_NEVER: Final = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),  # link-local: EC2 and ECS metadata
    IPv4Network("224.0.0.0/4"),  # multicast
    IPv4Network("240.0.0.0/4"),  # reserved, and broadcast
    IPv4Network("100.100.100.200/32"),  # metadata of another cloud, in shared address space
    IPv4Network("168.63.129.16/32"),  # and of a third, in public address space
    IPv4Network("192.0.0.192/32"),  # and of a fourth
)
_NEVER_6: Final = (
    IPv6Network("::/128"),
    IPv6Network("fe80::/10"),
    IPv6Network("fec0::/10"),  # site-local, deprecated
    IPv6Network("ff00::/8"),
    IPv6Network("fd00:ec2::/32"),  # EC2 metadata, its DNS and time service
    IPv6Network("fd20:ce::254/128"),
    IPv6Network("100::/64"),
    # Local-use translation: the prefix's length, and with it where the IPv4 address lies, is the translator's secret.
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2001:db8::/32"),
)
_PRIVATE: Final = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("198.18.0.0/15"),
)
_PRIVATE_6: Final = (IPv6Network("fc00::/7"),)
# The well-known prefix of NAT64 (RFC 6052), and SIIT's IPv4-translated addresses (RFC 2765).
_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0:0/96"))


def permits(rule: NetworkRule, address: Address) -> bool:
    """Whether *rule* lets a connection go to *address*; every form that carries an IPv4 address counts as that too."""
    if isinstance(address, IPv6Address):
        carried = _carried_addresses(address)
        if carried:
            return all(permits(rule, inner) for inner in carried)
        if _is_in(address, _NEVER_6):
            return False
        is_private = _is_in(address, _PRIVATE_6)
    else:
        if _is_in(address, _NEVER):
            return False
        is_private = _is_in(address, _PRIVATE)
    if any(network.version == address.version and address in network for network in rule.allowed):
        return True
    if address.is_loopback:
        return rule.allow_loopback
    if is_private:
        return rule.allow_private
    return True


def parse_literal(text: str) -> Address | None:
    """The address a resolver gave, or a URL's host spelled out; None for a name. A zone makes it link-local."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_in(address: Address, networks: tuple[IPv4Network, ...] | tuple[IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


def _carried_addresses(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that routers, translators and tunnels would read out of an IPv6 address."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _TRANSLATED):
        return (low,)
    if int(address) >> 32 == 0 and int(address) > 1:  # ::a.b.c.d, deprecated IPv4-compatible
        return (low,)
    return ()

"""Who is the client, and for which host: decided here once, so that no later code reads a forwarded header."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from msgspec import Struct

from yett.values.http import VpcOrigin

# Lines that only this gateway writes, towards backends and between its own parts; a client's are dropped.
OWN_HEADER_PREFIX: Final = "x-yett-"
# What an edge of a VPC says of its clients; believed of the peers that were named for it, and of nobody else.
SOURCE_VPC: Final = "x-yett-source-vpc"
SOURCE_VPC_ENDPOINT: Final = "x-yett-source-vpce"
OWN_HEADERS: Final = frozenset({"x-amzn-apigateway-api-id", "x-amz-apigw-id", "apigw-requestid"})

_HOST: Final = re.compile(
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126})(?::(?P<port>[0-9]{1,5}))?"
)
_MAX_HOST_CHARACTERS: Final = 253 + len(":65535")  # Source: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
_AWS_HOST: Final = re.compile(
    r"[a-z0-9-]+\.(?:execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|auth(?:-fips)?\.[a-z0-9-]+\.amazoncognito\.com)"
)


# Source: https://docs.aws.amazon.com/vpc/latest/userguide/working-with-vpcs.html (resource ids: 8 or 17 digits)
VPC: Final = re.compile(r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})")
VPC_ENDPOINT: Final = re.compile(r"vpce-(?:[0-9a-f]{8}|[0-9a-f]{17})")


class HostRule(Struct, frozen=True, kw_only=True):
    """The hosts that are served. A page of another name that resolves to this machine reaches nothing (DNS rebinding).

    Always among them: ``localhost``, ``*.localhost``, loopback addresses, ``{id}.execute-api.{region}.amazonaws.com``
    and ``{domain}.auth.{region}.amazoncognito.com``.
    """

    domains: frozenset[str]  # registered, lower case: "api.example.com", or "*.example.com" for one label more

    def find_host(self, value: str) -> str | None:
        """The host of a Host line's value, lower case, without its port; None where it is not served or is no host.

        An IPv6 address keeps its brackets, as in a URL.
        """
        matched = _HOST.fullmatch(value.lower()) if len(value) <= _MAX_HOST_CHARACTERS else None
        if matched is None or int(matched["port"] or 0) > 65535:
            return None
        host = matched["host"]
        return host if self._serves(host) else None

    def _serves(self, host: str) -> bool:
        if host == "localhost" or host.endswith(".localhost") or host in self.domains:
            return True
        if f"*.{host.partition('.')[2]}" in self.domains or _AWS_HOST.fullmatch(host):
            return True
        address = parse_address(host.strip("[]"))
        return address is not None and address.is_loopback


class Edge(Struct, frozen=True, kw_only=True):
    """What the edge believes, and of whom."""

    hosts: HostRule
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]  # peers whose X-Forwarded-For and -Proto are believed
    vpc_edges: tuple[IPv4Network | IPv6Network, ...] = ()  # those of them that say as well from which VPC a client is

    def trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        """Whether a peer of this address is one of our proxies."""
        return address is not None and _holds(self.trusted_proxies, address)

    def stands_in_a_vpc(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether a peer of this address is a proxy of ours that knows of VPCs."""
        return self.trusts(address) and _holds(self.vpc_edges, address)


class Client(Struct, frozen=True):
    """Where a request came from."""

    source_ip: str
    scheme: str  # "http" or "https"
    vpc_origin: VpcOrigin | None = None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address in its plainest form (an IPv4-mapped IPv6 address becomes IPv4); None if the text is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.scope_id is not None:
            return IPv6Address(int(address))
    return address


def resolve_client(
    peer: IPv4Address | IPv6Address, lines: tuple[tuple[str, str], ...], *, edge: Edge, scheme: str
) -> Client:
    """Say who sent a request that came over a connection from *peer*.

    An untrusted peer is the client, whatever it wrote. Behind trusted proxies the client is the rightmost hop of
    X-Forwarded-For that is no trusted proxy; a hop that is no address ends the search, and the last hop known stands.
    X-Forwarded-Proto is what the nearest proxy wrote: its last element. The nearest proxy alone, if it is an edge of a
    VPC, says from which VPC and VPC endpoint the client comes; it must write or drop these two lines itself.
    """
    if not edge.trusts(peer):
        return Client(str(peer), scheme)
    client = peer
    for hop in reversed(_elements("x-forwarded-for", lines)):
        address = parse_hop(hop)
        if address is None:
            break
        client = address
        if not edge.trusts(address):
            break
    protos = _elements("x-forwarded-proto", lines)
    proto = protos[-1].lower() if protos else ""
    origin = _read_vpc_origin(lines) if edge.stands_in_a_vpc(peer) else None
    return Client(str(client), proto if proto in {"http", "https"} else scheme, origin)


def _read_vpc_origin(lines: tuple[tuple[str, str], ...]) -> VpcOrigin | None:
    """What an edge of a VPC wrote; None without a line of it. What is no id, or comes twice, counts as unsaid."""
    vpcs, endpoints = _elements(SOURCE_VPC, lines), _elements(SOURCE_VPC_ENDPOINT, lines)
    if not vpcs and not endpoints:
        return None
    return VpcOrigin(vpc=_only(vpcs, VPC), endpoint=_only(endpoints, VPC_ENDPOINT))


def _only(elements: list[str], form: re.Pattern[str]) -> str | None:
    return elements[0] if len(elements) == 1 and form.fullmatch(elements[0]) else None


def parse_hop(text: str) -> IPv4Address | IPv6Address | None:
    """An element of X-Forwarded-For: an address, with or without a port; None for anything else."""
    if text.startswith("["):
        return parse_address(text[1:].partition("]")[0])
    if text.count(":") == 1:
        return parse_address(text.partition(":")[0])
    return parse_address(text)


def strip_own_headers(lines: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The lines without those that only we may write."""
    for name, _ in lines:
        # Two characters decide for nearly every line; the rest is looked at only then.
        if name[:2] in {"x-", "X-", "ap", "Ap", "AP", "aP"} and _is_own(name.lower()):
            return tuple(line for line in lines if not _is_own(line[0].lower()))
    return lines


def _is_own(name: str) -> bool:
    return name.startswith(OWN_HEADER_PREFIX) or name in OWN_HEADERS


def _holds(networks: tuple[IPv4Network | IPv6Network, ...], address: IPv4Address | IPv6Address) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _elements(name: str, lines: tuple[tuple[str, str], ...]) -> list[str]:
    joined = ",".join(value for line_name, value in lines if line_name.lower() == name)
    return [element.strip(" \t") for element in joined.split(",")] if joined else []

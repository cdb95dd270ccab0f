"""IP address operators: an address against a CIDR range; the two versions never match each other.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
"""

from functools import lru_cache
from ipaddress import ip_address, ip_network

from msgspec import Struct

from yett.policy.limits import REMEMBERED_VALUES


class Range(Struct, frozen=True):
    """A CIDR range; one address is a range of itself."""

    version: int  # 4 or 6
    network: int
    mask: int


@lru_cache(maxsize=REMEMBERED_VALUES)
def read_range(text: str) -> Range | None:
    """The range that *text* writes; None where it is none. Bits behind the prefix do not count.

    Without a prefix it is that one address.

    # UNCERTAIN: that this holds for IPv6 as well; the page speaks of /32.
    """
    address, slash, prefix = text.partition("/")
    if slash and not (prefix.isascii() and prefix.isdigit()):  # ipaddress would take a netmask, IAM does not
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return None if "%" in address else Range(network.version, int(network.network_address), int(network.netmask))


@lru_cache(maxsize=REMEMBERED_VALUES)
def read_address(text: str) -> tuple[int, int] | None:
    """The version and the number of an address; None where *text* is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)


def contains(expected: Range, actual: tuple[int, int]) -> bool:
    """Whether the range holds the address."""
    version, number = actual
    return version == expected.version and number & expected.mask == expected.network

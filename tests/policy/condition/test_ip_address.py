import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from yett.policy.condition.ip_address import contains, read_address, read_range


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_a_range_holds_what_the_standard_library_says(
    network: ipaddress.IPv4Address | ipaddress.IPv6Address,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    prefix: int,
) -> None:
    text = f"{network}/{min(prefix, network.max_prefixlen)}"
    expected, actual = read_range(text), read_address(str(address))
    assert expected is not None
    assert actual is not None
    assert contains(expected, actual) == (address in ipaddress.ip_network(text, strict=False))

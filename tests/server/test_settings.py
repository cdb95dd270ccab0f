from ipaddress import ip_network
from pathlib import Path

import pytest

from yett.server.settings import Address, BadSetting, ServerSettings, read_settings, separate


def test_without_anything_said_the_listener_is_this_machine_s_alone() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.account, settings.region) == (
        "127.0.0.1",
        4566,
        "123456789012",
        "us-east-1",
    )
    assert settings.home == Path(".yett").absolute()
    assert settings.for_port(4566).permits_private_upstreams
    assert settings.denial_wording_is_current
    assert settings.echo_canonical_request
    assert settings.trusted_proxies == settings.hosts == ()


def test_the_command_line_is_over_the_environment(tmp_path: Path) -> None:
    settings = read_settings({"YETT_HOME": "/elsewhere"}, host="0.0.0.0", port=0, home=tmp_path)
    assert (settings.host, settings.port, settings.home) == ("0.0.0.0", 0, tmp_path)


def test_the_environment_is_over_the_defaults() -> None:
    settings = read_settings(
        {
            "YETT_HOME": "/elsewhere",
            "YETT_ACCOUNT": "999999999999",
            "YETT_REGION": "eu-central-1",
            "YETT_DATABASE_URL": "postgresql://x",
            "YETT_PUBLIC_URL": "https://gate.test/",
            "YETT_COGNITO_ISSUER": "aws",
            "YETT_DENIAL_WORDING": "legacy",
            "YETT_ECHO_CANONICAL_REQUEST": "0",
            "YETT_STRICT_SIGNED_HEADERS": "1",
            "YETT_HOSTS": " api.example.com, ,b.example.com",
            "YETT_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32",
            "YETT_VPC_EDGES": "10.7.0.0/16, 2001:db8:7::/48",
        }
    )
    assert (settings.home, settings.account, settings.region) == (Path("/elsewhere"), "999999999999", "eu-central-1")
    assert settings.database_url == "postgresql://x"
    assert settings.hosts == ("api.example.com", "b.example.com")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert settings.vpc_edges == (ip_network("10.7.0.0/16"), ip_network("2001:db8:7::/48"))
    known = settings.for_port(4567)
    assert known.strict_signed_headers
    assert known.public_url == "https://gate.test"
    assert (known.cognito_issuer_is_aws, known.denial_wording_is_current, known.echo_canonical_request) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YETT_ACCOUNT", "12345"),
        ("YETT_ACCOUNT", "12345678901a"),
        ("YETT_COGNITO_ISSUER", "mine"),
        ("YETT_DENIAL_WORDING", "Current"),
        ("YETT_ECHO_CANONICAL_REQUEST", "yes"),
        ("YETT_STRICT_SIGNED_HEADERS", "yes"),
        ("YETT_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("YETT_TRUSTED_PROXIES", "everyone"),
        ("YETT_VPC_EDGES", "everyone"),
        ("YETT_VPC_EDGES", "10.7.0.0/16"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read_settings({name: value})
    assert name in refused.value.reason
    assert value in refused.value.reason


@pytest.mark.parametrize(
    ("host", "is_loopback", "url"),
    [
        ("127.0.0.1", True, "http://localhost:8000"),
        ("127.8.8.8", True, "http://localhost:8000"),
        ("::1", True, "http://localhost:8000"),
        ("localhost", True, "http://localhost:8000"),
        ("0.0.0.0", False, "http://0.0.0.0:8000"),
        ("2001:db8::1", False, "http://[2001:db8::1]:8000"),
        ("::", False, "http://[::]:8000"),
    ],
)
def test_only_a_loopback_listener_may_reach_private_backends(host: str, is_loopback: bool, url: str) -> None:
    settings = ServerSettings(home=Path("/x"), host=host)
    assert settings.for_port(8000).permits_private_upstreams is is_loopback
    assert settings.for_port(8000).public_url == url


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:4566", Address("127.0.0.1", 4566)),
        ("[::1]:0", Address("::1", 0)),
        ("gateway.example.com:65535", Address("gateway.example.com", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert Address.parse(text, option="--gateway") == address


@pytest.mark.parametrize(
    "text", ["", "4566", ":4566", "::1:4566", "localhost", "localhost:65536", "localhost:-1", "a b:1"]
)
def test_what_is_no_address_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(BadSetting, match="--admin is"):
        Address.parse(text, option="--admin")


def test_a_gateway_has_administration_on_a_listener_of_its_own() -> None:
    settings = ServerSettings(home=Path("/x"))
    file = Path("/x.pem")
    separated = separate(settings, gateway="0.0.0.0:8443", admin=None, certificate=file, key=file)
    assert (separated.host, separated.port, separated.admin) == ("0.0.0.0", 8443, Address("127.0.0.1", 4566))
    assert separated.for_port(8443).public_url == "https://0.0.0.0:8443"
    assert separate(settings, gateway="[::1]:1", admin="[::1]:2").admin == Address("::1", 2)
    with pytest.raises(BadSetting, match="go together"):
        separate(settings, gateway="0.0.0.0:8443", admin=None, certificate=file)


def test_redis_is_named_by_the_environment() -> None:
    assert read_settings({"YETT_REDIS_URL": "redis://h:1"}).redis_url == "redis://h:1"
    assert read_settings({}).redis_url is None

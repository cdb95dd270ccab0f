from ipaddress import ip_network
from pathlib import Path

import pytest

from yett.server.settings import BadSetting, ServerSettings, read_settings


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
            "YETT_HOSTS": " api.example.com, ,b.example.com",
            "YETT_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32",
        }
    )
    assert (settings.home, settings.account, settings.region) == (Path("/elsewhere"), "999999999999", "eu-central-1")
    assert settings.database_url == "postgresql://x"
    assert settings.hosts == ("api.example.com", "b.example.com")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    known = settings.for_port(4567)
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
        ("YETT_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("YETT_TRUSTED_PROXIES", "everyone"),
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

"""What whoever starts yett has chosen: command line over environment over default."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final

from msgspec import Struct

from yett.ports.settings import Settings
from yett.values.errors import Refusal
from yett.values.identifiers import is_account_id

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 4566
DEFAULT_HOME: Final = ".yett"
DEFAULT_ACCOUNT: Final = "123456789012"
DEFAULT_REGION: Final = "us-east-1"
LOOPBACK: Final = ("127.", "::1", "localhost")


class BadSetting(Refusal):
    """A setting has a value that cannot be used; the reason names it and says what would do."""


class ServerSettings(Struct, frozen=True, kw_only=True):
    """Every setting of a server process, by the environment variable that sets it (reference:
    docs/reference/settings.md).
    """

    home: Path  # YETT_HOME
    host: str = DEFAULT_HOST  # --host
    port: int = DEFAULT_PORT  # --port; 0 takes a free one
    account: str = DEFAULT_ACCOUNT  # YETT_ACCOUNT
    region: str = DEFAULT_REGION  # YETT_REGION
    database_url: str | None = None  # YETT_DATABASE_URL; None: SQLite in the home
    public_url: str | None = None  # YETT_PUBLIC_URL; None: the listener
    cognito_issuer_is_aws: bool = False  # YETT_COGNITO_ISSUER=aws
    denial_wording_is_current: bool = True  # YETT_DENIAL_WORDING=current|legacy
    echo_canonical_request: bool = True  # YETT_ECHO_CANONICAL_REQUEST=1|0
    hosts: tuple[str, ...] = ()  # YETT_HOSTS: further host names that the listener answers to
    trusted_proxies: tuple[
        IPv4Network | IPv6Network, ...
    ] = ()  # YETT_TRUSTED_PROXIES: address ranges whose X-Forwarded-For is believed

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the listener."""
        return self.host.startswith(LOOPBACK)

    def for_port(self, port: int) -> Settings:
        """What rules and services need to know, once the listener has its port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default_url = f"http://{'localhost' if self.is_loopback else host}:{port}"
        return Settings(
            account=self.account,
            region=self.region,
            public_url=(self.public_url or default_url).rstrip("/"),
            port=port,
            cognito_issuer_is_aws=self.cognito_issuer_is_aws,
            denial_wording_is_current=self.denial_wording_is_current,
            echo_canonical_request=self.echo_canonical_request,
            permits_private_upstreams=self.is_loopback,
        )


def read_settings(
    environment: Mapping[str, str], *, host: str | None = None, port: int | None = None, home: Path | None = None
) -> ServerSettings:
    """Read the settings.

    Raises:
        BadSetting: A variable has a value that cannot be used.
    """
    account = environment.get("YETT_ACCOUNT", DEFAULT_ACCOUNT)
    if not is_account_id(account):
        raise BadSetting(f"YETT_ACCOUNT is `{account}`: an account id has twelve digits")
    return ServerSettings(
        home=(home or Path(environment.get("YETT_HOME") or DEFAULT_HOME)).absolute(),
        host=host or DEFAULT_HOST,
        port=DEFAULT_PORT if port is None else port,
        account=account,
        region=environment.get("YETT_REGION", DEFAULT_REGION),
        database_url=environment.get("YETT_DATABASE_URL") or None,
        public_url=environment.get("YETT_PUBLIC_URL") or None,
        cognito_issuer_is_aws=_choose(environment, "YETT_COGNITO_ISSUER", {"aws": True, "yett": False}, default="yett"),
        denial_wording_is_current=_choose(
            environment, "YETT_DENIAL_WORDING", {"current": True, "legacy": False}, default="current"
        ),
        echo_canonical_request=_choose(
            environment, "YETT_ECHO_CANONICAL_REQUEST", {"1": True, "0": False}, default="1"
        ),
        hosts=_split(environment.get("YETT_HOSTS", "")),
        trusted_proxies=tuple(_parse_network(each) for each in _split(environment.get("YETT_TRUSTED_PROXIES", ""))),
    )


def _choose(environment: Mapping[str, str], name: str, choices: Mapping[str, bool], *, default: str) -> bool:
    value = environment.get(name) or default
    if value not in choices:
        raise BadSetting(f"{name} is `{value}`: use one of {', '.join(choices)}")
    return choices[value]


def _parse_network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise BadSetting(f"YETT_TRUSTED_PROXIES holds `{text}`, which is no address range: {error}") from error


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

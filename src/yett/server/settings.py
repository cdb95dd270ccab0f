"""What whoever starts yett has chosen: command line over environment over default."""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, Self

from msgspec import Struct, structs

from yett.ports.settings import Settings
from yett.values.errors import Refusal
from yett.values.identifiers import is_account_id

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 4566
DEFAULT_HOME: Final = ".yett"
DEFAULT_ACCOUNT: Final = "123456789012"
DEFAULT_REGION: Final = "us-east-1"
LOCALHOST: Final = "localhost"
DECISIONS_KEPT: Final = 4096  # some kilobyte each
MAX_COUNT: Final = 1_000_000
Networks = tuple[IPv4Network | IPv6Network, ...]
ADDRESS: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})")


class BadSetting(Refusal):
    """A setting has a value that cannot be used; the reason names it and says what would do."""


class Address(Struct, frozen=True):
    """Where a listener listens."""

    host: str  # a name or an address, IPv6 without brackets
    port: int  # 0 takes a free one

    @classmethod
    def parse(cls, text: str, *, option: str) -> Self:
        """Read ``127.0.0.1:4566``, ``[::1]:4566`` or ``localhost:4566``.

        Raises:
            BadSetting: It is something else; the reason names the option.
        """
        matched = ADDRESS.fullmatch(text)
        if matched is None or int(matched["port"]) > 65535:
            raise BadSetting(f"{option} is `{text}`: write HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080")
        return cls(matched["six"] or matched["host"], int(matched["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == LOCALHOST:
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False  # a name that may resolve to anything

    def url(self, *, scheme: str = "http") -> str:
        """The URL that reaches it, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{'localhost' if self.is_loopback else host}:{self.port}"


class TlsFiles(Struct, frozen=True, kw_only=True):
    """Where a certificate and its key are, in PEM."""

    certificate: Path  # with the chain below it
    key: Path


class ServerSettings(Struct, frozen=True, kw_only=True):
    """Every setting of a server process, by the environment variable that sets it (reference:
    docs/reference/settings.md).
    """

    home: Path  # YETT_HOME
    host: str = DEFAULT_HOST  # --host
    port: int = DEFAULT_PORT  # --port; 0 takes a free one
    admin: Address | None = None  # --admin, beside --gateway; None: one listener serves everything
    tls: TlsFiles | None = None  # --tls-cert, --tls-key: for the listener that clients of APIs reach
    account: str = DEFAULT_ACCOUNT  # YETT_ACCOUNT
    region: str = DEFAULT_REGION  # YETT_REGION
    workers: int = 0  # --workers; 0: one process does everything
    redis_url: str | None = None  # YETT_REDIS_URL; None: authorizers' answers are kept by each process
    database_url: str | None = None  # YETT_DATABASE_URL; None: SQLite in the home
    public_url: str | None = None  # YETT_PUBLIC_URL; None: the listener
    cognito_issuer_is_aws: bool = False  # YETT_COGNITO_ISSUER=aws
    denial_wording_is_current: bool = True  # YETT_DENIAL_WORDING=current|legacy
    echo_canonical_request: bool = True  # YETT_ECHO_CANONICAL_REQUEST=1|0
    strict_signed_headers: bool = False  # YETT_STRICT_SIGNED_HEADERS=1|0
    decisions_kept: int = DECISIONS_KEPT  # YETT_DECISIONS_KEPT
    decisions_allowed_one_in: int = 1  # YETT_DECISIONS_ALLOWED_ONE_IN
    access_log: Path | None = None  # YETT_ACCESS_LOG
    telemetry: Mapping[str, str] | None = None  # YETT_TRACES=otlp: the OTEL_ variables; None: no spans
    hosts: tuple[str, ...] = ()  # YETT_HOSTS: further host names that the listener answers to
    trusted_proxies: tuple[
        IPv4Network | IPv6Network, ...
    ] = ()  # YETT_TRUSTED_PROXIES: address ranges whose X-Forwarded-For is believed
    vpc_edges: tuple[
        IPv4Network | IPv6Network, ...
    ] = ()  # YETT_VPC_EDGES: those of them whose X-Yett-Source-Vpc and X-Yett-Source-Vpce are believed

    @property
    def address(self) -> Address:
        """Where clients of APIs reach the server."""
        return Address(self.host, self.port)

    @property
    def scheme(self) -> str:
        """What that listener speaks."""
        return "http" if self.tls is None else "https"

    def for_port(self, port: int) -> Settings:
        """What rules and services need to know, once the listener has its port."""
        default_url = Address(self.host, port).url(scheme=self.scheme)
        return Settings(
            account=self.account,
            region=self.region,
            public_url=(self.public_url or default_url).rstrip("/"),
            port=port,
            cognito_issuer_is_aws=self.cognito_issuer_is_aws,
            denial_wording_is_current=self.denial_wording_is_current,
            echo_canonical_request=self.echo_canonical_request,
            strict_signed_headers=self.strict_signed_headers,
            decisions_kept=self.decisions_kept,
            decisions_allowed_one_in=self.decisions_allowed_one_in,
            access_log=None if self.access_log is None else str(self.access_log),
            traces=self.telemetry is not None,
            is_loopback=self.address.is_loopback and self.admin is None,
            permits_private_upstreams=self.address.is_loopback,
        )


def separate(
    settings: ServerSettings,
    *,
    gateway: str,
    admin: str | None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> ServerSettings:
    """The settings with a listener for clients of APIs and another one for administration.

    Raises:
        BadSetting: An address is none, or the certificate lacks its key, or the reverse.
    """
    if (certificate is None) != (key is None):
        raise BadSetting("--tls-cert and --tls-key go together")
    address = Address.parse(gateway, option="--gateway")
    return structs.replace(
        settings,
        host=address.host,
        port=address.port,
        admin=Address(DEFAULT_HOST, DEFAULT_PORT) if admin is None else Address.parse(admin, option="--admin"),
        tls=None if certificate is None or key is None else TlsFiles(certificate=certificate, key=key),
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
    trusted_proxies = _networks(environment, "YETT_TRUSTED_PROXIES")
    return ServerSettings(
        home=(home or Path(environment.get("YETT_HOME") or DEFAULT_HOME)).absolute(),
        host=host or DEFAULT_HOST,
        port=DEFAULT_PORT if port is None else port,
        account=account,
        region=environment.get("YETT_REGION", DEFAULT_REGION),
        database_url=environment.get("YETT_DATABASE_URL") or None,
        redis_url=environment.get("YETT_REDIS_URL") or None,
        public_url=environment.get("YETT_PUBLIC_URL") or None,
        cognito_issuer_is_aws=_choose(environment, "YETT_COGNITO_ISSUER", {"aws": True, "yett": False}, default="yett"),
        denial_wording_is_current=_choose(
            environment, "YETT_DENIAL_WORDING", {"current": True, "legacy": False}, default="current"
        ),
        echo_canonical_request=_choose(
            environment, "YETT_ECHO_CANONICAL_REQUEST", {"1": True, "0": False}, default="1"
        ),
        strict_signed_headers=_choose(environment, "YETT_STRICT_SIGNED_HEADERS", {"1": True, "0": False}, default="0"),
        decisions_kept=_count(environment, "YETT_DECISIONS_KEPT", default=DECISIONS_KEPT),
        decisions_allowed_one_in=_count(environment, "YETT_DECISIONS_ALLOWED_ONE_IN", default=1),
        access_log=Path(given).absolute() if (given := environment.get("YETT_ACCESS_LOG")) else None,
        telemetry=_read_telemetry(environment),
        hosts=_split(environment.get("YETT_HOSTS", "")),
        trusted_proxies=trusted_proxies,
        vpc_edges=_read_vpc_edges(environment, trusted_proxies),
    )


def _choose(environment: Mapping[str, str], name: str, choices: Mapping[str, bool], *, default: str) -> bool:
    value = environment.get(name) or default
    if value not in choices:
        raise BadSetting(f"{name} is `{value}`: use one of {', '.join(choices)}")
    return choices[value]


def _read_telemetry(environment: Mapping[str, str]) -> dict[str, str] | None:
    if not _choose(environment, "YETT_TRACES", {"otlp": True, "none": False}, default="none"):
        return None
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise BadSetting("YETT_TRACES is `otlp`, which wants further packages: pip install 'yett[otel]'")
    return {name: value for name, value in environment.items() if name.startswith("OTEL_")}


def _count(environment: Mapping[str, str], name: str, *, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_COUNT:
        raise BadSetting(f"{name} is `{text}`: use a number from 1 to {MAX_COUNT}")
    return int(text)


def _networks(environment: Mapping[str, str], name: str) -> Networks:
    networks = []
    for text in _split(environment.get(name, "")):
        try:
            networks.append(ip_network(text))
        except ValueError as error:
            raise BadSetting(f"{name} holds `{text}`, which is no address range: {error}") from error
    return tuple(networks)


def _read_vpc_edges(environment: Mapping[str, str], trusted_proxies: Networks) -> Networks:
    edges = _networks(environment, "YETT_VPC_EDGES")
    for edge in edges:
        if not any(_lies_within(edge, proxies) for proxies in trusted_proxies):
            raise BadSetting(f"YETT_VPC_EDGES holds `{edge}`, which is no part of YETT_TRUSTED_PROXIES: add it there")
    return edges


def _lies_within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    return inner.version == outer.version and inner[0] in outer and inner[-1] in outer


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

"""Where an ``HTTP_PROXY`` integration sends calls: its URI, taken apart once, when the stage's plan is compiled.

Scheme, host and port are settled here, before any call: whatever a caller sends, it can fill in path and query only.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from yett.values.errors import Refusal

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class NotAnHttpTarget(Refusal):
    """The URI names no http or https endpoint."""


class HttpTarget(Struct, frozen=True, kw_only=True, dict=True):
    """An endpoint; its path and query may still hold ``{names}`` for path mappings to fill in."""

    scheme: str  # "http" or "https"
    host: str
    port: int
    path: str  # with its leading slash
    query: str  # "" without one

    @cached_property
    def fixed(self) -> str | None:
        """Path and query as a backend gets them, where there is nothing to fill in; else None."""
        if "{" in self.path or "{" in self.query:
            return None
        return f"{self.path}?{self.query}" if self.query else self.path


def parse_http_target(uri: str, *, stage_variables: Mapping[str, str]) -> HttpTarget:
    """Read an integration's URI, with the stage's variables filled in.

    Raises:
        NotAnHttpTarget: It is no http or https URL, it holds credentials, or a variable of its host is not set.
    """
    filled = fill_stage_variables(uri, stage_variables)
    try:
        parts = urlsplit(filled)
        port = parts.port
    except ValueError as error:
        raise NotAnHttpTarget(f"the integration's URI `{filled}` is no URL: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise NotAnHttpTarget(f"the integration's URI `{filled}` is no http or https URL")
    if any(character in parts.netloc for character in "{}@"):
        raise NotAnHttpTarget(f"the host in the integration's URI `{filled}` is none that a call may be sent to")
    return HttpTarget(
        scheme=parts.scheme,
        host=parts.hostname,
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=parts.path or "/",
        query=parts.query,
    )


def fill_stage_variables(uri: str, stage_variables: Mapping[str, str]) -> str:
    """The URI with ``${stageVariables.name}`` replaced; those that the stage has not are left as they are."""
    for name, value in stage_variables.items():
        uri = uri.replace(f"${{stageVariables.{name}}}", value)
    return uri

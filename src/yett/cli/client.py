"""Reaching this home's server as root, for the commands that ask it something."""

import configparser
import contextlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from yett.server.home import find_running
from yett.server.settings import read_settings
from yett.sigv4 import SignedRequest, sign
from yett.values.http import Headers
from yett.values.secret import Secret

PROFILE: Final = "yett"
LOOPBACK: Final = "127.0.0.1"
TIMEOUT_SECONDS: Final = 30
NO_HEADERS: Final = Headers()
METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})  # whose length is said even where it is 0


class Access(Struct, frozen=True, kw_only=True):
    """A server and the credentials to ask it with."""

    url: str  # of AWS APIs: "http://localhost:4566"
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None
    region: str
    gateway_url: str = ""  # of APIs and user pools, where that is another


def find_access(endpoint_url: str | None = None) -> Access:
    """The server given, of the environment (AWS_ENDPOINT_URL) or of this home, with the environment's credentials or
    the home's root.

    Raises:
        click.ClickException: No server runs, or there are no credentials for it.
    """
    settings = read_settings(os.environ)
    running = find_running(settings.home)
    url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or (running.url if running else None)
    if url is None:
        raise click.ClickException(
            f"no yett server runs on `{settings.home}`: start one with `yett up TEMPLATE` or `yett serve`, "
            "or set AWS_ENDPOINT_URL"
        )
    gateway_url = running.gateway_url if running and running.url == url else ""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or settings.region
    if os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY"):
        return Access(
            url=url,
            gateway_url=gateway_url,
            access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
            secret_access_key=Secret(os.environ["AWS_SECRET_ACCESS_KEY"]),
            session_token=Secret(token) if (token := os.environ.get("AWS_SESSION_TOKEN")) else None,
            region=region,
        )
    access_key_id, secret = read_root_credentials(settings.home)
    return Access(
        url=url,
        gateway_url=gateway_url,
        access_key_id=access_key_id,
        secret_access_key=secret,
        session_token=None,
        region=region,
    )


def read_root_credentials(home: Path) -> tuple[str, Secret]:
    """The root credentials that the home keeps.

    Raises:
        click.ClickException: It keeps none.
    """
    environment = os.environ.get("YETT_ROOT_ACCESS_KEY_ID"), os.environ.get("YETT_ROOT_SECRET_ACCESS_KEY")
    if environment[0] and environment[1]:
        return environment[0], Secret(environment[1])
    file = configparser.ConfigParser(interpolation=None)
    file.read(home / "credentials")
    if not file.has_section(PROFILE):
        raise click.ClickException(
            f"`{home}` has no credentials: start a server there first, or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    return file[PROFILE]["aws_access_key_id"], Secret(file[PROFILE]["aws_secret_access_key"])


class Answer(Struct, frozen=True, kw_only=True):
    """What the server answered."""

    status: int
    headers: Headers
    body: bytes


def send_signed(
    access: Access, method: str, url: str, *, service: str, headers: Headers = NO_HEADERS, body: bytes = b""
) -> Answer:
    """Sign a request and send it.

    Raises:
        click.ClickException: The server cannot be reached, or the request cannot be sent.
        SignatureRefused: Its path or query has a malformed escape.
    """
    parts = split_url(url)
    lines = headers if headers.get("host") is not None else Headers((("Host", parts.netloc), *headers))
    signed = sign(
        SignedRequest(method, parts.path or "/", parts.query, lines, body),
        access_key_id=access.access_key_id,
        secret_access_key=access.secret_access_key,
        session_token=access.session_token,
        region=access.region,
        service=service,
        now=datetime.now(UTC),
    )
    return _send_lines(parts, method, Headers((*lines.without(*signed.names()), *signed)), body)


def _send_lines(parts: urllib.parse.SplitResult, method: str, lines: Headers, body: bytes) -> Answer:
    """Send a request with these header lines and no others, each as it is: repeated ones stay apart.

    Raises:
        click.ClickException: The server cannot be reached, or the request cannot be sent.
    """
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = parts._replace(fragment="").geturl()
    try:
        place = urllib.parse.urlsplit(_to_loopback(parts))
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        with contextlib.closing(kind(place.hostname or "", place.port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in lines:
                connection.putheader(name, value)
            if (body or method in METHODS_WITH_BODY) and lines.get("content-length") is None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return Answer(status=answer.status, headers=Headers.of(answer.getheaders()), body=answer.read())
    except OSError as error:
        raise unreachable(url, error) from error
    except (http.client.HTTPException, ValueError) as error:
        raise click.ClickException(f"cannot send this request: {error}") from error


def unreachable(url: str, cause: object) -> click.ClickException:
    """Nobody answers there."""
    told = cause.strerror if isinstance(cause, OSError) and cause.strerror else cause
    parts = urllib.parse.urlsplit(url)
    return click.ClickException(
        f"cannot reach `{parts.scheme}://{parts.netloc}`: {told}. Does the server run there, and is AWS_ENDPOINT_URL, "
        "if set, its URL?"
    )


def split_url(url: str) -> urllib.parse.SplitResult:
    """The parts of an http or https URL.

    Raises:
        click.ClickException: It is none.
    """
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise click.ClickException(f"`{url}` is no http or https URL: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise click.ClickException(f"`{url}` is no http or https URL")
    return parts


def _to_loopback(parts: urllib.parse.SplitResult) -> str:
    """The URL to connect to. Names below ``localhost`` are this machine, whether or not its resolver knows.

    Source: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    """
    if not (parts.hostname or "").endswith(".localhost"):
        return parts.geturl()
    _, colon, port = parts.netloc.rpartition(":")
    return parts._replace(netloc=f"{LOOPBACK}{colon}{port}" if colon else LOOPBACK).geturl()


def send(request: urllib.request.Request) -> Answer:
    """Send a request; proxies are not asked, redirects not followed.

    Raises:
        click.ClickException: The server cannot be reached.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return Answer(status=answer.status, headers=Headers.of(answer.headers.items()), body=answer.read())
    except urllib.error.HTTPError as error:
        return Answer(status=error.code, headers=Headers.of(error.headers.items()), body=error.read())
    except (urllib.error.URLError, OSError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise unreachable(request.full_url, cause) from error
    except (http.client.HTTPException, ValueError) as error:
        raise click.ClickException(f"cannot send this request: {error}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Never."""

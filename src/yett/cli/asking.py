"""Asking a server's administration, for the commands that print its answer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import click
import msgspec

from yett.cli.client import Access, Answer, find_access, send_signed
from yett.values.http import Headers

SERVICE = "apigateway"


def ask(path: str, query: Mapping[str, str | None] | None = None, *, access: Access | None = None) -> Any:
    """The answer to a GET below ``/_yett/api/``, decoded.

    Raises:
        click.ClickException: In the server's words; or none could be reached.
    """
    access = access or find_access()
    given = urlencode({name: value for name, value in (query or {}).items() if value is not None})
    url = f"{access.url}/_yett/api/{path}"
    return _read(send_signed(access, "GET", f"{url}?{given}" if given else url, service=SERVICE))


def tell(path: str, body: object, *, access: Access | None = None) -> Any:
    """The answer to a POST, as ``ask``."""
    access = access or find_access()
    headers = Headers((("Content-Type", "application/json"),))
    return _read(
        send_signed(
            access,
            "POST",
            f"{access.url}/_yett/api/{path}",
            service=SERVICE,
            headers=headers,
            body=msgspec.json.encode(body),
        )
    )


def remove(path: str, query: Mapping[str, str], *, access: Access | None = None) -> Any:
    """The answer to a DELETE, as ``ask``."""
    access = access or find_access()
    return _read(send_signed(access, "DELETE", f"{access.url}/_yett/api/{path}?{urlencode(query)}", service=SERVICE))


def _read(answer: Answer) -> Any:
    try:
        decoded = msgspec.json.decode(answer.body)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"the server answered {answer.status}, and no JSON") from error
    if answer.status != 200:
        message = decoded.get("message") if isinstance(decoded, dict) else None
        told = str(message or f"the server answered {answer.status}")
        if answer.status == 403:
            told += '; root may: eval "$(yett env)"'
        raise click.ClickException(told)
    return decoded


def read_header(text: str) -> tuple[str, str]:
    """``NAME: VALUE``.

    Raises:
        click.BadParameter: It is something else.
    """
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"`{text}` is no header: write NAME: VALUE")
    return name.strip(), value.strip()

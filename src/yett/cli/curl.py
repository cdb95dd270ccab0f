"""`yett curl`: send a request, signed."""

import sys
from pathlib import Path

import click

from yett.cli.client import find_access, send_signed
from yett.values.http import Headers


@click.command()
@click.argument("url")
@click.option("-X", "--request", "method", help="The method; GET, or POST with --data.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="A header; repeat for more.")
@click.option(
    "-d",
    "--data",
    "--data-binary",
    "data",
    multiple=True,
    help="The body, as it is; @FILE reads it from a file, @- from standard input; repeated, they are joined by `&`.",
)
@click.option("--service", default="execute-api", show_default=True, help="The signing name.")
@click.option("-i", "--include", is_flag=True, help="Print status and headers too.")
def curl(
    *, url: str, method: str | None, headers: tuple[str, ...], data: tuple[str, ...], service: str, include: bool
) -> None:
    """Send a request to URL, signed with Signature Version 4.

    The credentials are those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), else
    this home's root. Every header given is signed. Exits with 0 when the answer's status is below 400, else with 22.
    """
    body = b"&".join([_read_body(each) for each in data])
    lines: list[tuple[str, str]] = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f"`{header}` is no header: write NAME: VALUE")
        lines.append((name.strip(), value.strip()))
    if body and not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("Content-Type", "application/json"))
    verb = method or ("POST" if data else "GET")
    answer = send_signed(find_access(url), verb, url, service=service, headers=Headers.of(lines), body=body)
    if include:
        click.echo(f"HTTP/1.1 {answer.status}")
        for name, value in answer.headers:
            click.echo(f"{name}: {value}")
        click.echo()
    sys.stdout.buffer.write(answer.body)
    if sys.stdout.isatty():
        click.echo()
    if answer.status >= 400:
        request_id = answer.headers.get("x-amzn-requestid")
        if request_id:
            click.echo(f"\nrefused with {answer.status}; why: yett explain {request_id}", err=True)
        raise SystemExit(22)


def _read_body(data: str) -> bytes:
    if data == "@-":
        return sys.stdin.buffer.read()
    if data.startswith("@"):
        try:
            return Path(data[1:]).read_bytes()
        except OSError as error:
            raise click.ClickException(f"cannot read `{data[1:]}`: {error.strerror}") from error
    return data.encode()

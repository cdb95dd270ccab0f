"""`yett audit`: what of the APIs lets in more than it may be meant to, or can never let in anybody."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec

from yett.cli.asking import ask
from yett.cli.client import Access
from yett.server.putting_up import put_up
from yett.server.run import Server
from yett.server.settings import ServerSettings


@click.command()
@click.argument("template", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--server", is_flag=True, help="Audit the running server (the default without TEMPLATE).")
@click.option("--parameter", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@click.option("--accept", multiple=True, metavar="CODE[=WHERE]", help="A finding that is meant; repeat for more.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
def audit(
    *, template: Path | None, server: bool, parameters: tuple[str, ...], accept: tuple[str, ...], as_json: bool
) -> None:
    """List every route that anyone can call, each that hangs on one address condition alone, each authorizer that was
    seen to answer a wildcard or one method only, and each statement that can never match.

    With TEMPLATE it is put up on a server of its own that ends with the command, and no authorizer is asked. Exits with
    1 if anything is found that was not accepted: --accept OPEN_TO_ANYONE="GET /health".
    """
    if template is not None and server:
        raise click.UsageError("choose one: TEMPLATE or --server")
    if template is None:
        answer = ask("audit")
    else:
        given = dict(_parse_parameter(each) for each in parameters)
        answer = asyncio.run(_audit_template(template, given))
    left = [each for each in answer["findings"] if not _is_accepted(each, accept)]
    if as_json:
        sys.stdout.write(msgspec.json.encode(answer | {"findings": left}).decode() + "\n")
    else:
        _show(left, {each["api"]: each["name"] for each in answer["apis"]})
        click.echo(f"{len(answer['apis'])} stages, {len(left)} findings")
    if left:
        raise SystemExit(1)


def _show(findings: list[dict[str, Any]], names: dict[str, str]) -> None:
    """A line each; one that several stages share is told once."""
    stages: dict[tuple[str, str, str], list[str]] = {}
    for each in findings:
        stages.setdefault((each["code"], each["where"], each["message"]), []).append(
            f"{names[each['api']]}/{each['stage']}"
        )
    for (code, where, message), found in sorted(stages.items()):
        click.echo(f"{click.style(code, fg='yellow')}  {where} ({', '.join(found)}): {message}")


async def _audit_template(template: Path, parameters: dict[str, str]) -> Any:
    with tempfile.TemporaryDirectory(prefix="yett-audit-") as home:
        server = await Server.start(ServerSettings(home=Path(home) / "home", port=0))
        try:
            running = await put_up(server, template, parameters, lambda _: None)
            try:
                access = Access(
                    url=server.url,
                    access_key_id=server.root.access_key_id,
                    secret_access_key=server.root.secret_access_key,
                    session_token=None,
                    region=server.ports.settings.region,
                )
                return await asyncio.to_thread(ask, "audit", None, access=access)
            finally:
                await running.stop()
        finally:
            await server.stop()


def _is_accepted(finding: dict[str, Any], accept: tuple[str, ...]) -> bool:
    return any(
        code == finding["code"] and (not where or where == finding["where"])
        for code, _, where in (each.partition("=") for each in accept)
    )


def _parse_parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"`{text}` is no parameter: write NAME=VALUE")
    return name, value

"""`yett simulate`: what would be decided of a call, without making it."""

import sys
from typing import Any, Final

import click
import msgspec

from yett.cli.asking import read_header, tell
from yett.cli.explain import show

EXIT_CODES: Final = {"allow": 0, "unknown": 2}  # everything else: 1


class NotAsked(click.ClickException):
    """There is no answer: neither yes nor no."""

    exit_code = 3


class WrongUsage(click.UsageError):
    """Likewise, for the way in which the command was called."""

    exit_code = NotAsked.exit_code


class Asking(click.Command):
    """A command of which wrong usage is no answer either."""

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        """As click does, with the exit code of a question that was not asked."""
        try:
            return super().make_context(*arguments, **named)
        except click.UsageError as error:
            raise WrongUsage(error.format_message(), error.ctx) from error


@click.command(cls=Asking)
@click.argument("method")
@click.argument("path")
@click.option("--api", help="The API's id or name.  [default: the only one with this route]")
@click.option("--stage", help="The stage.  [default: the only one]")
@click.option(
    "--as", "principal", default="anonymous", help="user/NAME, role/NAME, an ARN, or anonymous (the default)."
)
@click.option("--source-ip", help="The address that the call comes from.  [default: this machine's]")
@click.option("--source-vpc", metavar="VPC-ID", help="The VPC that it comes from, through a VPC endpoint.")
@click.option("--source-vpce", metavar="VPCE-ID", help="The VPC endpoint that it comes through.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="A header; repeat for more.")
@click.option("--token", help="The token, put where the method's authorizer looks for it.")
@click.option("--time", "moment", metavar="ISO-8601", help="The moment of the call.  [default: now]")
@click.option("--invoke-authorizer", is_flag=True, help="Ask a Lambda authorizer, if need be; its answer is not kept.")
@click.option("--json", "as_json", is_flag=True, help="The trace as a JSON object.")
def simulate(
    *,
    method: str,
    path: str,
    api: str | None,
    stage: str | None,
    principal: str,
    source_ip: str | None,
    source_vpc: str | None,
    source_vpce: str | None,
    headers: tuple[str, ...],
    token: str | None,
    moment: str | None,
    invoke_authorizer: bool,
    as_json: bool,
) -> None:
    """Say what would be decided of METHOD PATH, a path below the stage or a whole URL, and what would allow it.

    Nothing is invoked. Exits with 0 if the call would be allowed, 1 if not, 2 if only a Lambda authorizer can tell, 3
    if the question could not be asked or read. A call through a VPC endpoint has aws:VpcSourceIp in the place of
    aws:SourceIp.
    """
    is_url = path.startswith(("http://", "https://"))
    question = {
        "method": method,
        **({"url": path} if is_url else {"path": path}),
        "api": api,
        "stage": stage,
        "as": principal,
        "source_ip": source_ip,
        "source_vpc": source_vpc,
        "source_vpce": source_vpce,
        "token": token,
        "time": moment,
        "invoke_authorizer": invoke_authorizer,
    }
    try:
        trace = tell("simulate", question | {"headers": dict(map(read_header, headers))})
    except click.ClickException as error:
        raise NotAsked(error.format_message()) from error
    if as_json:
        sys.stdout.write(msgspec.json.encode(trace).decode() + "\n")
    else:
        show(trace)
    raise SystemExit(EXIT_CODES.get(trace["outcome"], 1))

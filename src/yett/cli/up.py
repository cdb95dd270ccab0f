"""`yett up`: run the server and put a template up on it."""

from pathlib import Path

import click
from rich.console import Console

from yett.cli.putting_up import Up, put_up
from yett.cli.routes import invoke_url, list_routes, print_routes
from yett.cli.serving import serve_until_told, settings_of
from yett.server.run import Server


@click.command()
@click.argument("template", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--parameter", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@click.option("--stack-name", help="The stack's name.  [default: the template's folder]")
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one.  [default: 4566]")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where everything is kept.  [YETT_HOME]")
def up(
    *,
    template: Path,
    parameters: tuple[str, ...],
    stack_name: str | None,
    host: str | None,
    port: int | None,
    home: Path | None,
) -> None:
    """Run the server, deploy TEMPLATE (SAM or CloudFormation) on it, and serve until Ctrl-C."""
    console = Console(highlight=False, soft_wrap=True)
    given = dict(_parse_parameter(each) for each in parameters)

    async def work(server: Server) -> None:
        console.print(f"yett listens at [bold]{server.url}[/bold], home {server.home}")
        console.print(f"deploying {template} ...")
        running = await put_up(
            server, template, given, lambda line: console.print(f"  {line}", markup=False), stack_name=stack_name
        )
        server.on_stop(running.stop)
        if running.stack.ignored:
            console.print("  ignored, since nothing here depends on it:", style="yellow")
            for each in running.stack.ignored:
                console.print(f"    {each.what} ({each.logical_id}, line {each.line}): {each.why}", markup=False)
        await _show(console, server, running)
        console.print("\nCtrl-C stops it; everything but DynamoDB's items is kept in the home.", style="dim")

    serve_until_told(settings_of(host, port, home), work)


def _parse_parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"`{text}` is no parameter: write NAME=VALUE")
    return name, value


async def _show(console: Console, server: Server, running: Up) -> None:
    for api in running.stack.apis:
        plan = await server.ports.plans.resolve(api.api_id, api.stage)
        if plan is not None:
            url = invoke_url(server.url, api.api_id, api.stage)
            routes = list_routes(plan, url, examples=running.examples, outputs=running.outputs)
            print_routes(console, plan.api_name, url, routes)

"""`yett up`: run the server and put a template up on it."""

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import msgspec
import uvloop
from msgspec import Struct

from yett.cli.planned import plan_as_json, show_plan
from yett.cli.routes import Route, find_program, invoke_url, list_routes, print_routes
from yett.cli.serving import serve_until_told, settings_of
from yett.execute_api.authorizer_hints import code_findings
from yett.server.home import HomeInUse
from yett.server.putting_up import Up, plan_up, put_up
from yett.server.run import Server
from yett.server.settings import DEFAULT_HOME, ServerSettings
from yett.server.watching import keep_up
from yett.templates.deploy import Stack
from yett.templates.watching import Looks, look, sources_of
from yett.values.errors import Refusal, Unavailable

Say = Callable[[str], None]


class Api(Struct, frozen=True, kw_only=True, rename="camel"):
    """A stage of an API that is up."""

    logical_id: str
    name: str
    api_id: str
    stage: str
    url: str
    routes: tuple[Route, ...]


class Ignored(Struct, frozen=True, kw_only=True, rename="camel"):
    """What of the template has no effect here."""

    logical_id: str
    what: str
    line: int | None
    why: str


class Warned(Struct, frozen=True, kw_only=True, rename="camel"):
    """What callers will be surprised by."""

    code: str
    api_id: str
    stage: str
    where: str
    message: str


class Summary(Struct, frozen=True, kw_only=True, rename="camel"):
    """What ``--json`` prints."""

    url: str
    home: str
    stack_name: str
    changed: bool
    outputs: dict[str, str]
    apis: tuple[Api, ...]
    ignored: tuple[Ignored, ...]
    warnings: tuple[Warned, ...]


@click.command()
@click.argument("template", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--parameter", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@click.option("--stack-name", help="The stack's name.  [default: the template's folder]")
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one.  [default: 4566]")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where everything is kept.  [YETT_HOME]")
@click.option("--watch", "is_watching", is_flag=True, help="Follow the template and its code: an edit is live at once.")
@click.option("--plan", "is_plan", is_flag=True, help="Show what would change, change nothing, and end.")
@click.option(
    "--json", "as_json", is_flag=True, help="When it is up, a JSON object on a line; progress goes to stderr."
)
def up(
    *,
    template: Path,
    parameters: tuple[str, ...],
    stack_name: str | None,
    host: str | None,
    port: int | None,
    home: Path | None,
    is_watching: bool,
    is_plan: bool,
    as_json: bool,
) -> None:
    """Run the server, deploy TEMPLATE (SAM, CloudFormation, `cdk synth` output or OpenAPI) on it, and serve until
    Ctrl-C.
    """
    given = dict(parse_parameter(each) for each in parameters)
    say = partial(click.echo, err=as_json)

    if is_plan:
        plan_only(settings_of(host, 0, home), template, given, stack_name, as_json=as_json)
        return

    async def work(server: Server) -> None:
        say(f"yett listens at {click.style(server.url, bold=True)}, home {server.home}")
        say(f"deploying {template} ...")
        seen = look(sources_of(template)) if is_watching else {}
        running = await put_up(server, template, given, lambda line: say(f"  {line}"), stack_name=stack_name)
        server.on_stop(running.stop)
        summary = await summarize(server, running)
        if as_json:
            click.echo(msgspec.json.encode(summary))
        else:
            show(summary, say)
        if is_watching:
            say(click.style("following the template and the code of its functions", dim=True))
            await follow(server, template, running, seen, told=summary.warnings, say=lambda line: say(f"  {line}"))

    serve_until_told(settings_of(host, port, home), work)


async def follow(
    server: Server, template: Path, running: Up, seen: Looks, *, told: tuple[Warned, ...], say: Say
) -> None:
    """Deploy each edit; of what callers will be surprised by then, say what the last deployment did not have."""

    async def warn(stack: Stack) -> None:
        nonlocal told
        before, told = told, await find_warnings(server, stack)
        for warned in told:
            if warned not in before:
                say(beware(warned))

    await keep_up(server, template, running, seen, say, on_live=warn)


def plan_only(
    settings: ServerSettings, template: Path, given: dict[str, str], stack_name: str | None, *, as_json: bool
) -> None:
    """Show what would change in this home.

    Raises:
        click.ClickException: The template is refused, or a server runs on the home.
    """
    say = partial(click.echo, err=as_json)
    try:
        plan = uvloop.run(plan_up(settings, template, given, lambda line: say(f"  {line}"), stack_name=stack_name))
    except HomeInUse as error:
        text = f"{error.reason}; to plan a change on it: yett deploy --plan {template}"
        raise click.ClickException(text) from error
    except (Refusal, Unavailable) as error:
        raise click.ClickException(error.reason) from error
    if as_json:
        click.echo(plan_as_json(plan))
    else:
        show_plan(plan, say)


def parse_parameter(text: str) -> tuple[str, str]:
    """``NAME=VALUE``.

    Raises:
        click.BadParameter
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"`{text}` is no parameter: write NAME=VALUE")
    return name, value


async def summarize(server: Server, running: Up) -> Summary:
    """What is up, and how to try it."""
    program = find_program()
    apis: list[Api] = []
    for each in running.stack.apis:
        plan = await server.ports.plans.resolve(each.api_id, each.stage)
        if plan is None:
            continue
        url = invoke_url(server.url, each.api_id, each.stage)
        routes = list_routes(plan, url, examples=running.examples, outputs=running.outputs, program=program)
        apis.append(
            Api(
                logical_id=each.logical_id,
                name=plan.api_name,
                api_id=each.api_id,
                stage=each.stage,
                url=url,
                routes=routes,
            )
        )
    return Summary(
        url=server.url,
        home=str(server.home),
        stack_name=running.stack.name,
        changed=running.stack.changed,
        outputs=dict(running.outputs),
        apis=tuple(apis),
        ignored=tuple(
            Ignored(logical_id=each.logical_id, what=each.what, line=each.line, why=each.why)
            for each in running.stack.ignored
        ),
        warnings=await find_warnings(server, running.stack),
    )


async def find_warnings(server: Server, stack: Stack) -> tuple[Warned, ...]:
    """What callers of the stack's APIs will be surprised by."""
    warnings: list[Warned] = []
    for each in stack.apis:
        plan = await server.ports.plans.resolve(each.api_id, each.stage)
        found = () if plan is None else await code_findings(plan, server.ports)
        warnings += [
            Warned(code=one.code, api_id=each.api_id, stage=each.stage, where=one.where, message=one.message)
            for one in found
        ]
    return tuple(warnings)


def show(summary: Summary, say: Say) -> None:
    """The summary for a person."""
    if not summary.changed:
        say("  nothing to change: everything is as the template says")
    if summary.ignored:
        say(click.style("  ignored, since nothing here depends on it:", fg="yellow"))
        for ignored in summary.ignored:
            where = ignored.logical_id if ignored.line is None else f"{ignored.logical_id}, line {ignored.line}"
            say(f"    {ignored.what} ({where}): {ignored.why}")
    for api in summary.apis:
        print_routes(f"{click.style(api.logical_id, bold=True)} ({api.name})  {api.url}", api.routes, say)
        for warned in summary.warnings:
            if (warned.api_id, warned.stage) == (api.api_id, api.stage):
                say(f"    {beware(warned)}")
    say("")
    if summary.apis:
        say("try the commands in another shell, in this directory" + _of_home(summary.home))
    say(click.style("Ctrl-C stops it; everything but DynamoDB's items is kept in the home.", dim=True))


def beware(warned: Warned) -> str:
    """The warning as a line."""
    return f"{click.style('beware', fg='yellow')}: {warned.where}: {warned.message}"


def _of_home(home: str) -> str:
    """What the other shell has to know of a home that it would not guess."""
    return "" if Path(home) == Path(DEFAULT_HOME).absolute() else f", after: export YETT_HOME={shlex.quote(home)}"

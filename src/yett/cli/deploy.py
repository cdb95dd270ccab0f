"""`yett deploy`: put a template up on a server that runs."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from yett.cli.asking import ask
from yett.cli.client import Access, find_access
from yett.cli.planned import plan_as_json, show_plan
from yett.cli.remote import RemoteSite
from yett.cli.up import parse_parameter
from yett.server.putting_up import tell
from yett.server.settings import read_settings
from yett.templates.deploy import Stack, default_stack_name
from yett.templates.deploy import deploy as deploy_template
from yett.templates.packaging import Packager
from yett.templates.planning import plan as plan_template

OF_AUTHORIZERS: Final = "AUTHORIZER_"  # codes of the audit that begin so are about them


@click.command()
@click.argument("template", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--endpoint-url", help="The server.  [AWS_ENDPOINT_URL, else the one of this home]")
@click.option("--parameter", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A template parameter.")
@click.option("--stack-name", help="The stack's name.  [default: the template's folder]")
@click.option("--plan", "is_plan", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout; progress goes to stderr.")
def deploy(
    *,
    template: Path,
    endpoint_url: str | None,
    parameters: tuple[str, ...],
    stack_name: str | None,
    is_plan: bool,
    as_json: bool,
) -> None:
    """Deploy TEMPLATE (SAM, CloudFormation, `cdk synth` output or OpenAPI) on a running server, over its AWS APIs.

    Signed with the environment's credentials, or this home's root credentials. What fails is put back.
    """
    say = partial(click.echo, err=as_json)
    given = dict(parse_parameter(each) for each in parameters)
    name = stack_name or default_stack_name(template)
    access = find_access(endpoint_url)
    site = RemoteSite(access)
    packager = Packager(read_settings(os.environ).home, progress=lambda line: say(f"  {line}"))
    if is_plan:
        plan = asyncio.run(plan_template(template, stack_name=name, parameters=given, site=site, packager=packager))
        if as_json:
            click.echo(plan_as_json(plan))
        else:
            show_plan(plan, say)
        return
    stack = asyncio.run(
        deploy_template(
            template,
            stack_name=name,
            parameters=given,
            site=site,
            packager=packager,
            on_progress=lambda event: tell(event, lambda line: say(f"  {line}")),
        )
    )
    surprises = find_surprises(access, stack)
    if as_json:
        click.echo(stack_as_json(stack, surprises))
    else:
        show_stack(stack, surprises)


def find_surprises(access: Access, stack: Stack) -> list[dict[str, Any]]:
    """What the audit finds in the code of the stack's authorizers; nothing where the caller may not ask it."""
    found: list[dict[str, Any]] = []
    for api in stack.apis:
        try:
            answer = ask("audit", {"api": api.api_id, "stage": api.stage}, access=access)
        except click.ClickException:  # who may deploy need not be one who may read every principal
            return []
        found += [each for each in answer["findings"] if each["code"].startswith(OF_AUTHORIZERS)]
    return found


def show_stack(stack: Stack, surprises: Sequence[Mapping[str, Any]]) -> None:
    """What is up, for a person."""
    for ignored in stack.ignored:
        click.echo(f"  ignored: {ignored.what} ({ignored.logical_id}): {ignored.why}")
    click.echo(f"stack {stack.name}: {'deployed' if stack.changed else 'nothing to change'}")
    for api in stack.apis:
        click.echo(f"  {api.logical_id}: {api.url}")
    for output in stack.outputs:
        click.echo(f"  {output.name} = {output.local or output.value}")
    for each in surprises:
        click.echo(f"  {click.style('beware', fg='yellow')}: {each['where']}: {each['message']}")


def stack_as_json(stack: Stack, surprises: Sequence[Mapping[str, Any]]) -> bytes:
    """What is up, for a program."""
    return msgspec.json.encode(
        {
            "stackName": stack.name,
            "stackId": stack.stack_id,
            "changed": stack.changed,
            "outputs": {one.name: one.local or one.value for one in stack.outputs},
            "apis": [
                {"logicalId": one.logical_id, "apiId": one.api_id, "stage": one.stage, "url": one.url}
                for one in stack.apis
            ],
            "warnings": surprises,
        }
    )

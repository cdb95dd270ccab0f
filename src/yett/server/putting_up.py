"""Putting a template up on a running server: its companion processes, then its resources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from yett.control_plane.forwarding import relay
from yett.server.companions import RunningCompanions, read_companions
from yett.server.run import Server
from yett.server.settings import ServerSettings
from yett.templates.deploy import Stack, default_stack_name, deploy
from yett.templates.events import Event
from yett.templates.loading import load_template
from yett.templates.packaging import Packager
from yett.templates.planning import Plan, plan
from yett.templates.site import LocalSite

Say = Callable[[str], None]
MARKS = {"done": "✓", "failed": "✗"}


class Up(Struct, frozen=True, kw_only=True):
    """A template that is up."""

    stack: Stack
    outputs: Mapping[str, str]  # addresses in the form that is served here
    companions: RunningCompanions
    examples: Mapping[str, object]  # Metadata.Yett.Examples
    parameters: Mapping[str, str]  # those given, and the ports of what runs beside it

    async def stop(self) -> None:
        """End what runs beside it; its resources stay in the home."""
        await self.companions.stop()


async def put_up(
    server: Server, template: Path, parameters: Mapping[str, str], say: Say, *, stack_name: str | None = None
) -> Up:
    """Start what the template wants beside it and deploy it, as the account's root user. *say* gets a line a step.

    Raises:
        CompanionFailed: A process of the template would not start.
        TemplateRefused: With the template's file and line.
    """
    companions = RunningCompanions()
    try:
        metadata = load_template(template).content.get("Metadata") or {}
        ports = await companions.start(read_companions(metadata), template.parent)
        given = {**ports, **parameters}
        stack = await deploy_on(server, template, given, say, stack_name=stack_name)
    except BaseException:
        await companions.stop()
        raise
    return Up(
        stack=stack,
        outputs={output.name: output.local or output.value for output in stack.outputs},
        companions=companions,
        examples=(metadata.get("Yett") or {}).get("Examples") or {},
        parameters=given,
    )


async def deploy_on(
    server: Server, template: Path, parameters: Mapping[str, str], say: Say, *, stack_name: str | None
) -> Stack:
    """Deploy a template as the account's root user.

    Raises:
        TemplateRefused: With the template's file and line.
    """
    return await deploy(
        template,
        stack_name=stack_name or default_stack_name(template),
        parameters=parameters,
        site=await root_site(server),
        packager=Packager(server.home, progress=say),
        on_progress=lambda event: tell(event, say),
    )


async def root_site(server: Server) -> LocalSite:
    """The server, as the account's root user."""
    ports = server.ports
    return LocalSite(ports=ports, caller=await ports.callers.root(ports.settings.account), relay=relay)


def tell(event: Event, say: Say) -> None:
    """A line for each resource that is finished; of those that are kept, none."""
    if event.state in MARKS and event.action != "keep":
        say(f"{MARKS[event.state]} {event.action:<7} {event.logical_id} ({event.type}) {event.detail}".rstrip())


async def plan_up(
    settings: ServerSettings,
    template: Path,
    parameters: Mapping[str, str],
    say: Say,
    *,
    stack_name: str | None = None,
) -> Plan:
    """What `put_up` would change in a home on which no server runs.

    Raises:
        HomeInUse, CompanionFailed, TemplateRefused
    """
    server = await Server.start(settings)
    companions = RunningCompanions()
    try:
        metadata = load_template(template).content.get("Metadata") or {}
        ports = await companions.start(read_companions(metadata), template.parent)
        return await plan(
            template,
            stack_name=stack_name or default_stack_name(template),
            parameters={**ports, **parameters},
            site=await root_site(server),
            packager=Packager(server.home, progress=say),
        )
    finally:
        await companions.stop()
        await server.stop()

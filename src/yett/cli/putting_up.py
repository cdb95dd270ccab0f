"""Putting a template up on a running server: its companion processes, then its resources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from yett.server.companions import RunningCompanions, read_companions
from yett.server.run import Server
from yett.templates.deploy import Progress, Stack, deploy
from yett.templates.loading import load_template

Say = Callable[[Progress], None]


class Up(Struct, frozen=True, kw_only=True):
    """A template that is up."""

    stack: Stack
    companions: RunningCompanions
    examples: Mapping[str, object]  # Metadata.Yett.Examples

    async def stop(self) -> None:
        """End what runs beside it; its resources stay in the home."""
        await self.companions.stop()


async def put_up(
    server: Server, template: Path, parameters: Mapping[str, str], say: Say, *, stack_name: str | None = None
) -> Up:
    """Start what the template wants beside it and deploy it, as the account's root user.

    Raises:
        CompanionFailed: A process of the template would not start.
        DeploymentFailed: With the template's file and line.
    """
    companions = RunningCompanions()
    try:
        metadata = load_template(template).content.get("Metadata") or {}
        ports = await companions.start(read_companions(metadata), template.parent)
        stack = await deploy(
            template,
            stack_name=stack_name or template.parent.resolve().name,
            parameters={**ports, **parameters},
            ports=server.ports,
            caller=await server.ports.callers.root(server.ports.settings.account),
            on_progress=say,
        )
    except BaseException:
        await companions.stop()
        raise
    section = metadata.get("Yett") or {}
    return Up(stack=stack, companions=companions, examples=section.get("Examples") or {})

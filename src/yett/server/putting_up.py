"""Putting a template up on a running server: its companion processes, then its resources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from yett.control_plane.forwarding import relay
from yett.server.companions import RunningCompanions, read_companions
from yett.server.run import Server
from yett.templates.deploy import Event, Stack, deploy, stack_name_of
from yett.templates.loading import load_template
from yett.templates.packaging import Packager

Say = Callable[[str], None]
MARKS = {"done": "✓", "failed": "✗"}


class Up(Struct, frozen=True, kw_only=True):
    """A template that is up."""

    stack: Stack
    outputs: Mapping[str, str]  # addresses in the form that is served here
    companions: RunningCompanions
    examples: Mapping[str, object]  # Metadata.Yett.Examples

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
        stack = await deploy(
            template,
            stack_name=stack_name or stack_name_of(template.parent.resolve().name),
            parameters={**ports, **parameters},
            ports=server.ports,
            caller=await server.ports.callers.root(server.ports.settings.account),
            relay=relay,
            packager=Packager(server.home, progress=say),
            on_progress=lambda event: _tell(event, say),
        )
    except BaseException:
        await companions.stop()
        raise
    return Up(
        stack=stack,
        outputs={output.name: output.local or output.value for output in stack.outputs},
        companions=companions,
        examples=(metadata.get("Yett") or {}).get("Examples") or {},
    )


def _tell(event: Event, say: Say) -> None:
    """A line for each resource that is finished; of those that are kept, none."""
    if event.state in MARKS and event.action != "keep":
        say(f"{MARKS[event.state]} {event.action:<7} {event.logical_id} ({event.type}) {event.detail}".rstrip())

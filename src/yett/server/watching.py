"""Deploying a template again whenever it, or the code of its functions, changes."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

from yett.server.putting_up import Up, deploy_on
from yett.server.run import Server
from yett.templates.deploy import Stack
from yett.templates.watching import Looks, changes
from yett.values.errors import Refusal, Unavailable

Say = Callable[[str], None]
OnLive = Callable[[Stack], Awaitable[None]]


async def keep_up(server: Server, template: Path, running: Up, seen: Looks, say: Say, *, on_live: OnLive) -> None:
    """Follow the template until cancelled. A fault is said, and what was up before goes on serving.

    Args:
        seen: How everything looked before it was deployed.
        on_live: Awaited after each deployment that succeeded.
    """
    async for paths in changes(template, seen):
        began = monotonic()
        names = ", ".join(Path(path).name for path in paths[:3])
        say(f"changed: {names}{f' and {len(paths) - 3} more' if len(paths) > 3 else ''}")
        try:
            stack = await deploy_on(server, template, running.parameters, say, stack_name=running.stack.name)
        except (Refusal, Unavailable) as error:
            say(f"✗ {error.reason}")
            say("what was up before goes on serving")
            continue
        say(f"✓ {'live' if stack.changed else 'nothing to change'} after {monotonic() - began:.2f} s")
        try:
            await on_live(stack)
        except (Refusal, Unavailable) as error:
            say(f"✗ {error.reason}")

"""Following what a template is made of: its own file, function code, definitions.

Files are looked at four times a second, and not watched by the system: a look at a few hundred files takes a few
milliseconds, needs no library, no limit to be raised, and sees what changes in containers, on network file systems and
by editors that put a new file in the old one's place.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from yett.templates.errors import TemplateRefused
from yett.templates.loading import load_template
from yett.templates.packaging import LEFT_OUT
from yett.templates.sam import set_assets_aside, set_code_aside

LOOK_SECONDS: Final = 0.25
SETTLE_SECONDS: Final = 0.05  # a file that is being written is looked at again until it stays as it is

Looks = Mapping[str, tuple[int, int, int]]  # path -> time of change in ns, size, inode
Pause = Callable[[float], Awaitable[None]]


def sources_of(template: Path) -> tuple[Path, ...]:
    """The files and directories that a template is made of.

    Raises:
        TemplateRefused: It cannot be read.
    """
    loaded = load_template(template)
    content: dict[str, Any] = deepcopy(loaded.content)
    found = [
        template,
        *loaded.included,
        *set_code_aside(content, loaded).values(),
        *set_assets_aside(content, loaded).values(),
    ]
    for resource in loaded.content["Resources"].values():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        definition = properties.get("DefinitionUri") if isinstance(properties, dict) else None
        if isinstance(definition, str) and not definition.startswith("s3://"):
            found.append(template.parent / definition)
    return tuple(dict.fromkeys(found))


def look(sources: tuple[Path, ...]) -> Looks:
    """How the files of these sources look now."""
    return {path: (state.st_mtime_ns, state.st_size, state.st_ino) for path, state in files_of(sources)}


def files_of(sources: tuple[Path, ...]) -> Iterator[tuple[str, os.stat_result]]:
    """The files of sources, those of directories too; what packages leave out is left out."""
    for source in sources:
        if not source.is_dir():
            try:
                yield str(source), source.stat()
            except OSError:
                continue  # it is about to be there again
        for parent, directories, names in os.walk(source):
            directories[:] = [one for one in directories if one not in LEFT_OUT]
            for name in names:
                if not name.endswith(".pyc"):
                    path = os.path.join(parent, name)
                    try:
                        yield path, os.stat(path)
                    except OSError:
                        continue


async def changes(
    template: Path, seen: Looks | None = None, *, pause: Pause = asyncio.sleep
) -> AsyncIterator[tuple[str, ...]]:
    """The paths that have changed, whenever some have and have come to rest; without end.

    Args:
        seen: How everything looked when it was deployed; by default as it does now.
    """
    sources = sources_of(template)
    if seen is None:
        seen = await asyncio.to_thread(look, sources)
    while True:
        await pause(LOOK_SECONDS)
        now = await asyncio.to_thread(look, sources)
        if now == seen:
            continue
        while True:
            await pause(SETTLE_SECONDS)
            again = await asyncio.to_thread(look, sources)
            if again == now:
                break
            now = again
        changed = {path for path in seen.keys() | now.keys() if seen.get(path) != now.get(path)}
        seen = now
        yield tuple(sorted(changed))
        try:
            more = tuple(one for one in sources_of(template) if one not in sources)
        except TemplateRefused:
            more = ()  # the deployment has said so; what was followed is followed on
        sources += more
        seen = {**seen, **await asyncio.to_thread(look, more)}

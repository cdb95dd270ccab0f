"""A stack goes: everything that it made is removed, the last made first."""

from collections.abc import Callable

import msgspec

from yett.ports.errors import Conflict
from yett.ports.stack_store import StackRecord
from yett.templates.acting import LiveActor
from yett.templates.errors import TemplateRefused
from yett.templates.events import Event, Progress
from yett.templates.journal import Journal
from yett.templates.packaging import Packager
from yett.templates.site import Site


class NoSuchStack(TemplateRefused):
    """There is no stack of this name."""


async def destroy(stack_name: str, *, site: Site, packager: Packager, on_progress: Progress) -> None:
    """Remove a stack and what it made, but for what its template said to retain.

    Raises:
        NoSuchStack
        TemplateRefused: Another stack imports what it exports, or something would not go: what is left stays in the
            record, and another attempt goes on from there.
    """
    record = await site.stacks.find(site.account, site.region, stack_name)
    if record is None:
        raise NoSuchStack(f"there is no stack `{stack_name}` in account {site.account}, Region {site.region}")
    await check_imports(record, site)
    actor = LiveActor(site=site, stack=stack_name, packager=packager)
    journal = Journal(record, actor, on_progress)
    try:
        await journal.undo_unfinished()
        retain(journal, on_progress)
        journal.leavings = [*journal.leavings, *journal.resources.values()]
        journal.resources = {}
        journal.steps = []
        await journal.save()
        await journal.sweep()
    except Conflict as error:
        raise TemplateRefused(error.reason) from error


def retain(journal: Journal, tell: Callable[[Event], None]) -> None:
    """Let go of what is to stay."""
    kept = {one.logical_id: one for one in journal.resources.values() if one.is_retained}
    kept_old = [one for one in journal.leavings if one.is_retained_when_replaced]
    for one in (*kept.values(), *kept_old):
        tell(
            Event(logical_id=one.logical_id, type=one.type, action="retain", state="done", physical_id=one.physical_id)
        )
    journal.resources = {name: one for name, one in journal.resources.items() if name not in kept}
    journal.leavings = [one for one in journal.leavings if one not in kept_old]
    journal.record = msgspec.structs.replace(journal.record, exports={}, imports=())


async def check_imports(record: StackRecord, site: Site) -> None:
    """That no other stack needs what this one exports.

    Raises:
        TemplateRefused
    """
    if not record.exports:
        return
    for other in await site.stacks.all(site.account, site.region):
        used = sorted(set(other.imports) & set(record.exports))
        if used and other.name != record.name:
            raise TemplateRefused(f"the export `{used[0]}` cannot be deleted: stack `{other.name}` imports it")

"""What a deployment does, written down before it is done, so that it can be put back: at once, or after a crash.

A step that a crash cut off is undone by the next deployment, which finds what was made by the step's token. The steps
before it stay in the journal until a deployment succeeds: if it fails, they are undone too.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec

from yett.ports.errors import Conflict
from yett.ports.stack_store import ResourceRecord, StackRecord, Step
from yett.services.call import ServiceError
from yett.templates.acting import LiveActor
from yett.templates.comparing import FUNCTION
from yett.templates.errors import TemplateRefused
from yett.templates.events import Event, Progress, describe
from yett.templates.resources.actor import Wanted
from yett.templates.resources.table import TYPES
from yett.values.errors import Refusal, Unavailable

UNSEEN: Final = "*"  # in `Step.found`: what stood there could not be looked at


class CannotUndo(Refusal):
    """A step that cannot be put back, and why."""


class Journal:
    """The record of a stack while it changes."""

    def __init__(self, record: StackRecord, actor: LiveActor, tell: Progress) -> None:
        self.record = record
        self.resources = {one.logical_id: one for one in record.resources}
        self.steps = list(record.journal)
        self.leavings = list(record.leavings)
        self._actor = actor
        self._tell = tell
        self._is_recovering = False

    async def save(self) -> None:
        """Keep the stack as it stands now; one of which nothing is left is forgotten.

        Raises:
            Conflict: Another deployment has changed it.
        """
        serial = self.record.serial + 1
        self.record = msgspec.structs.replace(
            self.record,
            resources=tuple(self.resources.values()),
            journal=tuple(self.steps),
            leavings=tuple(self.leavings),
            updated_at=self._actor.now,
            serial=serial,
        )
        await self._actor.site.stacks.put(self.record)
        if not (self.resources or self.steps or self.leavings):
            await self._actor.site.stacks.remove(self.record.account, self.record.region, self.record.name)
            self.record = msgspec.structs.replace(self.record, serial=0)

    async def begin(self, step: Step) -> None:
        """Write down what is about to be done. What the step before it gave is kept with it."""
        self._actor.tokens[step.logical_id] = step.token
        self.steps.append(step)
        await self.save()

    async def cleared(self) -> None:
        """Note that the last step has removed what stood in its way."""
        self.steps[-1] = msgspec.structs.replace(self.steps[-1], is_cleared=True)
        await self.save()

    def done(self, record: ResourceRecord) -> None:
        """Note what the last step gave; it is kept with the next `save`."""
        step = self.steps[-1]
        self.steps[-1] = msgspec.structs.replace(step, is_done=True)
        if step.action == "replace" and step.before is not None:
            self.leavings.append(step.before)
        self.resources[record.logical_id] = record

    # -- putting back

    async def undo_unfinished(self) -> None:
        """Put back what an earlier deployment was at when it was cut off.

        Raises:
            TemplateRefused: Something of it cannot be told, or will not go.
        """
        self._is_recovering = True
        unfinished = [step for step in self.steps if not step.is_done]
        if unfinished and not await self._undo(unfinished):
            names = ", ".join(f"`{step.logical_id}`" for step in self.steps if not step.is_done)
            raise TemplateRefused(f"what an earlier deployment left half made will not go: {names}")
        self._is_recovering = False

    async def undo_all(self) -> None:
        """Put back everything that is in the journal. What will not go is told, and stays in it."""
        undoing = asyncio.ensure_future(self._undo(list(self.steps)))
        try:
            await asyncio.shield(undoing)
        except asyncio.CancelledError:
            await asyncio.wait([undoing])
            raise

    async def _undo(self, steps: list[Step]) -> bool:
        """Undo these steps, the last first; whether all went."""
        is_clean = True
        for step in reversed(steps):
            place = self.steps.index(step)
            if step.is_done:
                self.steps[place] = msgspec.structs.replace(step, is_done=False)
                await self.save()
            try:
                detail = await self._undo_step(step)
            except Conflict:
                raise
            except CannotUndo as error:
                self._told(step, "failed", f"cannot be undone: {error.reason}")
                self._give_up(step)
            except (Refusal, Unavailable) as error:
                self._told(step, "failed", describe(error))
                is_clean = False
                continue
            else:
                self._told(step, "done", detail)
            del self.steps[place]
        await self.save()
        return is_clean

    def _give_up(self, step: Step) -> None:
        """Note that a resource is neither what it was nor what it was to be: the next deployment changes it."""
        left = self.resources.get(step.logical_id)
        if step.action == "update" and left is not None:
            self.resources[step.logical_id] = msgspec.structs.replace(left, properties=step.properties, digest="")
        elif step.action == "remake":
            self.resources.pop(step.logical_id, None)

    async def _undo_step(self, step: Step) -> str:
        """Undo a step, and note what there is then; what must be said about it."""
        self._actor.tokens[step.logical_id] = step.token
        try:
            if step.action == "update":
                return await self._change_back(step)
            if step.action == "remake" and step.before is not None and await self._still_stands(step, step.before):
                self.resources[step.logical_id] = step.before
                return ""
            await self._remove_made(step)
            if step.before is None:
                self.resources.pop(step.logical_id, None)
                return ""
            if step.action == "remake":
                return await self._make_again(step, step.before)
            self.resources[step.logical_id] = step.before
            if step.before in self.leavings:
                self.leavings.remove(step.before)
            return ""
        finally:
            self._actor.forget_package(step.logical_id)

    async def _change_back(self, step: Step) -> str:
        """Update a resource to what it was."""
        before = step.before
        update = TYPES[step.type].update
        if before is None or update is None:
            raise AssertionError(f"the update of `{step.logical_id}` had nothing before it")
        if before.type == FUNCTION and not self._actor.bring_back_package(step.logical_id, before.code):
            raise CannotUndo("its former code is no longer kept in this home")
        changed = msgspec.structs.replace(before, properties=step.properties)
        if await update(self._actor, wanted_of(before), changed) is None:
            raise CannotUndo("it cannot be changed back in place")
        self.resources[step.logical_id] = before
        return ""

    async def _still_stands(self, step: Step, before: ResourceRecord) -> bool:
        """Whether the resource that a remake was to remove is still there."""
        find = TYPES[step.type].find
        if step.is_cleared or find is None:
            return False
        return before.physical_id in await find(self._actor, wanted_of(before))

    async def _remove_made(self, step: Step) -> None:
        """Remove what a step made: known by its record, or found by its token."""
        kind = TYPES[step.type]
        made = self.resources.get(step.logical_id)
        if made is not None and made != step.before:
            await kind.delete(self._actor, made)
            return
        if kind.find is None:
            return
        wanted = Wanted(logical_id=step.logical_id, type=step.type, properties=step.properties)
        others = {one.physical_id for one in self._all() if one.type == step.type}
        stood = () if step.action == "remake" else (*step.found, *others)
        if UNSEEN in step.found:
            if self._is_recovering:
                raise CannotUndo("whoever deployed might not look whether it is there")
            return  # its creation was refused, and has cleaned up behind itself
        for physical_id in await kind.find(self._actor, wanted):
            if physical_id not in stood:
                found = ResourceRecord(
                    logical_id=step.logical_id,
                    type=step.type,
                    physical_id=physical_id,
                    properties=step.properties,
                    digest="",
                )
                await kind.delete(self._actor, found)

    def _all(self) -> Iterable[ResourceRecord]:
        return (*self.resources.values(), *self.leavings)

    async def _make_again(self, step: Step, before: ResourceRecord) -> str:
        """Make again what had to go before its successor could be made."""
        if before.type == FUNCTION and not self._actor.bring_back_package(step.logical_id, before.code):
            raise CannotUndo("its former code is no longer kept in this home")
        made = await TYPES[before.type].create(self._actor, wanted_of(before))
        self.resources[step.logical_id] = msgspec.structs.replace(
            before, physical_id=made.physical_id, attributes=made.attributes
        )
        changed = [name for name, one in made.attributes.items() if before.attributes.get(name) != one]
        said = ", ".join(["Ref"] * (made.physical_id != before.physical_id) + changed)
        return f"made again; what was in it is lost{f', and {said} changed' if said else ''}"

    def _told(self, step: Step, state: str, detail: str) -> None:
        self._tell(Event(logical_id=step.logical_id, type=step.type, action="undo", state=state, detail=detail))

    # -- removing what is left over

    async def sweep(self) -> None:
        """Remove what is left over, the last made first.

        Raises:
            TemplateRefused: Something would not go. It stays in the record, and all else is gone.
        """
        faults: list[str] = []
        for old in reversed(self.leavings.copy()):
            event = Event(logical_id=old.logical_id, type=old.type, action="delete", state="started")
            self._tell(event)
            try:
                await TYPES[old.type].delete(self._actor, old)
            except (ServiceError, Unavailable) as error:
                faults.append(f"`{old.logical_id}` could not be removed: {describe(error)}")
                self._tell(msgspec.structs.replace(event, state="failed", detail=describe(error)))
                continue
            self.leavings.remove(old)
            await self.save()
            self._tell(msgspec.structs.replace(event, state="done", physical_id=old.physical_id))
        if faults:
            raise TemplateRefused("\n".join(faults))


def wanted_of(record: ResourceRecord) -> Wanted:
    """The resource as it was once wanted."""
    return Wanted(
        logical_id=record.logical_id, type=record.type, properties=record.properties, former_id=record.physical_id
    )

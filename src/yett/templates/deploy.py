"""A template goes up: the new is made, the changed is changed, the gone is removed; a failure puts everything back."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from yett.ports.errors import Conflict, Unavailable
from yett.ports.stack_store import ResourceRecord, Step
from yett.services.call import ServiceError
from yett.templates.acting import LiveActor
from yett.templates.blaming import MISSHAPEN, Misshapen, refusal_of
from yett.templates.checking import Ignored
from yett.templates.cloudformation import Attributes
from yett.templates.comparing import API, Compared, Comparison
from yett.templates.errors import TemplateRefused
from yett.templates.events import Event, Progress
from yett.templates.exports import check_exports, read_exports
from yett.templates.journal import UNSEEN, Journal
from yett.templates.loading import Loaded, load_template
from yett.templates.outputs import DeployedStageAddress, Output, host_url, read_outputs
from yett.templates.packaging import Packager
from yett.templates.preparing import Prepared, prepare
from yett.templates.resources.actor import Made
from yett.templates.resources.table import TYPES
from yett.templates.site import Site
from yett.values.errors import Refusal

STAGE: Final = "AWS::ApiGateway::Stage"
STACK_NAME_CHARACTERS: Final = 128
STACK_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
SYNTHESIZED: Final = ".template.json"  # how `cdk synth` calls a stack's template


class Stack(Struct, frozen=True, kw_only=True):
    """What a deployment gave."""

    name: str
    stack_id: str
    outputs: tuple[Output, ...]
    resources: tuple[ResourceRecord, ...]
    ignored: tuple[Ignored, ...]
    apis: tuple[DeployedStageAddress, ...]
    changed: bool  # whether anything was made, changed or removed


def stack_name_of(text: str) -> str:
    """A stack name made of a directory's: what none may have becomes hyphens."""
    hyphened = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return (hyphened if hyphened[:1].isalpha() else f"stack-{hyphened}").rstrip("-")[:STACK_NAME_CHARACTERS].rstrip("-")


def default_stack_name(template: Path) -> str:
    """The stack name of a template that is given none: its folder's; of one that the CDK has written, its own."""
    if template.name.endswith(SYNTHESIZED):
        return stack_name_of(template.name.removesuffix(SYNTHESIZED))
    return stack_name_of(template.parent.resolve().name)


async def deploy(
    template: Path,
    *,
    stack_name: str,
    parameters: Mapping[str, str],
    site: Site,
    packager: Packager,
    on_progress: Progress,
) -> Stack:
    """Bring the stack to what the template says.

    Raises:
        TemplateRefused: The template, or an operation that it leads to, is refused; with file and line. The stack is
            again what it was, but for what *on_progress* was told that it could not be undone.
    """
    loaded, actor, prepared = await read(
        template, stack_name=stack_name, parameters=parameters, site=site, packager=packager
    )
    return await Deployment(loaded, prepared, actor=actor, on_progress=on_progress).run()


async def read(
    template: Path, *, stack_name: str, parameters: Mapping[str, str], site: Site, packager: Packager
) -> tuple[Loaded, LiveActor, Prepared]:
    """A template that may go up, and whoever makes it go up.

    Raises:
        TemplateRefused
    """
    if not STACK_NAME.fullmatch(stack_name):
        raise TemplateRefused(f"`{stack_name}` is no stack name: letters, digits and hyphens, a letter first")
    loaded = load_template(template)
    actor = LiveActor(site=site, stack=stack_name, packager=packager)
    prepared = await prepare(loaded, actor, parameters)
    return prepared.loaded, actor, prepared


class Deployment:
    """One run: the template on one side, what there is on the other."""

    def __init__(self, loaded: Loaded, prepared: Prepared, *, actor: LiveActor, on_progress: Progress) -> None:
        self.loaded = loaded
        self.prepared = prepared
        self.actor = actor
        self.scope = prepared.scope
        self.resources = prepared.resources
        self.tell = on_progress
        self.journal = Journal(prepared.record, actor, on_progress)
        self.now_there: dict[str, ResourceRecord] = {}
        self.changed = False

    async def run(self) -> Stack:
        """Make, change, remove; keep the record in step."""
        try:
            await self.clear_up()
            outputs = await self.settle_all()
        except Conflict as error:
            raise TemplateRefused(error.reason, path=self.loaded.path) from error
        try:
            await self.journal.sweep()
        except TemplateRefused as error:
            raise TemplateRefused(error.message, path=self.loaded.path) from error
        return Stack(
            name=self.journal.record.name,
            stack_id=self.journal.record.stack_id,
            outputs=outputs,
            resources=tuple(self.now_there.values()),
            ignored=self.prepared.ignored,
            apis=tuple(self.addresses()),
            changed=self.changed,
        )

    async def clear_up(self) -> None:
        """See to what an earlier deployment was at when it was cut off."""
        try:
            await self.journal.undo_unfinished()
            if not self.journal.steps:
                await self.journal.sweep()
        except TemplateRefused as error:
            raise TemplateRefused(error.message, path=self.loaded.path) from error

    async def settle_all(self) -> tuple[Output, ...]:
        """Settle every resource and read the outputs. From then on there is no way back: the rest is removal."""
        before = dict(self.journal.resources)
        comparison = Comparison(self.loaded, self.resources, self.scope, self.actor, there=before, now=self.now_there)
        for logical_id in self.resources:
            try:
                await self.finish(logical_id, comparison)
            except Conflict:
                raise
            except (Refusal, Unavailable, *MISSHAPEN) as error:
                refused = self.refusal(logical_id, error)
                self.tell(self.event(logical_id, "create", "failed", detail=refused.message))
                await self.journal.undo_all()
                raise refused from error
        try:
            public_url = self.actor.site.public_url
            outputs = read_outputs(self.prepared.outputs, self.scope, self.loaded, public_url=public_url)
            exports = read_exports(self.prepared.outputs, self.scope, self.loaded)
            await check_exports(exports, self.journal.record, self.actor.site, self.loaded)
        except Refusal:
            await self.journal.undo_all()
            raise
        await self.commit(exports)
        return outputs

    async def commit(self, exports: Mapping[str, str]) -> None:
        """The template is up: forget how it came there, and note what is left over."""
        journal = self.journal
        before = journal.record
        places = {logical_id: place for place, logical_id in enumerate(journal.resources)}
        gone = [one for logical_id, one in journal.resources.items() if logical_id not in self.now_there]
        kept = [one for one in gone if one.is_retained]
        kept += [one for one in journal.leavings if one.is_retained_when_replaced]
        for one in kept:
            self.tell(self.event(one.logical_id, "retain", "done", type=one.type, physical_id=one.physical_id))
        leavings = [one for one in (*gone, *journal.leavings) if one not in kept]
        journal.leavings = sorted(leavings, key=lambda one: places.get(one.logical_id, 0))
        journal.resources = self.now_there
        journal.steps = []
        imports = tuple(sorted(self.scope.imported))
        journal.record = msgspec.structs.replace(before, exports=exports, imports=imports)
        self.changed = self.changed or bool(gone)
        is_same = before.resources == tuple(self.now_there.values()) and not journal.leavings
        if not is_same or before.journal or (before.exports, before.imports) != (exports, imports):
            await journal.save()

    # -- one resource

    async def finish(self, logical_id: str, comparison: Comparison) -> None:
        """Settle a resource, and write it down, even if the deployment is cancelled meanwhile."""
        settling = asyncio.ensure_future(self.settle(logical_id, comparison))
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.wait([settling])
            if not settling.cancelled() and settling.exception() is not None:
                await self.journal.undo_all()
            else:
                await self.journal.save()
            raise

    async def settle(self, logical_id: str, comparison: Comparison) -> None:
        """Bring one resource to what the template says."""
        compared = await comparison.compare(logical_id)
        present = compared.present
        if compared.action == "keep" and present is not None:
            self.keep(compared.record(present.physical_id, present.attributes), "keep")
            return
        if compared.code:
            self.actor.keep_package(logical_id)
        self.tell(self.event(logical_id, compared.action, "started"))
        await self.journal.begin(await self.step(compared))
        made = await self.bring_about(compared)
        self.changed = True
        record = compared.record(made.physical_id, made.attributes)
        self.journal.done(record)
        self.keep(record, compared.action)

    async def step(self, compared: Compared) -> Step:
        """The step as it is written down, with what stands where the resource is to be made."""
        wanted, kind = compared.wanted, TYPES[compared.wanted.type]
        token = self.actor.new_token()
        self.actor.tokens[wanted.logical_id] = token
        found: tuple[str, ...] = ()
        if compared.action in ("create", "replace") and kind.find is not None:
            try:
                found = await kind.find(self.actor, wanted)
            except ServiceError:
                found = (UNSEEN,)
        if compared.action == "remake" and compared.present is not None and compared.present.is_retained_when_replaced:
            raise TemplateRefused("it is to be replaced and the old one kept, but both would have the same name")
        return Step(
            action=compared.action,
            logical_id=wanted.logical_id,
            type=wanted.type,
            properties=wanted.properties,
            token=token,
            before=compared.present,
            found=found,
        )

    async def bring_about(self, compared: Compared) -> Made:
        """Do what the step says."""
        wanted, present, kind = compared.wanted, compared.present, TYPES[compared.wanted.type]
        if compared.action == "update" and present is not None and kind.update is not None:
            made = await kind.update(self.actor, wanted, present)
            if made is None:
                raise TemplateRefused("it cannot be changed in place")
            return made
        if compared.action == "remake" and present is not None:
            await kind.delete(self.actor, present)
            await self.journal.cleared()
        return await kind.create(self.actor, wanted)

    def keep(self, record: ResourceRecord, action: str) -> None:
        """Note that the resource is there."""
        self.now_there[record.logical_id] = record
        self.scope.made[record.logical_id] = Attributes(record.physical_id, record.attributes)
        self.tell(self.event(record.logical_id, action, "done", physical_id=record.physical_id))

    # -- what the user is shown

    def refusal(self, logical_id: str, error: Refusal | Unavailable | Misshapen) -> TemplateRefused:
        """The refusal in the user's terms."""
        return refusal_of(self.loaded, logical_id, self.resources[logical_id], error, self.scope)

    def event(
        self,
        logical_id: str,
        action: str,
        state: str,
        *,
        type: str = "",
        physical_id: str = "",
        detail: str = "",
    ) -> Event:
        """A step, for whoever watches."""
        kind = type or self.resources[logical_id]["Type"]
        return Event(
            logical_id=logical_id, type=kind, action=action, state=state, physical_id=physical_id, detail=detail
        )

    def addresses(self) -> list[DeployedStageAddress]:
        """The stages of the stack, with their addresses here."""
        apis = {one.physical_id: one.logical_id for one in self.now_there.values() if one.type == API}
        found = []
        for one in self.now_there.values():
            api_id = str(one.properties.get("RestApiId", ""))
            if one.type == STAGE and api_id in apis:
                url = host_url(self.actor.site.public_url, api_id, f"/{one.physical_id}")
                found.append(
                    DeployedStageAddress(logical_id=apis[api_id], api_id=api_id, stage=one.physical_id, url=url)
                )
        return found

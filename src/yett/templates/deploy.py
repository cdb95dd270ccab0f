"""A template goes up: the new is made, the changed is changed, the gone is removed; a failure undoes what was made."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.errors import Unavailable
from yett.ports.stack_store import ResourceRecord
from yett.templates.acting import LiveActor, Relay
from yett.templates.checking import Ignored
from yett.templates.cloudformation import Attributes, resolve
from yett.templates.errors import TemplateRefused
from yett.templates.fitting import DoesNotFit
from yett.templates.loading import Loaded, load_template
from yett.templates.outputs import DeployedStageAddress, Output, host_url, read_outputs
from yett.templates.packaging import Packager
from yett.templates.preparing import Prepared, prepare
from yett.templates.resources.actor import Made, ResourceType, Wanted
from yett.templates.resources.table import TYPES
from yett.values.errors import Refusal

FUNCTION: Final = "AWS::Lambda::Function"
API: Final = "AWS::ApiGateway::RestApi"
STAGE: Final = "AWS::ApiGateway::Stage"
DEPLOYMENT: Final = "AWS::ApiGateway::Deployment"
POINTER: Final = re.compile(r"at `#/([^`]*)`")
STACK_NAME_CHARACTERS: Final = 128
STACK_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


class Event(Struct, frozen=True, kw_only=True):
    """One step of a deployment."""

    logical_id: str
    type: str
    action: str  # "create", "update", "replace", "keep", "delete", "undo"
    state: str  # "started", "done", "failed"
    physical_id: str = ""
    detail: str = ""


Progress = Callable[[Event], None]


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


async def deploy(
    template: Path,
    *,
    stack_name: str,
    parameters: Mapping[str, str],
    ports: Ports,
    caller: Caller,
    relay: Relay,
    packager: Packager,
    on_progress: Progress,
) -> Stack:
    """Bring the stack to what the template says.

    Raises:
        TemplateRefused: The template, or an operation that it leads to, is refused; with file and line. What this
            deployment had made is gone again; what it had changed or removed stays so.
    """
    if not STACK_NAME.fullmatch(stack_name):
        raise TemplateRefused(f"`{stack_name}` is no stack name: letters, digits and hyphens, a letter first")
    loaded = load_template(template)
    actor = LiveActor(ports=ports, caller=caller, stack=stack_name, relay=relay, packager=packager)
    prepared = await prepare(loaded, actor, parameters, ports)
    return await Deployment(loaded, prepared, actor=actor, ports=ports, on_progress=on_progress).run()


class Deployment:
    """One run: the template on one side, what there is on the other."""

    def __init__(
        self, loaded: Loaded, prepared: Prepared, *, actor: LiveActor, ports: Ports, on_progress: Progress
    ) -> None:
        self.loaded = loaded
        self.prepared = prepared
        self.actor = actor
        self.ports = ports
        self.scope = prepared.scope
        self.resources = prepared.resources
        self.record = prepared.record
        self.tell = on_progress
        self.before = {one.logical_id: one for one in self.record.resources}
        self.now_there: dict[str, ResourceRecord] = {}
        self.created: list[ResourceRecord] = []
        self.leftovers: list[ResourceRecord] = []  # replaced, to be removed when nothing needs them any more
        self.changed = False

    async def run(self) -> Stack:
        """Make, change, remove; keep the record in step."""
        for logical_id in self.resources:
            try:
                await self.finish(logical_id)
            except (Refusal, Unavailable) as error:
                refused = self.refusal(logical_id, error)
                self.tell(self.event(logical_id, "create", "failed", detail=refused.message))
                await self.undo()
                raise refused from error
        await self.remove_what_is_gone()
        public_url = self.ports.settings.public_url
        outputs = read_outputs(self.prepared.outputs, self.scope, self.loaded, public_url=public_url)
        return Stack(
            name=self.record.name,
            stack_id=self.record.stack_id,
            outputs=outputs,
            resources=self.record.resources,
            ignored=self.prepared.ignored,
            apis=tuple(self.addresses()),
            changed=self.changed,
        )

    # -- one resource

    async def finish(self, logical_id: str) -> None:
        """Settle a resource, and write it down, even if the deployment is cancelled meanwhile."""
        settling = asyncio.ensure_future(self.settle(logical_id))
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.wait([settling])
            if not settling.cancelled() and settling.exception() is not None:
                await self.undo()
            raise

    async def settle(self, logical_id: str) -> None:
        """Bring one resource to what the template says."""
        resource = self.resources[logical_id]
        kind = TYPES[resource["Type"]]
        properties = resolve(resource.get("Properties") or {}, self.scope)
        read = {name: one for name, one in properties.items() if name in kind.reads}
        wanted = Wanted(logical_id=logical_id, type=resource["Type"], properties=read)
        digest = await self.digest(wanted)
        present = self.before.get(logical_id)
        if present is not None and present.type == wanted.type and present.digest == digest:
            if kind.is_there is None or await kind.is_there(self.actor, present):
                await self.keep(present, "keep")
                return
            wanted, present = msgspec.structs.replace(wanted, former_id=present.physical_id), None
        made, action = await self.bring_about(kind, wanted, present)
        self.changed = True
        record = ResourceRecord(
            logical_id=logical_id,
            type=wanted.type,
            physical_id=made.physical_id,
            attributes=made.attributes,
            properties=wanted.properties,
            digest=digest,
        )
        if action != "update":
            self.created.append(record)
        await self.keep(record, action)

    async def bring_about(self, kind: ResourceType, wanted: Wanted, present: ResourceRecord | None) -> tuple[Made, str]:
        """Change the resource if it can be changed, else make it anew."""
        if present is None:
            self.tell(self.event(wanted.logical_id, "create", "started"))
            return await kind.create(self.actor, wanted), "create"
        if present.type == wanted.type and kind.update is not None:
            self.tell(self.event(wanted.logical_id, "update", "started"))
            made = await kind.update(self.actor, wanted, present)
            if made is not None:
                return made, "update"
        self.tell(self.event(wanted.logical_id, "replace", "started"))
        if wanted.type == DEPLOYMENT and present.type == DEPLOYMENT:
            self.leftovers.append(present)  # stages serve it until they are moved
        else:
            await TYPES[present.type].delete(self.actor, present)
            del self.before[wanted.logical_id]
        return await kind.create(self.actor, wanted), "replace"

    async def digest(self, wanted: Wanted) -> str:
        """What the resource is made of. A deployment that SAM made stands for the API that it froze."""
        parts: list[Any] = [wanted.type, wanted.properties]
        if wanted.type == FUNCTION:
            runtime = str(wanted.properties.get("Runtime", ""))
            packed = await self.actor.package(wanted.logical_id, wanted.properties.get("Code"), runtime)
            parts.append(hashlib.sha256(packed).hexdigest())
        if wanted.type == DEPLOYMENT and wanted.logical_id not in self.loaded.content["Resources"]:
            api_id = wanted.properties.get("RestApiId")
            parts += [one.digest for one in self.now_there.values() if one.type == API and one.physical_id == api_id]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    async def keep(self, record: ResourceRecord, action: str) -> None:
        """Note that the resource is there."""
        self.now_there[record.logical_id] = record
        self.scope.made[record.logical_id] = Attributes(record.physical_id, record.attributes)
        if action != "keep":
            await self.save()
        self.tell(self.event(record.logical_id, action, "done", physical_id=record.physical_id))

    async def save(self) -> None:
        """Keep the stack as it stands now."""
        rest = tuple(one for name, one in self.before.items() if name not in self.now_there)
        resources = (*self.now_there.values(), *rest)
        self.record = msgspec.structs.replace(self.record, resources=resources, updated_at=self.actor.now)
        if resources:
            await self.ports.stack_store.put(self.record)
        else:
            await self.ports.stack_store.remove(self.record.account, self.record.region, self.record.name)

    # -- what is gone, and what failed

    async def remove_what_is_gone(self) -> None:
        """Remove what the template no longer has, the last made first."""
        gone = [one for name, one in self.before.items() if name not in self.now_there]
        for old in reversed([*gone, *self.leftovers]):
            self.tell(self.event(old.logical_id, "delete", "started", type=old.type))
            try:
                await TYPES[old.type].delete(self.actor, old)
            except (Refusal, Unavailable) as error:
                self.tell(self.event(old.logical_id, "delete", "failed", type=old.type, detail=describe(error)))
                raise TemplateRefused(
                    f"`{old.logical_id}` could not be removed: {describe(error)}", path=self.loaded.path
                ) from error
            self.changed = True
            if self.before.get(old.logical_id) is old:
                del self.before[old.logical_id]
            await self.save()
            self.tell(self.event(old.logical_id, "delete", "done", type=old.type, physical_id=old.physical_id))

    async def undo(self) -> None:
        """Remove what this deployment made. A part that will not go is told, and stays in the record."""
        for made in reversed(self.created):
            try:
                await TYPES[made.type].delete(self.actor, made)
            except (Refusal, Unavailable) as error:
                self.tell(self.event(made.logical_id, "undo", "failed", type=made.type, detail=describe(error)))
                continue
            self.now_there.pop(made.logical_id, None)
            self.tell(self.event(made.logical_id, "undo", "done", type=made.type, physical_id=made.physical_id))
        await self.save()

    def refusal(self, logical_id: str, error: Refusal | Unavailable) -> TemplateRefused:
        """The refusal in the user's terms: the resource, its type, and the line."""
        way: tuple[str | int, ...] = ("Properties",)
        if isinstance(error, DoesNotFit):
            way = ("Properties", *error.way)
        text = describe(error)
        line = self.loaded.line_of_resource(logical_id, *way)
        if pointed := POINTER.search(text):
            parts = [part.replace("~1", "/").replace("~0", "~") for part in pointed[1].split("/")]
            for body in ("DefinitionBody", "Body"):
                around = ("Resources", logical_id, "Properties", body)
                if around in self.loaded.lines:
                    line = self.loaded.line(*around, *parts)
        kind = self.resources[logical_id]["Type"]
        return TemplateRefused(f"`{logical_id}` ({kind}): {text}", path=self.loaded.path, line=line)

    # -- what the user is shown

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
                url = host_url(self.ports.settings.public_url, api_id, f"/{one.physical_id}")
                found.append(
                    DeployedStageAddress(logical_id=apis[api_id], api_id=api_id, stage=one.physical_id, url=url)
                )
        return found


def describe(error: Refusal | Unavailable) -> str:
    """What a refusal says, without its code."""
    return str(getattr(error, "message", "") or error.reason)

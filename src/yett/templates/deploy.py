"""A template goes up: the new is made, the changed is changed, the gone is removed; a failure undoes what was made."""

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
from yett.ports.stack_store import ResourceRecord, StackRecord
from yett.templates.acting import LiveActor, Relay
from yett.templates.checking import Ignored, check_template
from yett.templates.cloudformation import Attributes, Scope, condition, order, parse_parameters, resolve
from yett.templates.errors import TemplateRefused
from yett.templates.fitting import DoesNotFit
from yett.templates.loading import Loaded, load_template
from yett.templates.packaging import Packager
from yett.templates.resources.actor import Made, ResourceType, Wanted
from yett.templates.resources.table import TYPES
from yett.templates.sam import has_sam, translate
from yett.templates.strictness import IGNORED_TYPES
from yett.values.errors import Refusal

FUNCTION: Final = "AWS::Lambda::Function"
API: Final = "AWS::ApiGateway::RestApi"
STAGE: Final = "AWS::ApiGateway::Stage"
DEPLOYMENT: Final = "AWS::ApiGateway::Deployment"
ENDPOINT: Final = re.compile(
    r"https://(?P<api>[a-z0-9]{10})\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?P<rest>/.*)?"
)
POINTER: Final = re.compile(r"at `#/([^`]*)`")
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


class Output(Struct, frozen=True, kw_only=True):
    """One of the template's outputs."""

    name: str
    value: str
    description: str = ""
    local: str | None = None  # the same address on this machine, if it is an API's default endpoint


class DeployedStageAddress(Struct, frozen=True, kw_only=True):
    """A stage of an API that the stack has."""

    logical_id: str  # of the API
    api_id: str
    stage: str
    url: str  # by host name


class Stack(Struct, frozen=True, kw_only=True):
    """What a deployment gave."""

    name: str
    stack_id: str
    outputs: tuple[Output, ...]
    resources: tuple[ResourceRecord, ...]
    ignored: tuple[Ignored, ...]
    apis: tuple[DeployedStageAddress, ...]
    changed: bool  # whether anything was made, changed or removed


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
    deployment = await prepare(loaded, actor, parameters, ports, on_progress)
    return await deployment.run()


async def prepare(
    loaded: Loaded, actor: LiveActor, given: Mapping[str, str], ports: Ports, on_progress: Progress
) -> "Deployment":
    """All that can be refused before anything is made."""
    try:
        parameters = parse_parameters(loaded.content.get("Parameters") or {}, given)
    except TemplateRefused as error:
        raise loaded.refuse(error.message, "Parameters") from error
    texts = {name: ",".join(value) if isinstance(value, list) else value for name, value in parameters.items()}
    managed = await managed_policies(actor) if has_sam(loaded.content) else {}
    translated = translate(loaded, parameters=texts, managed_policies=managed, region=actor.region)
    actor.code = translated.code
    content = translated.template
    found = check_template(content, loaded)
    stack_name = actor.stack
    record = await ports.stack_store.find(actor.account, actor.region, stack_name)
    if record is None:
        unique = ports.randomness.uuid()
        stack_id = f"arn:aws:cloudformation:{actor.region}:{actor.account}:stack/{stack_name}/{unique}"
        record = StackRecord(
            name=stack_name,
            account=actor.account,
            region=actor.region,
            stack_id=stack_id,
            resources=(),
            updated_at=actor.now,
        )
    scope = Scope(
        parameters=parameters,
        pseudo={
            "AWS::AccountId": actor.account,
            "AWS::Region": actor.region,
            "AWS::Partition": "aws",
            "AWS::StackName": stack_name,
            "AWS::StackId": record.stack_id,
            "AWS::URLSuffix": "amazonaws.com",
        },
        mappings=content.get("Mappings") or {},
        conditions=content.get("Conditions") or {},
        made={},
    )
    try:
        resources = wanted_resources(content["Resources"], scope)
        ordered = order(resources)
    except TemplateRefused as error:
        raise TemplateRefused(error.message, path=loaded.path) from error
    return Deployment(
        loaded=loaded,
        actor=actor,
        ports=ports,
        scope=scope,
        resources={logical_id: resources[logical_id] for logical_id in ordered},
        outputs=content.get("Outputs") or {},
        ignored=found,
        record=record,
        on_progress=on_progress,
    )


def wanted_resources(resources: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """The resources whose conditions hold and that are not ignored; what they depend on likewise."""
    kept = {
        logical_id: dict(resource)
        for logical_id, resource in resources.items()
        if resource["Type"] not in IGNORED_TYPES
        and ("Condition" not in resource or condition(resource["Condition"], scope))
    }
    for resource in kept.values():
        stated = resource.get("DependsOn", [])
        stated = [stated] if isinstance(stated, str) else stated
        resource["DependsOn"] = [name for name in stated if name in kept or name not in resources]
    return kept


async def managed_policies(actor: LiveActor) -> dict[str, str]:
    """AWS's managed policies by name, as SAM wants them."""
    found: dict[str, str] = {}
    params: dict[str, Any] = {"Scope": "AWS", "MaxItems": 1000}
    while True:
        answer = await actor.do("iam", "ListPolicies", params)
        found |= {str(one["PolicyName"]): str(one["Arn"]) for one in answer.get("Policies", ())}
        if not answer.get("IsTruncated"):
            return found
        params["Marker"] = answer["Marker"]


class Deployment:
    """One run: the template on one side, what there is on the other."""

    def __init__(
        self,
        *,
        loaded: Loaded,
        actor: LiveActor,
        ports: Ports,
        scope: Scope,
        resources: Mapping[str, Any],
        outputs: Mapping[str, Any],
        ignored: tuple[Ignored, ...],
        record: StackRecord,
        on_progress: Progress,
    ) -> None:
        self.loaded = loaded
        self.actor = actor
        self.ports = ports
        self.scope = scope
        self.resources = resources
        self.outputs = outputs
        self.ignored = ignored
        self.record = record
        self.tell = on_progress
        self.before = {one.logical_id: one for one in record.resources}
        self.now_there: dict[str, ResourceRecord] = {}
        self.created: list[ResourceRecord] = []
        self.leftovers: list[ResourceRecord] = []  # replaced, to be removed when nothing needs them any more
        self.changed = False

    async def run(self) -> Stack:
        """Make, change, remove; keep the record in step."""
        for logical_id in self.resources:
            try:
                await self.settle(logical_id)
            except (Refusal, Unavailable) as error:
                refused = self.refusal(logical_id, error)
                self.tell(self.event(logical_id, "create", "failed", detail=refused.message))
                await self.undo()
                raise refused from error
        await self.remove_what_is_gone()
        outputs = self.read_outputs()
        return Stack(
            name=self.record.name,
            stack_id=self.record.stack_id,
            outputs=outputs,
            resources=self.record.resources,
            ignored=self.ignored,
            apis=tuple(self.addresses()),
            changed=self.changed,
        )

    # -- one resource

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

    def read_outputs(self) -> tuple[Output, ...]:
        """The template's outputs, those whose conditions hold."""
        found = []
        for name, output in self.outputs.items():
            if "Condition" in output and not condition(output["Condition"], self.scope):
                continue
            try:
                value = str(resolve(output.get("Value"), self.scope))
            except TemplateRefused as error:
                raise self.loaded.refuse(f"output `{name}`: {error.message}", "Outputs", name) from error
            local = local_url(value, self.ports.settings.public_url)
            found.append(Output(name=name, value=value, description=str(output.get("Description", "")), local=local))
        return tuple(found)

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


def local_url(value: str, public_url: str) -> str | None:
    """The address on this machine of an API's default endpoint; None if the text is no such address."""
    found = ENDPOINT.fullmatch(value)
    return None if found is None else host_url(public_url, found["api"], found["rest"] or "")


def host_url(public_url: str, api_id: str, path: str) -> str:
    """``http://abc123.execute-api.localhost:4566/prod``."""
    scheme, _, host = public_url.partition("://")
    return f"{scheme}://{api_id}.execute-api.{host}{path}"

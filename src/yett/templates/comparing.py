"""What the template wants beside what there is: which resource is kept, changed in place, or made anew."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from msgspec import Struct

from yett.ports.stack_store import ResourceRecord
from yett.templates.acting import LiveActor
from yett.templates.checking import RETAINING, policy_of
from yett.templates.cloudformation import Scope, resolve
from yett.templates.fitting import given
from yett.templates.loading import Loaded
from yett.templates.resources.actor import ResourceType, Wanted
from yett.templates.resources.table import TYPES
from yett.templates.secrecy import ways_of_secrets

FUNCTION: Final = "AWS::Lambda::Function"
PACKAGED: Final = {FUNCTION: "Code", "AWS::Lambda::LayerVersion": "Content"}  # types, and what of them is packed
API: Final = "AWS::ApiGateway::RestApi"
VERSION: Final = "AWS::Lambda::Version"
DEPLOYMENT: Final = "AWS::ApiGateway::Deployment"


class Compared(Struct, frozen=True, kw_only=True):
    """One resource of the template."""

    wanted: Wanted
    action: str  # "keep", "create", "update", "replace", "remake"
    present: ResourceRecord | None
    digest: str
    code: str  # of a function or layer: SHA-256 of its package
    secret_ways: tuple[str, ...]
    is_retained: bool
    is_retained_when_replaced: bool

    def record(self, physical_id: str, attributes: Mapping[str, str]) -> ResourceRecord:
        """The resource as it is when this is done."""
        return ResourceRecord(
            logical_id=self.wanted.logical_id,
            type=self.wanted.type,
            physical_id=physical_id,
            attributes=attributes,
            properties=self.wanted.properties,
            digest=self.digest,
            code=self.code,
            secret_ways=self.secret_ways,
            is_retained=self.is_retained,
            is_retained_when_replaced=self.is_retained_when_replaced,
        )


class Comparison:
    """The template on one side, what there is on the other; ``now`` grows as resources are settled."""

    def __init__(
        self,
        loaded: Loaded,
        resources: Mapping[str, Any],
        scope: Scope,
        actor: LiveActor,
        *,
        there: Mapping[str, ResourceRecord],
        now: Mapping[str, ResourceRecord],
    ) -> None:
        self._loaded = loaded
        self._resources = resources
        self._scope = scope
        self._actor = actor
        self._there = there
        self._now = now

    async def compare(self, logical_id: str) -> Compared:
        """What has to be done for a resource, once all that it depends on is settled.

        Raises:
            Refusal: It cannot be what the template wants it to be.
        """
        resource = self._resources[logical_id]
        kind = TYPES[resource["Type"]]
        written = resource.get("Properties") or {}
        properties = resolve(written, self._scope)
        read = given({name: one for name, one in properties.items() if name in kind.reads})
        wanted = Wanted(logical_id=logical_id, type=resource["Type"], properties=read)
        code = await self._code(wanted)
        digest = self._digest(wanted, code)
        present = self._there.get(logical_id)
        action = "create"
        if present is not None and await self._is_lost(kind, wanted, present):
            former = present.physical_id
            wanted = Wanted(logical_id=logical_id, type=wanted.type, properties=read, former_id=former)
            present = None
        if present is not None:
            is_same = present.type == wanted.type and present.digest == digest
            action = "keep" if is_same else await self._change(kind, wanted, present)
        return Compared(
            wanted=wanted,
            action=action,
            present=present,
            digest=digest,
            code=code,
            secret_ways=ways_of_secrets(written, self._scope),
            is_retained=policy_of(resource, "DeletionPolicy") in RETAINING,
            is_retained_when_replaced=policy_of(resource, "UpdateReplacePolicy") in RETAINING,
        )

    async def _is_lost(self, kind: ResourceType, wanted: Wanted, present: ResourceRecord) -> bool:
        """Whether the backend has lost the resource."""
        if present.type != wanted.type or kind.is_there is None:
            return False
        return not await kind.is_there(self._actor, present)

    async def _code(self, wanted: Wanted) -> str:
        """The SHA-256 of a function's or layer's package."""
        if wanted.type not in PACKAGED:
            return ""
        runtime = str(wanted.properties.get("Runtime", ""))
        code = wanted.properties.get(PACKAGED[wanted.type])
        packed = await self._actor.package(wanted.logical_id, code, runtime)
        return hashlib.sha256(packed).hexdigest()

    def _digest(self, wanted: Wanted, code: str) -> str:
        """What the resource is made of. A deployment or version that was made for the user stands for what it froze."""
        parts: list[Any] = [wanted.type, wanted.properties]
        if code:
            parts.append(code)
        if wanted.type == DEPLOYMENT and self._loaded.is_made(wanted.logical_id):
            api_id = wanted.properties.get("RestApiId")
            parts += [one.digest for one in self._now.values() if one.type == API and one.physical_id == api_id]
        if wanted.type == VERSION and self._loaded.is_made(wanted.logical_id):
            function = wanted.properties.get("FunctionName")
            parts += [one.digest for one in self._now.values() if one.type == FUNCTION and one.physical_id == function]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    async def _change(self, kind: ResourceType, wanted: Wanted, present: ResourceRecord) -> str:
        """How a resource becomes another: in place, beside the old one, or where the old one was."""
        if present.type != wanted.type:
            return "replace"
        if kind.update is not None:
            try:
                if await kind.update(Rehearsal(self._actor), wanted, present) is not None:
                    return "update"
            except WouldAct:
                return "update"
        if kind.find is None or not kind.stands_alone:
            return "replace"
        return "remake" if present.physical_id in await kind.find(self._actor, wanted) else "replace"


class WouldAct(Exception):
    """A rehearsed change has come to its first act."""


class Rehearsal:
    """An actor on whom an update can be tried: it ends where it would act."""

    def __init__(self, actor: LiveActor) -> None:
        self.account = actor.account
        self.region = actor.region
        self.stack = actor.stack
        self.name = actor.name
        self.mark = actor.mark
        self.issuer = actor.issuer
        self._actor = actor

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._actor.now

    async def do(self, service: str, operation: str, params: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002
        """Not here."""
        raise WouldAct

    async def package(self, logical_id: str, code: object, runtime: str) -> NoReturn:  # noqa: ARG002
        """Not here: code is packed to be sent."""
        raise WouldAct

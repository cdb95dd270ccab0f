"""Operations as the deployment's caller: through the same check, permission and audit as everyone's."""

import io
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.services.call import Call, ServiceError
from yett.services.perform import perform
from yett.templates.errors import TemplateRefused
from yett.templates.packaging import FunctionSource, Packager
from yett.templates.resources.actor import LOWER, UPPER
from yett.templates.sam import LOCAL_BUCKET
from yett.values.http import HttpResponse
from yett.wire import Operation, service_model

USER_AGENT: Final = "yett-templates"
RANDOM_CHARACTERS: Final = 12
LOOPBACK: Final = "127.0.0.1"

# Hands an operation on to a backend that yett guards but does not play (DynamoDB): `control_plane/forwarding.py`'s.
Relay = Callable[[Call, Operation, Mapping[str, Any]], Awaitable[HttpResponse]]


class LiveActor:
    """Acts as the caller, in the caller's account and the settings' Region."""

    def __init__(self, *, ports: Ports, caller: Caller, stack: str, relay: Relay, packager: Packager) -> None:
        self.account = caller.identity.account
        self.region = ports.settings.region
        self.stack = stack
        self.code: Mapping[str, Path] = {}
        self._ports = ports
        self._caller = caller
        self._relay = relay
        self._packager = packager
        self._packages: dict[str, bytes] = {}

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._ports.clock.now()

    def issuer(self, pool_id: str) -> str:
        """Where a user pool's issuer lies."""
        return self._ports.settings.issuer(pool_id)

    async def do(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Perform an operation, or have it relayed."""
        call = Call(
            service=service,
            operation=operation,
            caller=self._caller,
            account=self.account,
            region=self.region,
            now=self.now,
            request_id=self._ports.randomness.uuid(),
            source_ip=LOOPBACK,
            secure_transport=False,
            user_agent=USER_AGENT,
            ports=self._ports,
        )
        if service != "dynamodb":
            return await perform(call, params)
        answer = await self._relay(call, service_model(service).operations[operation], params)
        content: Mapping[str, Any] = msgspec.json.decode(answer.body or b"{}")
        if answer.status >= 300:
            code = str(content.get("__type", "InternalFailure")).rpartition("#")[2]
            raise ServiceError(code, str(content.get("message") or content.get("Message") or ""), status=answer.status)
        return content

    def name(self, logical_id: str, *, limit: int, lower: bool = False) -> str:
        """``{stack}-{logical id}-{random}``, the front cut to fit."""
        ending = self._ports.randomness.text(LOWER if lower else UPPER, RANDOM_CHARACTERS)
        front = f"{self.stack}-{logical_id}"[: limit - RANDOM_CHARACTERS - 1].rstrip("-")
        return f"{front.lower() if lower else front}-{ending}"

    async def package(self, logical_id: str, code: object, runtime: str) -> bytes:
        """The zip file of a function's code: a directory of this machine, or lines in the template."""
        if logical_id in self._packages:
            return self._packages[logical_id]
        match code:
            case {"S3Bucket": bucket, "S3Key": str(key)} if bucket == LOCAL_BUCKET and key in self.code:
                source = FunctionSource(name=logical_id, directory=self.code[key], runtime=runtime)
                packed = await self._packager.package(source)
            case {"ZipFile": str(text)}:
                packed = zip_text(text)
            case _:
                raise TemplateRefused("the code of a function is a local directory, or `ZipFile` with its lines")
        self._packages[logical_id] = packed
        return packed


def zip_text(text: str) -> bytes:
    """A zip file with the lines as its one module, ``index``. The same lines give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0))
        member.external_attr = 0o644 << 16
        archive.writestr(member, text)
    return made.getvalue()

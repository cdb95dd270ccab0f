"""Where a template is deployed to: a server in this process, as the deployment's caller."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.randomness import Randomness
from yett.ports.stack_store import StackStore
from yett.services.call import Call, ServiceError
from yett.services.perform import perform
from yett.values.http import HttpResponse
from yett.wire import Operation, service_model

USER_AGENT: Final = "yett-templates"
LOOPBACK: Final = "127.0.0.1"

# Hands an operation on to a backend that yett guards but does not play (DynamoDB): `control_plane/forwarding.py`'s.
Relay = Callable[[Call, Operation, Mapping[str, Any]], Awaitable[HttpResponse]]


class Site(Protocol):
    """All that a deployment asks of the server that it deploys to."""

    account: str
    region: str
    public_url: str

    @property
    def stacks(self) -> StackStore: ...

    @property
    def randomness(self) -> Randomness: ...

    @property
    def now(self) -> datetime: ...

    def issuer(self, pool_id: str) -> str:
        """Where a user pool's issuer lies."""
        ...

    async def do(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Perform an operation as the deployment's caller.

        Raises:
            ServiceError: It is refused.
        """
        ...


class LocalSite:
    """The server of this process: its operations through the same check, permission and audit as everyone's."""

    def __init__(self, *, ports: Ports, caller: Caller, relay: Relay) -> None:
        self.account = caller.identity.account
        self.region = ports.settings.region
        self.public_url = ports.settings.public_url
        self.stacks = ports.stack_store
        self.randomness = ports.randomness
        self._ports = ports
        self._caller = caller
        self._relay = relay

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

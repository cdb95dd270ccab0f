"""A running server as the place of a deployment: AWS's own APIs over HTTP, signed, and `/_yett/api/stacks`."""

import asyncio
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import botocore.session
import click
import msgspec
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from yett.cli.client import Access, Answer, send_signed
from yett.ports.errors import Conflict, Unavailable
from yett.ports.stack_store import StackRecord
from yett.services.call import ServiceError
from yett.templates.door import SIGNING_NAME, STACKS, Stacks
from yett.values.http import Headers

# An operation answers at once, or its server is stuck.
CONFIG: Final = Config(connect_timeout=10, read_timeout=120, retries={"total_max_attempts": 2})
JSON: Final = Headers((("Content-Type", "application/json"),))


class RemoteSite:
    """A server reached over HTTP."""

    def __init__(self, access: Access) -> None:
        self.region = access.region
        self.stacks = RemoteStacks(access)
        self.randomness = SystemDice()
        about = self.stacks.about()
        self.account = about.account
        self.public_url = about.public_url
        self._issuer = about.issuer
        self._access = access
        self._session = botocore.session.Session()
        self._clients: dict[str, Any] = {}

    @property
    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC)

    def issuer(self, pool_id: str) -> str:
        """Where a user pool's issuer lies."""
        return self._issuer.replace("{pool}", pool_id)

    async def do(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Perform an operation.

        Raises:
            ServiceError: It is refused.
            Unavailable: The server cannot be reached.
        """
        try:
            act = getattr(self._client(service), xform_name(operation))
            answer: dict[str, Any] = await asyncio.to_thread(act, **params)
        except ClientError as error:
            told = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            raise ServiceError(str(told.get("Code", "")), str(told.get("Message", "")), status=status) from error
        except BotoCoreError as error:
            raise Unavailable(str(error)) from error
        answer.pop("ResponseMetadata", None)
        return answer

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            token = self._access.session_token
            self._clients[service] = self._session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self._access.url,
                aws_access_key_id=self._access.access_key_id,
                aws_secret_access_key=self._access.secret_access_key.reveal(),
                aws_session_token=None if token is None else token.reveal(),
                config=CONFIG,
            )
        return self._clients[service]


class RemoteStacks:
    """The server's stacks. See `ports/stack_store.py` for what it promises."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def about(self) -> Stacks:
        """The stacks of the caller's account, and what a deployment has to know of the server.

        Raises:
            ServiceError: The caller may not list stacks.
        """
        answer = self._send("GET", "")
        if answer.status != 200:
            raise refusal(answer)
        return msgspec.json.decode(answer.body, type=Stacks)

    async def find(self, account: str, region: str, name: str) -> StackRecord | None:  # noqa: ARG002
        answer = await asyncio.to_thread(self._send, "GET", f"/{name}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise refusal(answer)
        return msgspec.json.decode(answer.body, type=StackRecord)

    async def all(self, account: str, region: str) -> tuple[StackRecord, ...]:
        """The stacks, without their resources: what others export and import is told to whoever may list them."""
        about = await asyncio.to_thread(self.about)
        return tuple(
            StackRecord(
                name=one.name,
                account=account,
                region=region,
                stack_id=one.stack_id,
                resources=(),
                updated_at=datetime.fromisoformat(one.updated_at),
                exports=one.exports,
                imports=one.imports,
            )
            for one in about.stacks
        )

    async def put(self, stack: StackRecord) -> None:
        answer = await asyncio.to_thread(self._send, "PUT", f"/{stack.name}", msgspec.json.encode(stack))
        if answer.status == 409:
            raise Conflict(message_of(answer))
        if answer.status != 204:
            raise refusal(answer)

    async def remove(self, account: str, region: str, name: str) -> bool:  # noqa: ARG002
        answer = await asyncio.to_thread(self._send, "DELETE", f"/{name}")
        if answer.status != 204:
            raise refusal(answer)
        return True

    def _send(self, method: str, path: str, body: bytes = b"") -> Answer:
        url = f"{self._access.url.rstrip('/')}{STACKS}/{self._access.region}{path}"
        try:
            return send_signed(self._access, method, url, service=SIGNING_NAME, headers=JSON, body=body)
        except click.ClickException as error:
            raise Unavailable(error.message) from error


class SystemDice:
    """The system's secure source."""

    def token_bytes(self, count: int) -> bytes:
        """That many bytes."""
        return secrets.token_bytes(count)

    def uuid(self) -> str:
        """A version 4 UUID, lower case."""
        return str(uuid.uuid4())

    def text(self, alphabet: str, length: int) -> str:
        """Characters drawn evenly from the alphabet."""
        return "".join(secrets.choice(alphabet) for _ in range(length))


def message_of(answer: Answer) -> str:
    """What the server said."""
    try:
        return str(msgspec.json.decode(answer.body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"the server answered with status {answer.status}: is it yett?"


def refusal(answer: Answer) -> ServiceError:
    """What the server said, as a refusal."""
    return ServiceError("AccessDenied" if answer.status == 403 else "Refused", message_of(answer), status=answer.status)

"""What functions there are, from memory."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from yett.policy import CompiledPolicies
from yett.rules.lambda_.event_retries import EventConfig
from yett.rules.lambda_.names import LATEST


class Function(Struct, frozen=True, kw_only=True):
    """A Lambda function as it would run now, with who may invoke it under this ARN."""

    arn: str  # as it was asked for: unqualified, or with a version or alias, each of which has a policy of its own
    account: str
    region: str
    name: str
    runtime: str  # "python3.12"
    handler: str
    role_arn: str
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    code_sha256: str  # base64, as CodeSha256
    revision_id: str
    updated_at: datetime
    version: str = LATEST  # what runs; an alias's changes with the alias
    layers: tuple[str, ...] = ()  # CodeSha256 of each; a later one's files win
    resource_policy: CompiledPolicies | None = None  # from AddPermission; weighed for lambda:InvokeFunction
    reserved_concurrency: int | None = None  # invocations at a time; 0 throttles every one, None leaves it to the pool
    event_config: EventConfig | None = None  # for invocations that nobody waits for

    @property
    def unqualified_arn(self) -> str:
        """The ARN less version or alias: concurrency is the function's, and so is its log."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


class Functions(Protocol):
    """Functions by ARN. What was changed is seen by the next call."""

    def current(self, function_arn: str) -> Function | None:
        """The function, from memory; None means it is unknown here: ask ``resolve``."""
        ...

    async def resolve(self, function_arn: str) -> Function | None:
        """The function, from memory or the store; None if there is none of this ARN."""
        ...

    def missing_runtime(self, runtime: str) -> str | None:
        """What this machine lacks to run functions of the runtime at all; None if nothing."""
        ...

"""What functions there are, from memory."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from yett.policy import CompiledPolicies


class Function(Struct, frozen=True, kw_only=True):
    """A Lambda function as it would run now, with who may invoke it."""

    arn: str  # unqualified
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
    layers: tuple[str, ...] = ()
    resource_policy: CompiledPolicies | None = None  # from AddPermission; weighed for lambda:InvokeFunction
    reserved_concurrency: int | None = None  # invocations at a time; 0 throttles every one, None leaves it to the pool


class Functions(Protocol):
    """Functions by ARN. What was changed is seen by the next call."""

    def current(self, function_arn: str) -> Function | None:
        """The function, from memory; None means it is unknown here: ask ``resolve``."""
        ...

    async def resolve(self, function_arn: str) -> Function | None:
        """The function, from memory or the store; None if there is none of this ARN."""
        ...

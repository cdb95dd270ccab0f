"""Lambda functions as they were configured, with their code and who may invoke them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class FunctionStatement(Struct, frozen=True, kw_only=True):
    """One statement of a function's resource-based policy, as AddPermission made it."""

    sid: str
    document: str  # JSON, with its Sid


class FunctionRecord(Struct, frozen=True, kw_only=True):
    """A function's configuration."""

    account: str
    region: str
    name: str
    runtime: str
    handler: str
    role_arn: str
    timeout_seconds: int
    memory_mb: int
    code_sha256: str  # base64 of the package's SHA-256, as CodeSha256
    code_bytes: int  # of the package
    revision_id: str  # UUID; moves with every change
    updated_at: datetime
    description: str = ""
    environment: Mapping[str, str] = {}  # may hold secrets: sealed at rest
    architecture: str = "x86_64"
    ephemeral_storage_mb: int = 512
    tracing_mode: str = "PassThrough"
    tags: Mapping[str, str] = {}
    reserved_concurrency: int | None = None
    statements: tuple[FunctionStatement, ...] = ()

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


class FunctionStore(Protocol):
    """Functions by account, Region and name. What was written is durable once the method returns.

    A change moves the scope ``function:{arn}``. Packages are kept while a function of the account and Region has them.
    """

    async def find(self, account: str, region: str, name: str) -> FunctionRecord | None: ...

    async def list_functions(
        self, account: str, region: str, *, after: str = "", limit: int
    ) -> tuple[FunctionRecord, ...]:
        """Functions whose name comes after *after*, by name."""
        ...

    async def add(self, record: FunctionRecord, package: bytes) -> None:
        """Add a function and its zip file.

        Raises:
            AlreadyExists: There is one of this name.
        """
        ...

    async def replace(self, record: FunctionRecord, *, expected_revision_id: str, package: bytes | None = None) -> None:
        """Replace a function, and its package if one is given.

        Raises:
            Conflict: It has changed since it had *expected_revision_id*, or is gone.
        """
        ...

    async def remove(self, account: str, region: str, name: str) -> bool:
        """Remove a function and, if no other has it, its package; whether there was one."""
        ...

    async def find_code(self, account: str, region: str, code_sha256: str) -> bytes | None:
        """A package, a zip file."""
        ...

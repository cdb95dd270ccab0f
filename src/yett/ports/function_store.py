"""Lambda functions as they were configured, with their versions, aliases, layers, code, and who may invoke them.

Events that were taken and have not been run to their end are here too: an acknowledged one survives a crash.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from yett.rules.lambda_.event_retries import EventConfig
from yett.rules.lambda_.names import LATEST


class FunctionStatement(Struct, frozen=True, kw_only=True):
    """One statement of a function's resource-based policy, as AddPermission made it."""

    sid: str
    document: str  # JSON, with its Sid


class LayerUse(Struct, frozen=True, kw_only=True):
    """A version of a layer, as a function has it: it stays when the layer's version is deleted."""

    arn: str  # with the version
    code_sha256: str  # base64
    code_bytes: int
    unzipped_bytes: int


class FunctionRecord(Struct, frozen=True, kw_only=True):
    """A function's configuration: $LATEST, or a version, which is what $LATEST was when it was published."""

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
    tags: Mapping[str, str] = {}  # of $LATEST alone, like the next
    reserved_concurrency: int | None = None
    statements: tuple[FunctionStatement, ...] = ()  # each version has a policy of its own
    version: str = LATEST  # or a number from 1
    last_version: int = 0  # of $LATEST: the number that was given last; none is given twice
    layers: tuple[LayerUse, ...] = ()  # a later one's files win
    unzipped_bytes: int = 0  # of the package
    event_configs: Mapping[str, EventConfig] = {}  # of $LATEST: by qualifier, "$LATEST" for none

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """The ARN of this version; $LATEST's is unqualified."""
        return self.arn if self.version == LATEST else f"{self.arn}:{self.version}"


class AliasRecord(Struct, frozen=True, kw_only=True):
    """A name for a version."""

    account: str
    region: str
    function_name: str
    name: str
    version: str  # or $LATEST
    revision_id: str
    description: str = ""
    statements: tuple[FunctionStatement, ...] = ()

    @property
    def arn(self) -> str:
        """The function's ARN, qualified by the alias."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.function_name}:{self.name}"


class LayerRecord(Struct, frozen=True, kw_only=True):
    """A version of a layer."""

    account: str
    region: str
    name: str
    version: int
    code_sha256: str  # base64
    code_bytes: int
    unzipped_bytes: int
    created_at: datetime
    description: str = ""
    license_info: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()

    @property
    def layer_arn(self) -> str:
        """The layer's ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return f"{self.layer_arn}:{self.version}"


class EventRecord(Struct, frozen=True, kw_only=True):
    """An invocation that nobody waits for, taken and not yet run to its end."""

    request_id: str
    function_arn: str  # as it was asked for, qualified or not
    payload: bytes  # JSON; may hold secrets: sealed at rest
    accepted_at: datetime
    due_at: datetime  # when it is to be tried next
    trace_header: str | None = None
    owner: str = ""  # the server that took it
    failures: int = 0  # times that the function ran and failed
    refusals: int = 0  # times that it could not be run since


class FunctionStore(Protocol):
    """Functions by account, Region and name. What was written is durable once the method returns.

    A change of a function, of its versions or aliases moves the scope ``function:{unqualified arn}``. Packages are kept
    while a function, version or layer of the account and Region has them.
    """

    # Functions and their versions

    async def find(self, account: str, region: str, name: str, *, version: str = LATEST) -> FunctionRecord | None: ...

    async def list_functions(
        self, account: str, region: str, *, after: str = "", limit: int
    ) -> tuple[FunctionRecord, ...]:
        """Functions whose name comes after *after*, by name; $LATEST of each."""
        ...

    async def add(self, record: FunctionRecord, package: bytes) -> None:
        """Add a function and its zip file.

        Raises:
            AlreadyExists: There is one of this name.
        """
        ...

    async def replace(self, record: FunctionRecord, *, expected_revision_id: str, package: bytes | None = None) -> None:
        """Replace a function, or the version that *record* is, and its package if one is given.

        Raises:
            Conflict: It has changed since it had *expected_revision_id*, or is gone.
        """
        ...

    async def publish(self, version: FunctionRecord, *, expected_revision_id: str) -> None:
        """Add the function's next version. $LATEST stays as it is, but for its ``last_version``.

        Raises:
            Conflict: $LATEST has changed since it had *expected_revision_id* or is gone, or the number is not the next.
        """
        ...

    async def list_versions(
        self, account: str, region: str, name: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[FunctionRecord, ...]:
        """The function's published versions whose number is over *after*, by number."""
        ...

    async def remove(self, account: str, region: str, name: str) -> bool:
        """Remove a function with its versions and aliases; whether there was one."""
        ...

    async def remove_version(self, account: str, region: str, name: str, version: str) -> bool:
        """Remove a published version; whether there was one.

        Raises:
            Conflict: An alias names it.
        """
        ...

    # Aliases

    async def find_alias(self, account: str, region: str, function_name: str, name: str) -> AliasRecord | None: ...

    async def list_aliases(
        self, account: str, region: str, function_name: str, *, after: str = "", limit: int | None = None
    ) -> tuple[AliasRecord, ...]:
        """The function's aliases whose name comes after *after*, by name."""
        ...

    async def add_alias(self, record: AliasRecord) -> None:
        """Add an alias.

        Raises:
            AlreadyExists: The function has one of this name.
            Conflict: It has no such version.
        """
        ...

    async def replace_alias(self, record: AliasRecord, *, expected_revision_id: str) -> None:
        """Replace an alias.

        Raises:
            Conflict: It has changed since it had *expected_revision_id* or is gone, or there is no such version.
        """
        ...

    async def remove_alias(self, account: str, region: str, function_name: str, name: str) -> bool:
        """Remove an alias; whether there was one."""
        ...

    # Layers

    async def publish_layer(self, record: LayerRecord, package: bytes) -> LayerRecord:
        """Add a version of a layer. The number it gets, in the place of *record*'s own, is no earlier one's."""
        ...

    async def find_layer(self, account: str, region: str, name: str, version: int) -> LayerRecord | None: ...

    async def list_layer_versions(self, account: str, region: str, name: str | None) -> tuple[LayerRecord, ...]:
        """Versions of the layer, or of every layer, by name and number."""
        ...

    async def remove_layer(self, account: str, region: str, name: str, version: int) -> bool:
        """Remove a version of a layer; functions that have it keep it. Whether there was one."""
        ...

    # Code

    async def find_code(self, account: str, region: str, code_sha256: str) -> bytes | None:
        """A package, a zip file."""
        ...

    # Events

    async def put_event(self, event: EventRecord) -> None:
        """Keep an event, or how it fares."""
        ...

    async def remove_event(self, request_id: str) -> None:
        """Keep an event no more."""
        ...

    async def list_events(self) -> tuple[EventRecord, ...]:
        """Every event that is kept."""
        ...

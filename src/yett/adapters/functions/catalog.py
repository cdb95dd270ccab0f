"""Functions as they would run now, from memory."""

import shutil
from collections.abc import Callable, Iterable
from typing import Final

from yett.adapters.sql.revisions import EVERYTHING
from yett.policy import CompiledPolicies, Kind, NamedPolicy, compile_policies, parse_stored_policy
from yett.ports.function_store import FunctionRecord, FunctionStatement, FunctionStore
from yett.ports.functions import Function
from yett.rules.lambda_.names import LATEST, FunctionReference, NotAFunctionName, parse_reference
from yett.rules.lambda_.resource_policy import INVOKE, render_policy
from yett.rules.lambda_.runtimes import is_node

SCOPE: Final = "function:"
ACTIONS: Final = frozenset({INVOKE.lower()})
NODE: Final = "node"


class FunctionCatalog:
    """Answers `yett.ports.functions.Functions` from the store, once for each change."""

    def __init__(self, store: FunctionStore, on_change: Callable[[Callable[[Iterable[str]], None]], None]) -> None:
        """*on_change* takes a listener, which it calls with the scopes of every change (`Database.on_commit`)."""
        self._store = store
        self._functions: dict[str, Function] = {}
        self._qualified: dict[str, set[str]] = {}  # unqualified ARN -> what is known of it under a version or alias
        self._changes = 0
        on_change(self.forget)

    def current(self, function_arn: str) -> Function | None:
        """See the port."""
        return self._functions.get(function_arn) or self._functions.get(unqualified(function_arn))

    async def resolve(self, function_arn: str) -> Function | None:
        """See the port."""
        found = self.current(function_arn)
        if found is not None:
            return found
        try:
            reference = parse_reference(function_arn, account="", region="")
        except NotAFunctionName:
            return None
        while True:
            changes = self._changes
            function = await self._read(reference)
            if changes == self._changes:
                break
        if function is not None:
            self._functions[function.arn] = function
            if function.arn != function.unqualified_arn:
                self._qualified.setdefault(function.unqualified_arn, set()).add(function.arn)
        return function

    async def _read(self, reference: FunctionReference) -> Function | None:
        place = reference.account, reference.region, reference.name
        latest = await self._store.find(*place)
        if latest is None:
            return None
        qualifier = reference.qualifier or LATEST
        if qualifier == LATEST:
            return compile_function(latest, latest, latest.arn, latest.statements, latest.revision_id)
        if qualifier.isdecimal():
            version = await self._store.find(*place, version=qualifier)
            if version is None:
                return None
            return compile_function(version, latest, version.qualified_arn, version.statements, version.revision_id)
        alias = await self._store.find_alias(*place, qualifier)
        if alias is None:
            return None
        version = latest if alias.version == LATEST else await self._store.find(*place, version=alias.version)
        if version is None:
            return None
        return compile_function(version, latest, alias.arn, alias.statements, alias.revision_id)

    def missing_runtime(self, runtime: str) -> str | None:
        """See the port."""
        if is_node(runtime) and shutil.which(NODE) is None:
            return f"`{NODE}` is not on this machine's PATH"
        return None

    def forget(self, scopes: Iterable[str]) -> None:
        """Drop what a change made stale."""
        for scope in scopes:
            if scope == EVERYTHING:
                self._changes += 1
                self._functions.clear()
                self._qualified.clear()
            elif scope.startswith(SCOPE):
                self._changes += 1
                arn = scope.removeprefix(SCOPE)
                for each in (arn, *self._qualified.pop(arn, ())):
                    self._functions.pop(each, None)


def unqualified(function_arn: str) -> str:
    """The ARN less ``:$LATEST``."""
    return function_arn.removesuffix(f":{LATEST}")


def compile_function(
    record: FunctionRecord,
    latest: FunctionRecord,
    arn: str,
    statements: tuple[FunctionStatement, ...],
    revision_id: str,
) -> Function:
    """What runs under *arn*, with the policy that is asked there; concurrency is the whole function's."""
    qualifier = LATEST if arn == latest.arn else arn.rpartition(":")[2]
    return Function(
        arn=arn,
        account=record.account,
        region=record.region,
        name=record.name,
        runtime=record.runtime,
        handler=record.handler,
        role_arn=record.role_arn,
        timeout_seconds=record.timeout_seconds,
        memory_mb=record.memory_mb,
        environment=record.environment,
        code_sha256=record.code_sha256,
        revision_id=revision_id,
        updated_at=record.updated_at,
        version=record.version,
        layers=tuple(layer.code_sha256 for layer in record.layers),
        resource_policy=compile_policy(arn, statements),
        reserved_concurrency=latest.reserved_concurrency,
        event_config=latest.event_configs.get(qualifier),
    )


def compile_policy(arn: str, statements: tuple[FunctionStatement, ...]) -> CompiledPolicies | None:
    """The resource policy under *arn*, if it has statements."""
    if not statements:
        return None
    document = parse_stored_policy(render_policy(each.document for each in statements), kind=Kind.RESOURCE)
    return compile_policies([NamedPolicy(arn, document)], actions=ACTIONS)

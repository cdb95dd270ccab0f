"""Functions as they would run now, from memory."""

from collections.abc import Callable, Iterable
from typing import Final

from yett.adapters.sql.revisions import EVERYTHING
from yett.policy import Kind, NamedPolicy, compile_policies, parse_stored_policy
from yett.ports.function_store import FunctionRecord, FunctionStore
from yett.ports.functions import Function
from yett.rules.lambda_.names import LATEST, NotAFunctionName, parse_reference
from yett.rules.lambda_.resource_policy import INVOKE, render_policy

SCOPE: Final = "function:"
ACTIONS: Final = frozenset({INVOKE.lower()})


class FunctionCatalog:
    """Answers `yett.ports.functions.Functions` from the store, once for each change."""

    def __init__(self, store: FunctionStore, on_change: Callable[[Callable[[Iterable[str]], None]], None]) -> None:
        """*on_change* takes a listener, which it calls with the scopes of every change (`Database.on_commit`)."""
        self._store = store
        self._functions: dict[str, Function] = {}
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
        if reference.qualifier not in (None, LATEST):
            return None
        while True:
            changes = self._changes
            record = await self._store.find(reference.account, reference.region, reference.name)
            if changes == self._changes:
                break
        if record is None:
            return None
        function = self._functions[record.arn] = compile_function(record)
        return function

    def forget(self, scopes: Iterable[str]) -> None:
        """Drop what a change made stale."""
        for scope in scopes:
            if scope == EVERYTHING:
                self._changes += 1
                self._functions.clear()
            elif scope.startswith(SCOPE):
                self._changes += 1
                self._functions.pop(scope.removeprefix(SCOPE), None)


def unqualified(function_arn: str) -> str:
    """The ARN less ``:$LATEST``."""
    return function_arn.removesuffix(f":{LATEST}")


def compile_function(record: FunctionRecord) -> Function:
    """A stored function with its policy compiled."""
    policy = None
    if record.statements:
        text = render_policy(statement.document for statement in record.statements)
        document = parse_stored_policy(text, kind=Kind.RESOURCE)
        policy = compile_policies([NamedPolicy(record.arn, document)], actions=ACTIONS)
    return Function(
        arn=record.arn,
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
        revision_id=record.revision_id,
        updated_at=record.updated_at,
        resource_policy=policy,
        reserved_concurrency=record.reserved_concurrency,
    )

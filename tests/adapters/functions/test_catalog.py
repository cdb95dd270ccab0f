from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from yett.adapters.functions.catalog import FunctionCatalog
from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext
from yett.ports.function_store import AliasRecord, FunctionRecord, FunctionStatement
from yett.rules.lambda_.resource_policy import INVOKE, render_statement

RECORD = FunctionRecord(
    account="123456789012",
    region="us-east-1",
    name="f",
    runtime="python3.12",
    handler="app.handler",
    role_arn="arn:aws:iam::123456789012:role/f",
    timeout_seconds=3,
    memory_mb=128,
    code_sha256="c2hh",
    code_bytes=3,
    revision_id="1",
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class Store:
    def __init__(self) -> None:
        self.record: FunctionRecord | None = RECORD
        self.versions: dict[str, FunctionRecord] = {}
        self.aliases: dict[str, AliasRecord] = {}
        self.reads = 0
        self.listener: Callable[[Iterable[str]], None] = lambda scopes: None
        self.meanwhile: Callable[[], None] = lambda: None

    def on_change(self, listener: Callable[[Iterable[str]], None]) -> None:
        self.listener = listener

    def change(self, record: FunctionRecord | None) -> None:
        self.record = record
        self.listener(frozenset({"stage:x/prod", f"function:{RECORD.arn}"}))

    async def find_alias(self, account: str, region: str, function_name: str, name: str) -> AliasRecord | None:
        return self.aliases.get(name)

    async def find(self, account: str, region: str, name: str, *, version: str = "$LATEST") -> FunctionRecord | None:
        self.reads += 1
        if version != "$LATEST":
            return self.versions.get(version)
        found = self.record
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return found if found is not None and (account, region, name) == ("123456789012", "us-east-1", "f") else None


def catalog(store: Store) -> FunctionCatalog:
    return FunctionCatalog(store, store.on_change)  # type: ignore[arg-type]


async def test_a_function_is_read_once_and_again_after_a_change() -> None:
    store = Store()
    functions = catalog(store)
    assert functions.current(RECORD.arn) is None
    first = await functions.resolve(f"{RECORD.arn}:$LATEST")
    assert first is not None
    assert functions.current(RECORD.arn) is first
    assert await functions.resolve(RECORD.arn) is first
    assert store.reads == 1
    store.change(structs.replace(RECORD, handler="other.handler"))
    changed = await functions.resolve(RECORD.arn)
    assert changed is not None
    assert changed.handler == "other.handler"
    store.change(None)
    assert await functions.resolve(RECORD.arn) is None


async def test_a_change_during_the_read_is_not_missed() -> None:
    store = Store()
    functions = catalog(store)
    store.meanwhile = lambda: store.change(structs.replace(RECORD, handler="new.handler"))
    found = await functions.resolve(RECORD.arn)
    assert found is not None
    assert found.handler == "new.handler"


async def test_versions_that_are_not_there_and_other_texts_name_no_function() -> None:
    functions = catalog(Store())
    for text in (f"{RECORD.arn}:7", f"{RECORD.arn}:live", "not an arn", "", RECORD.arn + "x"):
        assert await functions.resolve(text) is None


async def test_the_policy_is_compiled_for_invocations() -> None:
    store = Store()
    document = render_statement(
        sid="gateway",
        principal="apigateway.amazonaws.com",
        action=INVOKE,
        resource=RECORD.arn,
        source_arn="arn:aws:execute-api:us-east-1:123456789012:abc/*",
        source_account=None,
        organization_id=None,
    )
    store.record = structs.replace(RECORD, statements=(FunctionStatement(sid="gateway", document=document),))
    function = await catalog(store).resolve(RECORD.arn)
    assert function is not None
    assert function.resource_policy is not None
    outcomes = []
    for source in ("arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/", "arn:aws:execute-api:us-east-1:1:xyz/a"):
        request = AuthorizationRequest(
            action=INVOKE,
            resource=RECORD.arn,
            principal=Principal.service("apigateway.amazonaws.com"),
            resource_account="123456789012",
            context=RequestContext.of({"aws:SourceArn": source}),
        )
        outcomes.append(function.resource_policy.evaluate(request).outcome)
    assert outcomes == [Outcome.ALLOW, Outcome.IMPLICIT_DENY]


def statement(resource: str) -> FunctionStatement:
    document = render_statement(
        sid="s",
        principal="*",
        action=INVOKE,
        resource=resource,
        source_arn=None,
        source_account=None,
        organization_id=None,
    )
    return FunctionStatement(sid="s", document=document)


async def test_versions_and_aliases_have_their_own_policies_and_the_functions_concurrency() -> None:
    store = Store()
    store.record = structs.replace(RECORD, statements=(statement(RECORD.arn),), reserved_concurrency=3)
    store.versions = {"1": structs.replace(RECORD, version="1", handler="v1", revision_id="v")}
    prod = AliasRecord(
        account=RECORD.account,
        region=RECORD.region,
        function_name="f",
        name="prod",
        version="1",
        revision_id="a",
        statements=(statement(f"{RECORD.arn}:prod"),),
    )
    store.aliases = {"prod": prod, "gone": structs.replace(prod, version="2")}
    functions = catalog(store)
    version, alias = await functions.resolve(f"{RECORD.arn}:1"), await functions.resolve(f"{RECORD.arn}:prod")
    assert version is not None
    assert alias is not None
    assert (version.arn, version.version, version.handler, version.revision_id) == (f"{RECORD.arn}:1", "1", "v1", "v")
    assert (alias.arn, alias.version, alias.handler, alias.revision_id) == (f"{RECORD.arn}:prod", "1", "v1", "a")
    assert version.resource_policy is None
    assert alias.resource_policy is not None
    assert version.reserved_concurrency == alias.reserved_concurrency == 3
    assert await functions.resolve(f"{RECORD.arn}:gone") is None
    assert functions.current(alias.arn) is alias
    assert functions.current(RECORD.arn) is None
    store.aliases["prod"] = structs.replace(prod, version="$LATEST", statements=())
    store.change(store.record)
    assert functions.current(alias.arn) is functions.current(version.arn) is None
    moved = await functions.resolve(alias.arn)
    assert moved is not None
    assert (moved.version, moved.handler, moved.resource_policy) == ("$LATEST", "app.handler", None)


def test_what_a_machine_lacks_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    functions = catalog(Store())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert functions.missing_runtime("python3.12") is None
    assert functions.missing_runtime("nodejs20.x") is not None
    node = tmp_path / "node"
    node.write_text("#!/bin/sh")
    node.chmod(0o755)
    assert functions.missing_runtime("nodejs20.x") is None

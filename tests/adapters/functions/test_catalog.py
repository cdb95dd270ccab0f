from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from msgspec import structs

from yett.adapters.functions.catalog import FunctionCatalog
from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext
from yett.ports.function_store import FunctionRecord, FunctionStatement
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
        self.reads = 0
        self.listener: Callable[[Iterable[str]], None] = lambda scopes: None
        self.meanwhile: Callable[[], None] = lambda: None

    def on_change(self, listener: Callable[[Iterable[str]], None]) -> None:
        self.listener = listener

    def change(self, record: FunctionRecord | None) -> None:
        self.record = record
        self.listener(frozenset({"stage:x/prod", f"function:{RECORD.arn}"}))

    async def find(self, account: str, region: str, name: str) -> FunctionRecord | None:
        self.reads += 1
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


async def test_versions_aliases_and_other_texts_name_no_function() -> None:
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

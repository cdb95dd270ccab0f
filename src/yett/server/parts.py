"""The parts that processes are made of. With wiring.py the only module that knows the adapters.

A process that writes (the only one, or the control process of a node) opens the database with ``Store.open``; workers
and the function host read what that one wrote, with ``Store.follow``, and see each commit before their next look-up.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, Self

from msgspec import Struct

from yett.adapters.access_logs import AccessLogFiles
from yett.adapters.authorization_messages import SealedAuthorizationMessages
from yett.adapters.callers import StoredCallers
from yett.adapters.commit_log import CommitLog, CommitReader, make_file
from yett.adapters.dynamodb import EmbeddedDynamoDb, RemoteDynamoDb
from yett.adapters.fresh_views import FreshCallers, FreshFunctions, FreshKeySets, FreshPlans
from yett.adapters.functions.catalog import FunctionCatalog
from yett.adapters.functions.code import CodeDirectories
from yett.adapters.functions.credentials import RoleCredentials
from yett.adapters.functions.events import KeptEvents
from yett.adapters.functions.pool import FunctionPool
from yett.adapters.functions.remote import HostedFunctions, RemoteFunctions
from yett.adapters.jwks import StoredKeySets
from yett.adapters.links import Link, attach
from yett.adapters.messages.outbox import Outbox
from yett.adapters.passwords import Argon2Passwords
from yett.adapters.plans import CompiledPlans
from yett.adapters.rootless_callers import RootlessCallers
from yett.adapters.session_tokens import SealedSessionTokens
from yett.adapters.shared_state.announced import AnnouncedFlushes
from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.adapters.shared_state.redis import RedisAuthorizerCache
from yett.adapters.signing_keys import StoredSigningKeys
from yett.adapters.sql.api_store import SqlApiStore
from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.credential_store import SqlCredentialStore
from yett.adapters.sql.database import Database
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.master_keys import take_sealer
from yett.adapters.sql.notices import Notices
from yett.adapters.sql.organization_store import SqlOrganizationStore
from yett.adapters.sql.sealing import Sealer
from yett.adapters.sql.stack_store import SqlStackStore
from yett.adapters.sql.user_pool_store import SqlUserPoolStore
from yett.adapters.system import SystemClock, SystemRandomness
from yett.adapters.unix_sockets import listen_at
from yett.adapters.upstream.client import PooledUpstream
from yett.adapters.vouching import MemoryVouching
from yett.ports.bundle import Ports
from yett.ports.callers import Callers
from yett.ports.clock import Clock
from yett.ports.functions import Functions
from yett.ports.iam_store import LastUse
from yett.ports.jwks import KeySets
from yett.ports.plans import Plans
from yett.ports.settings import Settings
from yett.ports.tracing import Tracing
from yett.ports.upstream import LOCAL_DEVELOPMENT, PUBLIC_ONLY, Upstream
from yett.rules.execute_api.access_log import DIRECTORY as ACCESS_LOGS
from yett.values.errors import Unavailable

__all__ = [
    "CommitLog",
    "FunctionPool",
    "HostedFunctions",
    "KeptEvents",
    "Link",
    "Notices",
    "RemoteFunctions",
    "RootlessCallers",
    "Sealer",
    "attach",
    "listen_at",
    "make_file",
    "take_sealer",
]

DATABASE: Final = "yett.db"
Close = Callable[[], Awaitable[None]]


def database_url(home: Path, given: str | None) -> str:
    """The URL of the database: the one given, else SQLite in the home."""
    return given or f"sqlite:///{home / DATABASE}"


class Store(Struct, frozen=True, kw_only=True):
    """The database as one process sees it, with what that process holds of it in memory."""

    settings: Settings
    home: Path
    sealer: Sealer
    clock: Clock
    database: Database
    upstream: Upstream
    session_tokens: SealedSessionTokens
    callers: Callers
    plans: Plans
    functions: Functions
    key_sets: KeySets
    iam_store: SqlIamStore
    api_store: SqlApiStore
    function_store: SqlFunctionStore
    user_pool_store: SqlUserPoolStore
    notices: Notices | None  # of other nodes on the same database, where it can have several and this process writes
    closers: tuple[Close, ...]  # in the order in which they are closed, after all that uses them

    @classmethod
    def open(
        cls, settings: Settings, *, home: Path, sealer: Sealer, url: str | None, clock: Clock | None = None
    ) -> Self:
        """The database, made or brought up to date if need be. The home is held by the caller."""
        location = database_url(home, url)
        database = Database.open(location, sealer=sealer)
        return cls._of(
            settings,
            home=home,
            sealer=sealer,
            database=database,
            clock=clock,
            iam=SqlIamStore(database),
            notices=None if location.startswith("sqlite") else Notices(location, database.origin, database.tell),
        )

    @classmethod
    def follow(
        cls,
        settings: Settings,
        *,
        home: Path,
        sealer: Sealer,
        url: str | None,
        commits: int,
        send_uses: Callable[[Mapping[str, LastUse]], Awaitable[None]],
    ) -> Self:
        """The database as another process writes it, whose commits are told in the memory behind *commits*.

        *send_uses* takes the access keys and roles that were used, to that process.
        """
        database = Database.open_for_reading(database_url(home, url), sealer=sealer)
        reader = CommitReader(commits, database.tell)
        return cls._of(
            settings,
            home=home,
            sealer=sealer,
            database=database,
            iam=RelayedUses(database, send_uses),
            catch_up=reader.catch_up,
        )

    @classmethod
    def _of(
        cls,
        settings: Settings,
        *,
        home: Path,
        sealer: Sealer,
        database: Database,
        iam: SqlIamStore,
        notices: Notices | None = None,
        clock: Clock | None = None,
        catch_up: Callable[[], None] | None = None,
    ) -> Self:
        upstream = PooledUpstream()
        session_tokens = SealedSessionTokens(sealer, SystemRandomness())
        api_store = SqlApiStore(database)
        stored_plans = CompiledPlans(api_store, SqlOrganizationStore(database))
        database.on_commit(stored_plans.forget)
        function_store = SqlFunctionStore(database)
        user_pool_store = SqlUserPoolStore(database)
        callers: Callers = StoredCallers(database, session_tokens)
        plans: Plans = stored_plans
        functions: Functions = FunctionCatalog(function_store, database.on_commit)
        key_sets: KeySets = StoredKeySets(user_pool_store, upstream, settings, database.on_commit)
        if catch_up is not None:
            callers, plans = FreshCallers(callers, catch_up), FreshPlans(plans, catch_up)
            functions, key_sets = FreshFunctions(functions, catch_up), FreshKeySets(key_sets, catch_up)

        async def write_uses() -> None:
            with contextlib.suppress(Unavailable):  # when a key was last used is no reason not to stop
                await iam.write_uses()

        return cls(
            settings=settings,
            home=home,
            sealer=sealer,
            clock=clock or SystemClock(),
            database=database,
            upstream=upstream,
            session_tokens=session_tokens,
            callers=callers,
            plans=plans,
            functions=functions,
            key_sets=key_sets,
            iam_store=iam,
            api_store=api_store,
            function_store=function_store,
            user_pool_store=user_pool_store,
            notices=notices,
            closers=(*(() if notices is None else (notices.stop,)), upstream.close, write_uses, database.close),
        )

    def make_function_pool(self, *, endpoint_url: str) -> FunctionPool:
        """A pool that runs this store's functions, which reach AWS APIs at the URL."""
        credentials = RoleCredentials(
            callers=self.callers, roles=self.iam_store, session_tokens=self.session_tokens, clock=self.clock
        )
        return FunctionPool(
            home=self.home,
            functions=self.functions,
            code=CodeDirectories(self.home, self.function_store),
            credentials=credentials.issue,
            endpoint_url=lambda: endpoint_url,
        )


class RelayedUses(SqlIamStore):
    """The store of IAM in a process that does not write: last uses of keys and roles go to the one that does."""

    def __init__(self, database: Database, send: Callable[[Mapping[str, LastUse]], Awaitable[None]]) -> None:
        super().__init__(database)
        self._send = send

    async def write_uses(self) -> None:
        """Send the uses noted since the last time."""
        uses = dict(self._uses)
        if uses:
            await self._send(uses)
        for used, use in uses.items():
            if self._uses.get(used) is use:
                del self._uses[used]


class Parts(Struct, frozen=True, kw_only=True):
    """The ports of a process, and how they are closed."""

    ports: Ports
    closers: tuple[Close, ...]

    @classmethod
    def of(
        cls,
        store: Store,
        *,
        runner: FunctionPool | RemoteFunctions,
        redis_url: str | None,
        dynamodb_url: str | None,
        announces_flushes: bool = False,
    ) -> Self:
        """All ports, over the store."""
        passwords = Argon2Passwords()
        signing_keys = StoredSigningKeys(store.user_pool_store)
        local = store.settings.permits_private_upstreams
        rule = LOCAL_DEVELOPMENT if local else PUBLIC_ONLY
        dynamodb = RemoteDynamoDb(dynamodb_url, network_rule=rule) if dynamodb_url else EmbeddedDynamoDb()
        access_logs = AccessLogFiles(store.home / ACCESS_LOGS)
        closers: list[Close] = [runner.stop, dynamodb.close, access_logs.aclose]
        cache: MemoryAuthorizerCache | RedisAuthorizerCache
        if redis_url is None:
            cache = MemoryAuthorizerCache()
        else:
            cache = RedisAuthorizerCache(redis_url, store.sealer)
            closers.append(cache.close)
        store.database.on_commit(cache.forget)
        tracing = make_tracing(store.settings, closers)

        async def close_threads() -> None:
            passwords.close()
            signing_keys.close()

        ports = Ports(
            settings=store.settings,
            clock=store.clock,
            randomness=SystemRandomness(),
            callers=store.callers,
            vouching=MemoryVouching(),
            session_tokens=store.session_tokens,
            authorization_messages=SealedAuthorizationMessages(store.sealer),
            audit_trail=SqlAuditTrail(store.database),
            iam_store=store.iam_store,
            credential_store=SqlCredentialStore(store.database),
            organization_store=SqlOrganizationStore(store.database),
            api_store=store.api_store,
            plans=store.plans,
            function_store=store.function_store,
            functions=store.functions,
            function_runner=runner,
            user_pool_store=store.user_pool_store,
            passwords=passwords,
            signing_keys=signing_keys,
            messages=Outbox(store.home / "outbox"),
            key_sets=store.key_sets,
            authorizer_cache=AnnouncedFlushes(cache, store.database.announce) if announces_flushes else cache,
            stack_store=SqlStackStore(store.database),
            upstream=store.upstream,
            dynamodb=dynamodb,
            access_logs=access_logs,
            tracing=tracing,
        )
        return cls(ports=ports, closers=(*closers, close_threads, *store.closers))


def make_tracing(settings: Settings, closers: list[Close]) -> Tracing | None:
    """Where spans go, if they are wanted: the packages for it are an extra."""
    if not settings.traces:
        return None
    from yett.adapters.telemetry import OpenTelemetryTracing

    tracing = OpenTelemetryTracing()
    closers.append(tracing.aclose)
    return tracing

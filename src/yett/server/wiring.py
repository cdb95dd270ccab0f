"""Which adapter answers which port, and which door stands where. The only module that knows the adapters."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, Self

from msgspec import Struct

from yett.adapters.callers import StoredCallers
from yett.adapters.dynamodb import EmbeddedDynamoDb, RemoteDynamoDb
from yett.adapters.functions.catalog import FunctionCatalog
from yett.adapters.functions.code import CodeDirectories
from yett.adapters.functions.credentials import RoleCredentials
from yett.adapters.functions.pool import FunctionPool
from yett.adapters.jwks import StoredKeySets
from yett.adapters.messages.outbox import Outbox
from yett.adapters.passwords import Argon2Passwords
from yett.adapters.plans import CompiledPlans
from yett.adapters.session_tokens import SealedSessionTokens
from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.adapters.signing_keys import StoredSigningKeys
from yett.adapters.sql.api_store import SqlApiStore
from yett.adapters.sql.audit_trail import SqlAuditTrail
from yett.adapters.sql.database import Database
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.master_keys import take_sealer
from yett.adapters.sql.organization_store import SqlOrganizationStore
from yett.adapters.sql.sealing import Sealer
from yett.adapters.sql.stack_store import SqlStackStore
from yett.adapters.sql.user_pool_store import SqlUserPoolStore
from yett.adapters.system import SystemClock, SystemRandomness
from yett.adapters.upstream.client import PooledUpstream
from yett.control_plane.door import answer as answer_control_plane
from yett.execute_api.decisions import Decisions
from yett.execute_api.door import ExecuteApi
from yett.hosted_login.door import application as hosted_login
from yett.ports.bundle import Ports
from yett.ports.clock import Clock
from yett.ports.settings import Settings
from yett.ports.upstream import LOCAL_DEVELOPMENT, PUBLIC_ONLY
from yett.server.admin import Admin
from yett.server.asgi_bridge import bridge
from yett.server.doors import Doors
from yett.values.errors import Unavailable

__all__ = ["Wired", "take_sealer"]

DATABASE: Final = "yett.db"


class Wired(Struct, frozen=True, kw_only=True):
    """A server's parts, tied together."""

    ports: Ports
    decisions: Decisions
    doors: Doors
    closers: tuple[Callable[[], Awaitable[None]], ...]  # in the order in which they are closed

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        home: Path,
        sealer: Sealer,
        database_url: str | None,
        dynamodb_url: str | None,
        clock: Clock | None = None,
    ) -> Self:
        """Open the store and tie every part to it. The home is held by the caller."""
        database = Database.open(database_url or f"sqlite:///{home / DATABASE}", sealer=sealer)
        clock = clock or SystemClock()
        randomness = SystemRandomness()
        upstream = PooledUpstream()
        session_tokens = SealedSessionTokens(sealer, randomness)
        callers = StoredCallers(database, session_tokens)
        iam_store = SqlIamStore(database)
        function_store = SqlFunctionStore(database)
        functions = FunctionCatalog(function_store, database.on_commit)
        runner = FunctionPool(
            home=home,
            functions=functions,
            code=CodeDirectories(home, function_store),
            credentials=RoleCredentials(
                callers=callers, roles=iam_store, session_tokens=session_tokens, clock=clock
            ).issue,
            endpoint_url=lambda: settings.public_url,
        )
        api_store = SqlApiStore(database)
        plans = CompiledPlans(api_store)
        database.on_commit(plans.forget)
        user_pool_store = SqlUserPoolStore(database)
        passwords = Argon2Passwords()
        signing_keys = StoredSigningKeys(user_pool_store)
        rule = LOCAL_DEVELOPMENT if settings.permits_private_upstreams else PUBLIC_ONLY
        dynamodb = RemoteDynamoDb(dynamodb_url, network_rule=rule) if dynamodb_url else EmbeddedDynamoDb()
        ports = Ports(
            settings=settings,
            clock=clock,
            randomness=randomness,
            callers=callers,
            session_tokens=session_tokens,
            audit_trail=SqlAuditTrail(database),
            iam_store=iam_store,
            organization_store=SqlOrganizationStore(database),
            api_store=api_store,
            plans=plans,
            function_store=function_store,
            functions=functions,
            function_runner=runner,
            user_pool_store=user_pool_store,
            passwords=passwords,
            signing_keys=signing_keys,
            messages=Outbox(home / "outbox"),
            key_sets=StoredKeySets(user_pool_store, upstream, settings, database.on_commit),
            authorizer_cache=MemoryAuthorizerCache(),
            stack_store=SqlStackStore(database),
            upstream=upstream,
            dynamodb=dynamodb,
        )
        decisions = Decisions()

        async def close_threads() -> None:
            passwords.close()
            signing_keys.close()

        async def write_uses() -> None:
            with contextlib.suppress(Unavailable):  # when a key was last used is no reason not to stop
                await iam_store.write_uses()

        return cls(
            ports=ports,
            decisions=decisions,
            doors=Doors(
                execute_api=ExecuteApi(ports, decisions).answer,
                control_plane=partial(answer_control_plane, ports=ports),
                hosted_login=partial(bridge, hosted_login(ports)),
                admin=Admin(ports, decisions).answer,
            ),
            closers=(runner.stop, dynamodb.close, upstream.close, close_threads, write_uses, database.close),
        )

    async def close(self) -> None:
        """End what was started: functions, the embedded DynamoDB, connections, threads, the store."""
        for close in self.closers:
            await close()

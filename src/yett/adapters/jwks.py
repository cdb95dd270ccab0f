"""Key sets: of our own pools from the store, of other issuers by their discovery document, all kept in memory."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from yett.adapters.sql.user_pool_store import KEYS_SCOPE
from yett.ports.clock import Clock
from yett.ports.errors import Unavailable
from yett.ports.settings import Settings
from yett.ports.upstream import LOCAL_DEVELOPMENT, PUBLIC_ONLY, Upstream, UpstreamRequest
from yett.ports.user_pool_store import UserPoolStore
from yett.tokens import KeySet, TokenRefused, parse_key_set
from yett.values.http import Headers
from yett.values.identifiers import USER_POOL_ID

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
TIMEOUT_SECONDS: Final = 1.5  # for the discovery document, and again for the keys
DOCUMENT_BYTES: Final = 150_000
FRESH: Final = timedelta(hours=1)  # then they are fetched again when next asked for
KEPT: Final = timedelta(hours=2)  # an issuer that cannot be reached is believed this long, as AWS may
UNKNOWN_KID_PAUSE: Final = timedelta(seconds=30)  # between two fetches that tokens with unknown kids cause
FAILURE_PAUSE: Final = timedelta(seconds=5)  # after a failed fetch
ISSUERS: Final = 1_000
DISCOVERY: Final = "/.well-known/openid-configuration"


class Held(Struct, frozen=True, kw_only=True):
    """A key set in memory."""

    keys: KeySet
    generation: int
    fetched_at: datetime | None  # None: of our own pool, good until the store says otherwise


class StoreAndNetworkKeySets:
    """Key sets by issuer; see ports/jwks.py. Hand ``forget`` to the database's ``on_commit``."""

    def __init__(self, *, store: UserPoolStore, upstream: Upstream, settings: Settings, clock: Clock) -> None:
        self._store, self._upstream, self._settings, self._clock = store, upstream, settings, clock
        self._held: dict[str, Held] = {}
        self._generation = 0
        self._changes: dict[str, int] = {}  # pool id -> how often its keys came or went since we started
        self._fetching: dict[str, asyncio.Task[KeySet]] = {}
        self._tried_at: dict[str, datetime] = {}
        self._failed: dict[str, str] = {}

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        held = self._held.get(issuer)
        if held is None:
            return None
        if held.fetched_at is not None and self._clock.now() >= held.fetched_at + FRESH:
            return None
        return held.keys, held.generation

    async def resolve(self, issuer: str, *, now: datetime, unknown_kid: bool = False) -> tuple[KeySet, int] | None:
        pool_id = self._own_pool(issuer)
        if pool_id is not None:
            return await self._resolve_own(issuer, pool_id)
        held = self._held.get(issuer)
        if held is not None and held.fetched_at is not None:
            age = now - held.fetched_at
            if age < (UNKNOWN_KID_PAUSE if unknown_kid else FRESH):
                return held.keys, held.generation
        return await self._resolve_foreign(issuer, held, now=now)

    def forget(self, scopes: frozenset[str]) -> None:
        """Drop the keys of pools that were made or removed."""
        for scope in scopes:
            if scope.startswith(KEYS_SCOPE):
                pool_id = scope.removeprefix(KEYS_SCOPE)
                self._changes[pool_id] = self._changes.get(pool_id, 0) + 1
                for issuer in [issuer for issuer in self._held if self._own_pool(issuer) == pool_id]:
                    del self._held[issuer]

    # -- our own pools

    def _own_pool(self, issuer: str) -> str | None:
        pool_id = issuer.rpartition("/")[2]
        is_own = USER_POOL_ID.fullmatch(pool_id) is not None and issuer == self._settings.issuer(pool_id)
        return pool_id if is_own else None

    async def _resolve_own(self, issuer: str, pool_id: str) -> tuple[KeySet, int] | None:
        if (held := self._held.get(issuer)) is not None:
            return held.keys, held.generation
        changes = self._changes.get(pool_id, 0)
        place = await self._store.place_of_pool(pool_id)
        pool_keys = None if place is None else await self._store.find_keys(place)
        if pool_keys is None:
            return None
        keys = parse_key_set(msgspec.json.encode({"keys": [pool_keys.id.public_jwk, pool_keys.access.public_jwk]}))
        if self._changes.get(pool_id, 0) != changes:  # removed while we read: nothing is kept of what may be gone
            return None
        return self._hold(issuer, keys, fetched_at=None)

    # -- other issuers

    async def _resolve_foreign(self, issuer: str, held: Held | None, *, now: datetime) -> tuple[KeySet, int] | None:
        tried_at = self._tried_at.get(issuer)
        if issuer not in self._fetching and issuer in self._failed and tried_at and now - tried_at < FAILURE_PAUSE:
            return self._believed(held, self._failed[issuer], now=now)
        task = self._fetching.get(issuer)
        if task is None:
            self._tried_at[issuer] = now
            task = asyncio.get_running_loop().create_task(self._fetch(issuer))
            self._fetching[issuer] = task
            task.add_done_callback(lambda done: self._fetched(issuer, done, now))
        try:
            await asyncio.shield(task)
        except Unavailable as error:
            return self._believed(held, error.reason, now=now)
        return self.current(issuer)

    def _fetched(self, issuer: str, task: asyncio.Task[KeySet], now: datetime) -> None:
        self._fetching.pop(issuer, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._failed[issuer] = getattr(error, "reason", "") or "the issuer failed"
            return
        self._failed.pop(issuer, None)
        self._hold(issuer, task.result(), fetched_at=now)

    def _believed(self, held: Held | None, reason: str, *, now: datetime) -> tuple[KeySet, int]:
        if held is None or held.fetched_at is None or now >= held.fetched_at + KEPT:
            raise Unavailable(reason)
        return held.keys, held.generation

    def _hold(self, issuer: str, keys: KeySet, *, fetched_at: datetime | None) -> tuple[KeySet, int]:
        before = self._held.pop(issuer, None)
        if before is None or before.keys != keys:
            self._generation += 1
            generation = self._generation
        else:
            keys, generation = before.keys, before.generation
        self._held[issuer] = Held(keys=keys, generation=generation, fetched_at=fetched_at)
        while len(self._held) > ISSUERS:
            del self._held[next(iter(self._held))]
        return keys, generation

    async def _fetch(self, issuer: str) -> KeySet:
        document = await self._get(f"{issuer.rstrip('/')}{DISCOVERY}", "OIDC discovery endpoint communication error")
        try:
            members: Any = msgspec.json.decode(document)
        except msgspec.DecodeError:
            members = None
        if not isinstance(members, Mapping) or members.get("issuer") != issuer:
            # https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
            raise Unavailable("OIDC discovery endpoint communication error")
        jwks_uri = members.get("jwks_uri")
        if not isinstance(jwks_uri, str):
            raise Unavailable("OIDC discovery endpoint communication error")
        try:
            return parse_key_set(await self._get(jwks_uri, "JWKS communication error"))
        except TokenRefused as refused:
            raise Unavailable("JWKS communication error") from refused

    async def _get(self, url: str, failure: str) -> bytes:
        is_local = self._settings.permits_private_upstreams
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise Unavailable(failure) from None
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)) or parts.username:
            raise Unavailable(failure)
        try:
            answer = await self._upstream.send(
                UpstreamRequest(
                    method="GET",
                    scheme=parts.scheme,
                    host=host,
                    port=port or (443 if parts.scheme == "https" else 80),
                    target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                    headers=Headers([("Accept", "application/json")]),
                    timeout_seconds=TIMEOUT_SECONDS,
                    network_rule=LOCAL_DEVELOPMENT if is_local else PUBLIC_ONLY,
                )
            )
        except Unavailable as error:
            raise Unavailable(failure) from error
        if answer.status != 200 or len(answer.body) > DOCUMENT_BYTES:
            raise Unavailable(failure)
        return answer.body

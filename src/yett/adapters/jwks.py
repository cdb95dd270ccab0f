"""Key sets: of our own pools from the store, of other issuers by their discovery document, all kept in memory."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from yett.adapters.sql.database import Listener
from yett.adapters.sql.revisions import EVERYTHING
from yett.adapters.sql.user_pool_store import KEYS_SCOPE
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
FRESH_SECONDS: Final = 3600.0  # then they are fetched again when next asked for
KEPT_SECONDS: Final = 7200.0  # an issuer that cannot be reached is believed this long, as AWS may
UNKNOWN_KID_PAUSE_SECONDS: Final = 30.0  # between two fetches that tokens with unknown kids cause
FAILURE_PAUSE_SECONDS: Final = 5.0  # after a failed fetch
ISSUERS: Final = 1_000
DISCOVERY: Final = "/.well-known/openid-configuration"


class Held(Struct, frozen=True, kw_only=True):
    """A key set in memory."""

    keys: KeySet
    generation: int
    fetched_at: float | None  # seconds; None: of our own pool, good until the store says otherwise


class StoredKeySets:
    """Key sets by issuer; see ports/jwks.py. Ages are counted by a clock that nobody sets."""

    def __init__(
        self,
        store: UserPoolStore,
        upstream: Upstream,
        settings: Settings,
        on_commit: Callable[[Listener], None],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._upstream, self._settings, self._seconds = store, upstream, settings, seconds
        self._held: dict[str, Held] = {}
        self._generation = 0
        self._changes: dict[str, int] = {}  # pool id -> how often its keys came or went since we started
        self._epoch = 0  # how often nobody knew which pools' keys came or went
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, tuple[float, str]] = {}  # issuer -> when, and why
        on_commit(self._forget)

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        held = self._held.get(issuer)
        if held is None:
            return None
        if held.fetched_at is not None and self._seconds() >= held.fetched_at + FRESH_SECONDS:
            return None
        return held.keys, held.generation

    async def resolve(
        self,
        issuer: str,
        *,
        now: datetime,  # noqa: ARG002
        unknown_kid: bool = False,
    ) -> tuple[KeySet, int] | None:
        pool_id = self._own_pool(issuer)
        if pool_id is not None:
            return await self._resolve_own(issuer, pool_id)
        held = self._held.get(issuer)
        if held is not None and held.fetched_at is not None:
            age = self._seconds() - held.fetched_at
            if age < (UNKNOWN_KID_PAUSE_SECONDS if unknown_kid else FRESH_SECONDS):
                return held.keys, held.generation
        return await self._resolve_foreign(issuer, held)

    def _forget(self, scopes: frozenset[str]) -> None:
        """Drop the keys of pools that were made or removed."""
        if EVERYTHING in scopes:
            self._forget_own_pools()
        for scope in scopes:
            if scope.startswith(KEYS_SCOPE):
                pool_id = scope.removeprefix(KEYS_SCOPE)
                self._changes[pool_id] = self._changes.get(pool_id, 0) + 1
                for issuer in [issuer for issuer in self._held if self._own_pool(issuer) == pool_id]:
                    del self._held[issuer]

    def _forget_own_pools(self) -> None:
        self._epoch += 1
        for issuer in [issuer for issuer, held in self._held.items() if held.fetched_at is None]:
            del self._held[issuer]

    # -- our own pools

    def _own_pool(self, issuer: str) -> str | None:
        pool_id = issuer.rpartition("/")[2]
        is_own = USER_POOL_ID.fullmatch(pool_id) is not None and issuer == self._settings.issuer(pool_id)
        return pool_id if is_own else None

    async def _resolve_own(self, issuer: str, pool_id: str) -> tuple[KeySet, int] | None:
        if (held := self._held.get(issuer)) is not None:
            return held.keys, held.generation
        changes = self._epoch, self._changes.get(pool_id, 0)
        place = await self._store.place_of_pool(pool_id)
        pool_keys = None if place is None else await self._store.find_keys(place)
        if pool_keys is None:
            return None
        keys = parse_key_set(msgspec.json.encode({"keys": [pool_keys.id.public_jwk, pool_keys.access.public_jwk]}))
        if (
            self._epoch,
            self._changes.get(pool_id, 0),
        ) != changes:  # removed while we read: nothing is kept of what may be gone
            return None
        return self._hold(issuer, keys, fetched_at=None)

    # -- other issuers

    async def _resolve_foreign(self, issuer: str, held: Held | None) -> tuple[KeySet, int] | None:
        task = self._fetching.get(issuer)
        if task is None:
            failed_at, reason = self._failed.get(issuer, (None, ""))
            if failed_at is not None and self._seconds() < failed_at + FAILURE_PAUSE_SECONDS:
                return self._believed(held, reason)
            task = asyncio.get_running_loop().create_task(self._fetch(issuer))
            self._fetching[issuer] = task
            task.add_done_callback(partial(self._fetched, issuer))
        try:
            await asyncio.shield(task)
        except Unavailable as error:
            return self._believed(held, error.reason)
        return self.current(issuer)

    def _fetched(self, issuer: str, task: asyncio.Task[None]) -> None:
        del self._fetching[issuer]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed[issuer] = (self._seconds(), getattr(error, "reason", "") or "the issuer failed")
            while len(self._failed) > ISSUERS:
                del self._failed[next(iter(self._failed))]

    def _believed(self, held: Held | None, reason: str) -> tuple[KeySet, int]:
        if held is None or held.fetched_at is None or self._seconds() >= held.fetched_at + KEPT_SECONDS:
            raise Unavailable(reason)
        return held.keys, held.generation

    def _hold(self, issuer: str, keys: KeySet, *, fetched_at: float | None) -> tuple[KeySet, int]:
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

    async def _fetch(self, issuer: str) -> None:
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
            keys = parse_key_set(await self._get(jwks_uri, "JWKS communication error"))
        except TokenRefused as refused:
            raise Unavailable("JWKS communication error") from refused
        self._failed.pop(issuer, None)
        self._hold(issuer, keys, fetched_at=self._seconds())

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
                    headers=Headers.of([("Accept", "application/json")]),
                    timeout_seconds=TIMEOUT_SECONDS,
                    network_rule=LOCAL_DEVELOPMENT if is_local else PUBLIC_ONLY,
                )
            )
        except Unavailable as error:
            raise Unavailable(failure) from error
        if answer.status != 200 or len(answer.body) > DOCUMENT_BYTES:
            raise Unavailable(failure)
        return answer.body

"""An authorizer cache whose flushes are told to every other process, of this node and of others."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from yett.adapters.shared_state.memory import flush_scope
from yett.ports.shared_state import AuthorizerCache, CachedAnswer, CacheKey


class AnnouncedFlushes:
    """``ports.shared_state.AuthorizerCache`` of the process that AWS APIs are called in."""

    def __init__(self, cache: AuthorizerCache, announce: Callable[[frozenset[str]], Awaitable[None]]) -> None:
        """*announce* commits that scopes moved: what memories of this node hold of the stage is forgotten before their
        next call, those of other nodes as soon as they hear of it.
        """
        self._cache = cache
        self._announce = announce

    def current(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """See the port."""
        return self._cache.current(key, now=now)

    async def find(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """See the port."""
        return await self._cache.find(key, now=now)

    async def put(self, key: CacheKey, answer: CachedAnswer) -> None:
        """See the port."""
        await self._cache.put(key, answer)

    async def flush(self, account: str, api_id: str, stage: str) -> None:
        """See the port."""
        try:
            await self._cache.flush(account, api_id, stage)
        finally:
            await self._announce(frozenset({flush_scope(account, api_id, stage)}))

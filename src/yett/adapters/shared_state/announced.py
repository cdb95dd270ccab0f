"""An authorizer cache whose flushes are told to the other processes of the node."""

from collections.abc import Callable
from datetime import datetime

from yett.adapters.shared_state.memory import flush_scope
from yett.ports.shared_state import AuthorizerCache, CachedAnswer, CacheKey


class AnnouncedFlushes:
    """``ports.shared_state.AuthorizerCache`` of the process that AWS APIs are called in."""

    def __init__(self, cache: AuthorizerCache, tell: Callable[[frozenset[str]], None]) -> None:
        """*tell* is the commit log's: what the others' memories hold of the stage is forgotten before their next
        call.
        """
        self._cache = cache
        self._tell = tell

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
            self._tell(frozenset({flush_scope(account, api_id, stage)}))

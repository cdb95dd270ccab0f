"""Authorizers' answers in this process's memory."""

from collections import OrderedDict
from datetime import datetime
from typing import Final

from yett.adapters.sql.revisions import EVERYTHING
from yett.ports.shared_state import CachedAnswer, CacheKey

ENTRIES: Final = 10_000
BYTES: Final = 64 * 1024 * 1024  # of the answers' JSON, all together
FLUSH_SCOPE: Final = "authorizer-cache:"  # and account/api/stage: told when the stage's answers are forgotten


def flush_scope(account: str, api_id: str, stage: str) -> str:
    """What is told to the processes of the node when a stage's answers are forgotten."""
    return f"{FLUSH_SCOPE}{account}/{api_id}/{stage}"


def _scope_of(key: CacheKey) -> str:
    return flush_scope(key.place.account, key.place.api_id, key.place.stage)


class MemoryAuthorizerCache:
    """``ports.shared_state.AuthorizerCache``, least recently used first to go. What is lost here is asked for again."""

    def __init__(self, *, entries: int = ENTRIES, total_bytes: int = BYTES) -> None:
        self._entries = entries
        self._total_bytes = total_bytes
        self._answers: OrderedDict[CacheKey, tuple[CachedAnswer, datetime]] = OrderedDict()
        self._bytes = 0
        self._flushes = 0
        # Keys that were missed, since which flush: what was asked before a flush is not kept after it.
        self._missed: OrderedDict[CacheKey, int] = OrderedDict()

    def current(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """The answer, if it is kept and not yet expired."""
        kept = self._answers.get(key)
        if kept is None:
            self._miss(key)
            return None
        answer, until = kept
        if now >= until:
            self._drop(key)
            self._miss(key)
            return None
        self._answers.move_to_end(key)
        return answer

    async def find(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """The same: nothing is shared beyond this process."""
        return self.current(key, now=now)

    async def put(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer; the oldest make room."""
        self.keep(key, answer, until=answer.expires_at)

    def keep(self, key: CacheKey, answer: CachedAnswer, *, until: datetime) -> None:
        """Keep an answer until a moment, not after it expires; unless a flush came while it was being given."""
        self._drop(key)
        if self._missed.pop(key, self._flushes) != self._flushes:
            return
        self._answers[key] = answer, until
        self._bytes += len(answer.payload)
        while len(self._answers) > self._entries or self._bytes > self._total_bytes:
            self._drop(next(iter(self._answers)))

    async def flush(self, account: str, api_id: str, stage: str) -> None:
        """Forget every answer of the stage."""
        self.forget(frozenset({flush_scope(account, api_id, stage)}))

    def forget(self, scopes: frozenset[str]) -> None:
        """Forget the answers of the stages that these scopes name."""
        if EVERYTHING in scopes:
            self._flushes += 1
            self._answers.clear()
            self._bytes = 0
            return
        flushed = {scope for scope in scopes if scope.startswith(FLUSH_SCOPE)}
        if flushed:
            self._flushes += 1
            for key in [key for key in self._answers if _scope_of(key) in flushed]:
                self._drop(key)

    def _miss(self, key: CacheKey) -> None:
        self._missed.setdefault(key, self._flushes)
        if len(self._missed) > self._entries:
            self._missed.popitem(last=False)

    def _drop(self, key: CacheKey) -> None:
        kept = self._answers.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept[0].payload)

"""Authorizers' answers in this process's memory."""

from collections import OrderedDict
from datetime import datetime
from typing import Final

from yett.ports.shared_state import CachedAnswer, CacheKey

ENTRIES: Final = 10_000
BYTES: Final = 64 * 1024 * 1024  # of the answers' JSON, all together


class MemoryAuthorizerCache:
    """``ports.shared_state.AuthorizerCache``, least recently used first to go. What is lost here is asked for again."""

    def __init__(self, *, entries: int = ENTRIES, total_bytes: int = BYTES) -> None:
        self._entries = entries
        self._total_bytes = total_bytes
        self._answers: OrderedDict[CacheKey, CachedAnswer] = OrderedDict()
        self._bytes = 0

    def current(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """The answer, if it is kept and not yet expired."""
        answer = self._answers.get(key)
        if answer is None:
            return None
        if now >= answer.expires_at:
            self._drop(key)
            return None
        self._answers.move_to_end(key)
        return answer

    async def find(self, key: CacheKey, *, now: datetime) -> CachedAnswer | None:
        """The same: nothing is shared beyond this process."""
        return self.current(key, now=now)

    async def put(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer; the oldest make room."""
        self._drop(key)
        self._answers[key] = answer
        self._bytes += len(answer.payload)
        while len(self._answers) > self._entries or self._bytes > self._total_bytes:
            self._drop(next(iter(self._answers)))

    async def flush(self, account: str, api_id: str, stage: str) -> None:
        """Forget every answer of the stage."""
        for key in [key for key in self._answers if (key.account, key.api_id, key.stage) == (account, api_id, stage)]:
            self._drop(key)

    def _drop(self, key: CacheKey) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self._bytes -= len(answer.payload)

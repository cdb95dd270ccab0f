"""Key sets in a dictionary."""

from datetime import datetime

from yett.tokens import KeySet


class MemoryKeySets:
    """``ports.jwks.KeySets``. ``move`` makes it look as if an issuer's key set had changed."""

    def __init__(self) -> None:
        self.by_issuer: dict[str, tuple[KeySet, int]] = {}
        self.resolved: list[tuple[str, bool]] = []  # issuer, whether for a kid that is not known
        self.fails: Exception | None = None

    def hold(self, issuer: str, keys: KeySet) -> None:
        generation = self.by_issuer[issuer][1] + 1 if issuer in self.by_issuer else 1
        self.by_issuer[issuer] = (keys, generation)

    def current(self, issuer: str) -> tuple[KeySet, int] | None:
        return None if self.fails else self.by_issuer.get(issuer)

    async def resolve(self, issuer: str, *, now: datetime, unknown_kid: bool = False) -> tuple[KeySet, int] | None:
        self.resolved.append((issuer, unknown_kid))
        if self.fails:
            raise self.fails
        return self.by_issuer.get(issuer)

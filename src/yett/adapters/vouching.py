"""Rules for callers whose secret cannot be known, in this process's memory."""

from datetime import datetime

from yett.ports.vouching import Voucher


class MemoryVouching:
    """Answers `yett.ports.vouching.Vouching`."""

    def __init__(self) -> None:
        self._by_access_key: dict[str, Voucher] = {}

    def find(self, access_key_id: str, *, now: datetime) -> Voucher | None:
        """The rule that names the access key, unless it has expired."""
        found = self._by_access_key.get(access_key_id)
        return found if found is not None and now < found.expires_at else None

    def all(self, *, now: datetime) -> tuple[Voucher, ...]:
        """Every rule that has not expired, oldest first."""
        for key in [key for key, each in self._by_access_key.items() if now >= each.expires_at]:
            del self._by_access_key[key]
        return tuple(self._by_access_key.values())

    def add(self, voucher: Voucher) -> None:
        """Have a rule; one for the same access key goes."""
        self._by_access_key.pop(voucher.access_key_id, None)
        self._by_access_key[voucher.access_key_id] = voucher

    def remove(self, voucher_id: str) -> bool:
        """Have it no more; whether it was there."""
        for key, each in self._by_access_key.items():
            if each.id == voucher_id:
                del self._by_access_key[key]
                return True
        return False

"""Passwords by argon2id, in a few threads of their own."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from yett.ports.errors import Unavailable
from yett.rules.cognito_idp.srp import compute_verifier
from yett.rules.cognito_idp.users import PasswordRecord
from yett.values.secret import Secret

T = TypeVar("T")

THREADS: Final = 2  # each argon2id takes 64 MiB and a core for some 50 ms
WAITING: Final = 256  # beyond this, sign-ins are refused rather than kept waiting for half a minute
SALT_BYTES: Final = 16  # of the SRP verifier


class Argon2Passwords:
    """Makes and checks password records; see ports/passwords.py.

    Source: https://www.rfc-editor.org/rfc/rfc9106#section-4 (second recommended option)
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._threads = ThreadPoolExecutor(THREADS, "yett-passwords")
        self._waiting = 0
        self._nobody = Secret(self._hasher.hash(secrets.token_urlsafe()))

    async def make(self, password: str, *, pool_id: str, username: str) -> PasswordRecord:
        return await self._run(partial(self._make, password, pool_id, username))

    async def make_hash(self, password: str) -> Secret:
        return await self._run(partial(self._hash, password))

    async def is_right(self, record: PasswordRecord | None, password: str) -> bool:
        return await self.fits(None if record is None else record.hash, password)

    async def fits(self, kept: Secret | None, password: str) -> bool:
        matches = await self._run(partial(self._matches, self._nobody if kept is None else kept, password))
        return matches and kept is not None

    def close(self) -> None:
        """Let the threads go, once they are done."""
        self._threads.shutdown()

    async def _run(self, work: partial[T]) -> T:
        if self._waiting >= WAITING:
            raise Unavailable("too many passwords wait to be checked")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def _make(self, password: str, pool_id: str, username: str) -> PasswordRecord:
        salt = int.from_bytes(secrets.token_bytes(SALT_BYTES), "big")
        verifier = compute_verifier(pool_id, username, password, salt)
        return PasswordRecord(hash=self._hash(password), srp_salt=f"{salt:x}", srp_verifier=Secret(f"{verifier:x}"))

    def _hash(self, password: str) -> Secret:
        return Secret(self._hasher.hash(password))

    def _matches(self, kept: Secret, password: str) -> bool:
        try:
            return self._hasher.verify(kept.reveal(), password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False

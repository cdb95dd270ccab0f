"""Credentials of IAM's users in the database: a document for each device and each password.

Beside the devices lies an index of who has which.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.iam_documents import (
    ACCESS_KEY,
    KINDS,
    LAST_USE,
    LOGIN_PROFILE,
    MFA_DEVICE,
    MFA_OWNER,
    PASSWORD_POLICY,
    REPORT_REQUEST,
    UNIQUE_ID,
    StoredAccessKey,
    fold,
    refuse_more,
)
from yett.adapters.sql.sealed_documents import decode_sealed, encode_sealed
from yett.ports.errors import Conflict
from yett.ports.iam_store import AccessKeyStatus, LastUse, TooMany, User
from yett.rules.iam.credential_report import KeyUse, UserCredentials
from yett.rules.iam.mfa_devices import MfaDevice
from yett.rules.iam.passwords import LoginProfile, PasswordPolicy
from yett.values.arn import Arn, NotAnArn

T = TypeVar("T")
CHUNK: Final = 200  # documents read at a time while a page is filled


class SqlCredentialStore:
    """The port's answer; see `yett.ports.credential_store` for what each method keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_mfa_device(self, device: MfaDevice, *, at_most: int | None = None) -> None:
        """Add a device."""

        def work(transaction: Transaction) -> None:
            key = key_of(device)
            body = encode_sealed(transaction, device, identity=seal_identity(MFA_DEVICE, device.account, key))
            transaction.add(device.account, "", MFA_DEVICE, key, body)
            refuse_more(transaction, device.account, MFA_DEVICE, than=at_most)

        await self._database.write(work)

    async def find_mfa_device(self, account: str, serial_number: str) -> MfaDevice | None:
        """The device of this serial number."""
        return await self._database.read(lambda transaction: load(transaction, account, serial_number))

    async def change_mfa_device(
        self, account: str, serial_number: str, change: Callable[[MfaDevice], tuple[MfaDevice, T]], *, at_most: int
    ) -> T | None:
        """Replace a device by what *change* makes of it."""

        def work(transaction: Transaction) -> T | None:
            before = load(transaction, account, serial_number)
            if before is None:
                return None
            after, told = change(before)
            key = key_of(before)
            if after.owner_id != before.owner_id:
                move(transaction, before, after, at_most=at_most)
            body = encode_sealed(transaction, after, identity=seal_identity(MFA_DEVICE, account, key))
            transaction.put(account, "", MFA_DEVICE, key, body)
            return told

        return await self._database.write(work)

    async def remove_mfa_device(self, account: str, serial_number: str, check: Callable[[MfaDevice], None]) -> bool:
        """Remove a device unless *check* raises."""

        def work(transaction: Transaction) -> bool:
            device = load(transaction, account, serial_number)
            if device is None:
                return False
            check(device)
            if device.owner_id is not None:
                transaction.remove(account, "", MFA_OWNER, owner_key(device.owner_id, device))
            return transaction.remove(account, "", MFA_DEVICE, key_of(device))

        return await self._database.write(work)

    async def mfa_devices(
        self, account: str, *, after: str, limit: int, is_assigned: bool | None
    ) -> list[tuple[str, MfaDevice]]:
        """Devices after a position."""

        def work(transaction: Transaction) -> list[tuple[str, MfaDevice]]:
            page: list[tuple[str, MfaDevice]] = []
            position = after
            while len(page) < limit:
                chunk = transaction.scan(account, "", MFA_DEVICE, after=position, limit=CHUNK)
                found = [(key, open_device(transaction, account, key, body)) for key, body in chunk]
                page += [each for each in found if is_assigned is None or is_assigned == each[1].is_assigned]
                if len(chunk) < CHUNK:
                    break
                position = chunk[-1][0]
            return page[:limit]

        return await self._database.read(work)

    async def mfa_devices_of(self, account: str, owner_id: str) -> list[MfaDevice]:
        """The devices of a user, oldest first."""

        def work(transaction: Transaction) -> list[MfaDevice]:
            rows = transaction.scan(account, "", MFA_OWNER, prefix=f"{owner_id}/")
            keys = (key.removeprefix(owner_id) for key, _ in rows)
            found = ((key, transaction.find(account, "", MFA_DEVICE, key)) for key in keys)
            return [open_device(transaction, account, key, body) for key, body in found if body is not None]

        devices = await self._database.read(work)
        return sorted(devices, key=lambda each: (each.enabled_at or each.created_at, each.serial_number))

    async def count_mfa_devices(self, account: str) -> tuple[int, int]:
        """All of them, and those that are assigned."""

        def work(transaction: Transaction) -> tuple[int, int]:
            return transaction.count(account, "", MFA_DEVICE), transaction.count(account, "", MFA_OWNER)

        return await self._database.read(work)

    # -- passwords

    async def add_login_profile(self, profile: LoginProfile) -> None:
        """Give a user a password."""

        def work(transaction: Transaction) -> None:
            if transaction.find_pointer(UNIQUE_ID, profile.user_id) is None:
                raise Conflict(f"there is no `{profile.user_id}` any more")
            transaction.add(profile.account, "", LOGIN_PROFILE, profile.user_id, encode_profile(transaction, profile))

        await self._database.write(work)

    async def find_login_profile(self, account: str, user_id: str) -> LoginProfile | None:
        """A user's password."""
        return await self._database.read(lambda transaction: load_profile(transaction, account, user_id))

    async def change_login_profile(
        self, account: str, user_id: str, change: Callable[[LoginProfile], LoginProfile]
    ) -> LoginProfile | None:
        """Replace a profile by what *change* makes of it."""

        def work(transaction: Transaction) -> LoginProfile | None:
            before = load_profile(transaction, account, user_id)
            if before is None:
                return None
            after = change(before)
            transaction.put(account, "", LOGIN_PROFILE, user_id, encode_profile(transaction, after))
            return after

        return await self._database.write(work)

    async def remove_login_profile(self, account: str, user_id: str) -> bool:
        """Take a user's password away."""
        return await self._database.write(lambda transaction: transaction.remove(account, "", LOGIN_PROFILE, user_id))

    async def find_password_policy(self, account: str) -> PasswordPolicy | None:
        """The account's own policy."""
        body = await self._database.read(lambda tx: tx.find(account, "", PASSWORD_POLICY, PASSWORD_POLICY))
        return None if body is None else msgspec.json.decode(body, type=PasswordPolicy)

    async def set_password_policy(self, account: str, policy: PasswordPolicy) -> None:
        """Give the account a policy, in place of the one it has."""
        body = msgspec.json.encode(policy)
        await self._database.write(lambda tx: tx.put(account, "", PASSWORD_POLICY, PASSWORD_POLICY, body))

    async def remove_password_policy(self, account: str) -> bool:
        """Let AWS's default hold again."""
        return await self._database.write(lambda tx: tx.remove(account, "", PASSWORD_POLICY, PASSWORD_POLICY))

    # -- the credential report

    async def find_report_request(self, account: str) -> datetime | None:
        """When a report was last asked for."""
        body = await self._database.read(lambda tx: tx.find(account, "", REPORT_REQUEST, REPORT_REQUEST))
        return None if body is None else msgspec.json.decode(body, type=datetime)

    async def request_report(self, account: str, at: datetime) -> None:
        """Remember that a report was asked for."""
        body = msgspec.json.encode(at)
        await self._database.write(lambda tx: tx.put(account, "", REPORT_REQUEST, REPORT_REQUEST, body))

    async def credentials_of_all(self, account: str, *, now: datetime) -> list[UserCredentials]:
        """Root and every user, from one snapshot."""

        def work(transaction: Transaction) -> list[UserCredentials]:
            keys = keys_by_owner(transaction, account)
            owners = {key.partition("/")[0] for key, _ in transaction.scan(account, "", MFA_OWNER)}
            passwords = {
                key: msgspec.json.decode(body, type=PasswordAge).changed_at
                for key, body in transaction.scan(account, "", LOGIN_PROFILE)
            }
            roots = keys.get(account, ())
            root = UserCredentials(
                name=None,
                arn=f"arn:aws:iam::{account}:root",
                created_at=roots[0].created_at if roots else now,
                keys=roots,
            )
            users = (msgspec.json.decode(body, type=User) for _, body in transaction.scan(account, "", KINDS[User]))
            return [
                root,
                *(
                    UserCredentials(
                        name=user.name,
                        arn=f"arn:aws:iam::{account}:user{user.path}{user.name}",
                        created_at=user.created_at,
                        password_changed_at=passwords.get(user.id),
                        has_device=user.id in owners,
                        keys=keys.get(user.id, ()),
                    )
                    for user in users
                ),
            ]

        return await self._database.read(work)


class PasswordAge(msgspec.Struct, frozen=True):
    """As much of a login profile as is not sealed and bears on its age."""

    changed_at: datetime


def keys_by_owner(transaction: Transaction, account: str) -> dict[str, tuple[KeyUse, ...]]:
    """The access keys of everybody in the account, oldest first, with their last uses; no secret is opened."""
    found: dict[str, list[KeyUse]] = {}
    uses = {key: msgspec.json.decode(body, type=LastUse) for key, body in transaction.scan(account, "", LAST_USE)}
    for _, body in transaction.scan(account, "", ACCESS_KEY):
        stored = msgspec.json.decode(body, type=StoredAccessKey)
        use = uses.get(stored.access_key_id)
        told = {} if use is None else {"used_at": use.at, "region": use.region, "service": use.service}
        is_active = stored.status is AccessKeyStatus.ACTIVE
        key = KeyUse(is_active=is_active, created_at=stored.created_at, **told)  # type: ignore[arg-type]
        found.setdefault(stored.owner_id, []).append(key)
    return {owner: tuple(sorted(keys, key=lambda each: each.created_at)) for owner, keys in found.items()}


def encode_profile(transaction: Transaction, profile: LoginProfile) -> bytes:
    """A profile as a document."""
    identity = seal_identity(LOGIN_PROFILE, profile.account, profile.user_id)
    return encode_sealed(transaction, profile, identity=identity)


def load_profile(transaction: Transaction, account: str, user_id: str) -> LoginProfile | None:
    """The profile of a user."""
    body = transaction.find(account, "", LOGIN_PROFILE, user_id)
    identity = seal_identity(LOGIN_PROFILE, account, user_id)
    return None if body is None else decode_sealed(transaction, body, LoginProfile, identity=identity)


def key_of(device: MfaDevice) -> str:
    """A device's key: path and name, which differ by more than case from every other's."""
    return fold(device.path + device.name)


def owner_key(owner_id: str, device: MfaDevice) -> str:
    """The key of the index document: whose, then which."""
    return f"{owner_id}{key_of(device)}"


def seal_identity(kind: str, account: str, key: str) -> str:
    """What the secrets of a document are bound to."""
    return f"{kind}:{account}:{key}"


def load(transaction: Transaction, account: str, serial_number: str) -> MfaDevice | None:
    """The device of this very serial number, which policies were asked about, if it is one of this account."""
    try:
        arn = Arn.parse(serial_number)
    except NotAnArn:
        return None
    if arn.service != "iam" or arn.account != account or not arn.resource.startswith("mfa/"):
        return None
    key = fold(arn.resource.removeprefix("mfa"))
    body = transaction.find(account, "", MFA_DEVICE, key)
    device = None if body is None else open_device(transaction, account, key, body)
    return device if device is not None and device.serial_number == serial_number else None


def open_device(transaction: Transaction, account: str, key: str, body: bytes) -> MfaDevice:
    """The device in a document."""
    return decode_sealed(transaction, body, MfaDevice, identity=seal_identity(MFA_DEVICE, account, key))


def move(transaction: Transaction, before: MfaDevice, after: MfaDevice, *, at_most: int) -> None:
    """Let the index say whose the device is now.

    Raises:
        TooMany, Conflict: See the port.
    """
    if before.owner_id is not None:
        transaction.remove(before.account, "", MFA_OWNER, owner_key(before.owner_id, before))
    if after.owner_id is None:
        return
    if transaction.find_pointer(UNIQUE_ID, after.owner_id) is None:
        raise Conflict(f"there is no `{after.owner_id}` any more")
    if transaction.count(after.account, "", MFA_OWNER, prefix=f"{after.owner_id}/") >= at_most:
        raise TooMany(f"{at_most} MFA devices")
    transaction.put(after.account, "", MFA_OWNER, owner_key(after.owner_id, after), b"")

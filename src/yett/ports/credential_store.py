"""What IAM's users prove themselves with beside access keys: second factors and passwords."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from yett.rules.iam.credential_report import UserCredentials
from yett.rules.iam.mfa_devices import MfaDevice
from yett.rules.iam.passwords import LoginProfile, PasswordPolicy

T = TypeVar("T")


class CredentialStore(Protocol):
    """Credentials by account. Their secrets are sealed at rest.

    Each method is one transaction. A *change* or *check* handed in is pure, may be called more than once, in another
    thread; what it raises undoes the whole and comes through. Serial numbers are looked up whatever their case.
    """

    async def add_mfa_device(self, device: MfaDevice, *, at_most: int | None = None) -> None:
        """Raises:
        TooMany: The account has *at_most* already.
        AlreadyExists: The account has one of this path and name.
        """
        ...

    async def find_mfa_device(self, account: str, serial_number: str) -> MfaDevice | None: ...

    async def change_mfa_device(
        self, account: str, serial_number: str, change: Callable[[MfaDevice], tuple[MfaDevice, T]], *, at_most: int
    ) -> T | None:
        """Replace a device by what *change* makes of it, and give what *change* tells beside it; None if there is none.

        Raises:
            TooMany: It would be its new owner's, who has *at_most* already.
            Conflict: Its new owner is gone.
        """
        ...

    async def remove_mfa_device(self, account: str, serial_number: str, check: Callable[[MfaDevice], None]) -> bool:
        """Remove a device unless *check* raises; whether there was one."""
        ...

    async def mfa_devices(
        self, account: str, *, after: str, limit: int, is_assigned: bool | None
    ) -> list[tuple[str, MfaDevice]]:
        """Devices after a position, those assigned, the others, or (None) all; each with its own position."""
        ...

    async def mfa_devices_of(self, account: str, owner_id: str) -> list[MfaDevice]:
        """The devices of a user, oldest first."""
        ...

    async def count_mfa_devices(self, account: str) -> tuple[int, int]:
        """How many there are, and how many of them are assigned."""
        ...

    async def add_login_profile(self, profile: LoginProfile) -> None:
        """Raises:
        AlreadyExists: The user has one.
        Conflict: The user is gone.
        """
        ...

    async def find_login_profile(self, account: str, user_id: str) -> LoginProfile | None: ...

    async def change_login_profile(
        self, account: str, user_id: str, change: Callable[[LoginProfile], LoginProfile]
    ) -> LoginProfile | None:
        """Replace a profile by what *change* makes of it, and give that; None if there is none."""
        ...

    async def remove_login_profile(self, account: str, user_id: str) -> bool:
        """Whether there was one."""
        ...

    async def find_password_policy(self, account: str) -> PasswordPolicy | None: ...

    async def set_password_policy(self, account: str, policy: PasswordPolicy) -> None: ...

    async def remove_password_policy(self, account: str) -> bool:
        """Whether there was one."""
        ...

    # -- the credential report

    async def find_report_request(self, account: str) -> datetime | None:
        """When a report was last asked for."""
        ...

    async def request_report(self, account: str, at: datetime) -> None: ...

    async def credentials_of_all(self, account: str, *, now: datetime) -> list[UserCredentials]:
        """Root, who is as old as its oldest key (*now*, without one), and every user by name, as of one moment."""
        ...

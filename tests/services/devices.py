"""A virtual MFA device as an application on a telephone is one: it makes its codes with a library of its own."""

from datetime import timedelta
from typing import Self

import pyotp
from tests.services.aws import Aws

from yett.ports.callers import Caller

STEP_SECONDS = 30


class Device:
    """A seed, and the time of the services that it was made at."""

    def __init__(self, aws: Aws, serial: str, seed: str) -> None:
        self.aws = aws
        self.serial = serial
        self.totp = pyotp.TOTP(seed)

    @classmethod
    async def made(cls, aws: Aws, name: str) -> Self:
        """A new device, nobody's yet."""
        made = (await aws.do("iam:CreateVirtualMFADevice", VirtualMFADeviceName=name))["VirtualMFADevice"]
        return cls(aws, made["SerialNumber"], made["Base32StringSeed"].decode())

    def code(self, steps: int = 0) -> str:
        """The code that is shown now, or so many steps later."""
        return self.totp.at(self.aws.time + timedelta(seconds=steps * STEP_SECONDS))

    def codes(self, first: int, second: int) -> dict[str, str]:
        """Two codes as IAM's operations are told them."""
        return {"AuthenticationCode1": self.code(first), "AuthenticationCode2": self.code(second)}

    async def enable(self, user: str, *, by: Caller | None = None) -> None:
        """Give it to a user."""
        await self.aws.do("iam:EnableMFADevice", by, UserName=user, SerialNumber=self.serial, **self.codes(-1, 0))

"""Users with second factors, on a running server: as an application on a telephone has them, by another library."""

import time

import pyotp
from botocore.credentials import Credentials
from tests.rules.iam.qr_codes import read_qr_code
from tests.sdk.making import make_user, unique
from tests.sdk.running import RunningServer

STEP_SECONDS = 30
ALLOWED = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Telephone:
    """An application with a seed. Its clock may be off, so that a test need not wait for its next codes."""

    def __init__(self, totp: pyotp.TOTP, off: int) -> None:
        self.totp = totp
        self.step = int(time.time()) // STEP_SECONDS + off

    def code(self) -> str:
        """The next code, in the order in which it would show them."""
        self.step += 1
        return self.totp.at(self.step * STEP_SECONDS)

    def pair(self) -> dict[str, str]:
        return {"AuthenticationCode1": self.code(), "AuthenticationCode2": self.code()}


def user_with_device(running: RunningServer, off: int = -10) -> tuple[str, Credentials, str, Telephone]:
    """Name, access key, the device's serial number and its codes."""
    arn, credentials = make_user(running, ALLOWED)
    name = arn.rpartition("/")[2]
    serial, telephone = give_device(running, name, off)
    return name, credentials, serial, telephone


def give_device(running: RunningServer, user: str, off: int) -> tuple[str, Telephone]:
    """A new device of the user's: its serial number and its codes, by the QR code."""
    iam = running.client("iam")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=unique("phone"))["VirtualMFADevice"]
    (uri,) = read_qr_code(made["QRCodePNG"])
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    assert totp.secret == made["Base32StringSeed"].decode()
    telephone = Telephone(totp, off)
    iam.enable_mfa_device(UserName=user, SerialNumber=made["SerialNumber"], **telephone.pair())
    return made["SerialNumber"], telephone

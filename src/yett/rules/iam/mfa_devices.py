"""Virtual MFA devices: whose they are, which codes are good, and how an application learns the seed.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
"""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

import segno
from msgspec import Struct, structs

from yett.rules.sign_in.attempts import Failures, is_locked, next_failures
from yett.rules.sign_in.one_time_codes import find_pair, find_step, step_at
from yett.values.secret import Secret

ISSUER: Final = "Amazon Web Services"
NO_STEP: Final = -1  # before every step
QR_PIXELS: Final = 5  # of a module's side


class MfaDevice(Struct, frozen=True, kw_only=True):
    """One virtual device, somebody's or nobody's yet."""

    account: str
    name: str
    path: str  # "/" or "/…/"
    created_at: datetime
    tags: Mapping[str, str] = {}
    seed: Secret  # in base 32
    owner_id: str | None = None  # "AIDA…" of the user who has it
    enabled_at: datetime | None = None
    last_step: int = NO_STEP  # of the last code taken: none up to it is ever taken again, whoever has the device
    drift_steps: int = 0  # by how much the device's clock is ahead of ours
    failures: Failures | None = None

    @property
    def serial_number(self) -> str:
        """The device's ARN, which stands for its serial number."""
        return f"arn:aws:iam::{self.account}:mfa{self.path}{self.name}"

    @property
    def is_assigned(self) -> bool:
        """Whether somebody has it."""
        return self.owner_id is not None


class Attempt(Struct, frozen=True):
    """What came of a code."""

    device: MfaDevice  # as it is to be kept now, good code or not
    is_good: bool


def try_code(device: MfaDevice, code: str, *, now: datetime) -> Attempt:
    """Take one code, or count a failure. While there is a lock no code is good."""
    if is_locked(device.failures, now=now):
        return Attempt(device, False)
    around = step_at(now) + device.drift_steps
    step = find_step(device.seed, code, around=around, after=device.last_step)
    if step is None:
        return Attempt(structs.replace(device, failures=next_failures(device.failures, now=now)), False)
    return Attempt(structs.replace(device, last_step=step, failures=None), True)


def try_pair(device: MfaDevice, first: str, second: str, *, now: datetime) -> Attempt:
    """Take two codes in a row, and the device's clock for what they show; or count a failure.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_sync.html
    """
    if is_locked(device.failures, now=now):
        return Attempt(device, False)
    step = find_pair(device.seed, first, second, around=step_at(now), after=device.last_step)
    if step is None:
        return Attempt(structs.replace(device, failures=next_failures(device.failures, now=now)), False)
    drift = step - step_at(now)
    return Attempt(structs.replace(device, last_step=step, drift_steps=drift, failures=None), True)


def enable(device: MfaDevice, owner_id: str, *, now: datetime) -> MfaDevice:
    """The device as the owner's."""
    return structs.replace(device, owner_id=owner_id, enabled_at=now)


def deactivate(device: MfaDevice) -> MfaDevice:
    """The device as nobody's. Codes that were taken stay taken, and a lock stays."""
    return structs.replace(device, owner_id=None, enabled_at=None)


def render_uri(device: MfaDevice) -> str:
    """What the QR code says: the seed, and whose it is, as an application on a telephone reads it.

    OBSERVED: the label and the issuer, in QR codes of the service.
    """
    issuer = quote(ISSUER, safe="")
    label = quote(f"{device.name}@{device.account}", safe="@")
    return f"otpauth://totp/{issuer}:{label}?secret={device.seed.reveal()}&issuer={issuer}"


def render_qr_code(text: str) -> bytes:
    """The text as a QR code, a PNG image."""
    image = io.BytesIO()
    segno.make_qr(text, error="m").save(image, kind="png", scale=QR_PIXELS)
    return image.getvalue()

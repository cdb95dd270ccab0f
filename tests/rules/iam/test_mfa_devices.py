import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.rules.iam.qr_codes import read_qr_code

from yett.rules.iam.mfa_devices import (
    MfaDevice,
    deactivate,
    enable,
    render_qr_code,
    render_uri,
    try_code,
    try_pair,
)
from yett.rules.sign_in.limits import FREE_FAILURES, RESYNC_STEPS, STEP_SECONDS
from yett.values.secret import Secret

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEED = base64.b32encode(bytes(range(40))).decode()
TOTP = pyotp.TOTP(SEED)
DEVICE = MfaDevice(account="123456789012", name="al ice+é", path="/a/", created_at=NOW, seed=Secret(SEED))


def later(steps: float) -> datetime:
    return NOW + timedelta(seconds=steps * STEP_SECONDS)


def test_the_qr_code_is_an_image_that_another_reader_understands() -> None:
    (text,) = read_qr_code(render_qr_code(render_uri(DEVICE)))
    parsed = pyotp.parse_uri(text)
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.issuer, parsed.name) == (SEED, "Amazon Web Services", "al ice+é@123456789012")
    assert parsed.at(NOW) == TOTP.at(NOW)


def test_a_good_code_is_taken_once() -> None:
    taken = try_code(DEVICE, TOTP.at(NOW), now=NOW)
    assert taken.is_good
    assert not try_code(taken.device, TOTP.at(NOW), now=NOW).is_good
    assert not try_code(taken.device, TOTP.at(later(-1)), now=NOW).is_good
    assert try_code(taken.device, TOTP.at(later(1)), now=NOW).is_good


def test_codes_that_were_taken_stay_taken_when_the_device_changes_hands() -> None:
    first = enable(try_pair(DEVICE, TOTP.at(later(-1)), TOTP.at(NOW), now=NOW).device, "AIDA1", now=NOW)
    assert (first.is_assigned, first.enabled_at) == (True, NOW)
    freed = deactivate(first)
    assert not freed.is_assigned
    assert not try_pair(freed, TOTP.at(later(-1)), TOTP.at(NOW), now=NOW).is_good
    assert not try_code(enable(freed, "AIDA2", now=NOW), TOTP.at(NOW), now=NOW).is_good


def test_wrong_codes_lock_the_device_even_for_the_right_one() -> None:
    device = DEVICE
    for _ in range(FREE_FAILURES):
        attempt = try_code(device, "000000", now=NOW)
        assert not attempt.is_good
        device = attempt.device
    for attempt in (
        try_code(device, TOTP.at(NOW), now=NOW),
        try_pair(device, TOTP.at(later(-1)), TOTP.at(NOW), now=NOW),
    ):
        assert not attempt.is_good
        assert attempt.device == device  # what is tried while there is a lock does not make it longer
    freed = try_code(device, TOTP.at(NOW), now=NOW + timedelta(seconds=1))
    assert freed.is_good
    assert freed.device.failures is None


@given(off=st.integers(min_value=-RESYNC_STEPS, max_value=RESYNC_STEPS))
def test_a_clock_that_is_off_is_learned_from_two_codes(off: int) -> None:
    learned = try_pair(DEVICE, TOTP.at(later(off - 1)), TOTP.at(later(off)), now=NOW)
    assert learned.is_good
    assert learned.device.drift_steps == off
    for steps in (1, 2, 3):
        attempt = try_code(learned.device, TOTP.at(later(off + steps)), now=later(steps))
        assert attempt.is_good
        learned = attempt


@pytest.mark.parametrize("pair", [(0, 1), (-2, 0), (0, 0)])
def test_two_wrong_codes_are_one_failure(pair: tuple[int, int]) -> None:
    first, second = (TOTP.at(later(each)) for each in pair)
    device = structs.replace(DEVICE, last_step=int(NOW.timestamp()) // STEP_SECONDS)
    attempt = try_pair(device, first, second, now=NOW)
    assert not attempt.is_good
    assert attempt.device.failures is not None
    assert attempt.device.failures.count == 1

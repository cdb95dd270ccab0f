"""Held against pyotp, and against the table of RFC 6238's appendix B (its eight digits cut to six)."""

import base64
from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.sign_in.limits import RESYNC_STEPS, SEED_BYTES, STEP_SECONDS
from yett.rules.sign_in.one_time_codes import code_of, find_pair, find_step, step_at
from yett.values.secret import Secret

SEED = Secret(base64.b32encode(b"12345678901234567890").decode())
SEEDS = st.binary(min_size=SEED_BYTES, max_size=SEED_BYTES).map(lambda raw: Secret(base64.b32encode(raw).decode()))
STEPS = st.integers(min_value=RESYNC_STEPS + 2, max_value=2**40)
BEFORE = -1  # no code was used yet


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_of(SEED, step_at(datetime.fromtimestamp(seconds, UTC))) == code


@given(seed=SEEDS, step=STEPS)
def test_another_implementation_makes_the_same_codes(seed: Secret, step: int) -> None:
    assert code_of(seed, step) == pyotp.TOTP(seed.reveal()).generate_otp(step)


@given(seed=SEEDS, step=STEPS, off=st.integers(min_value=-5, max_value=5))
def test_a_code_is_good_for_the_step_beside_its_own_and_no_further(seed: Secret, step: int, off: int) -> None:
    found = find_step(seed, code_of(seed, step), around=step + off, after=BEFORE)
    if abs(off) <= 1:
        assert found is not None
    else:  # unless two steps happen to share a code
        assert found is None or code_of(seed, found) == code_of(seed, step)


@given(seed=SEEDS, step=STEPS)
def test_a_code_is_good_once(seed: Secret, step: int) -> None:
    used = find_step(seed, code_of(seed, step), around=step, after=BEFORE)
    assert used is not None
    for around in (step, step + 1):
        again = find_step(seed, code_of(seed, step), around=around, after=used)
        assert again is None or code_of(seed, again) == code_of(seed, used)
        assert again is None or again > used


@given(seed=SEEDS, step=STEPS, off=st.integers(min_value=-RESYNC_STEPS, max_value=RESYNC_STEPS))
def test_two_codes_in_a_row_are_found_however_the_clock_is_off(seed: Secret, step: int, off: int) -> None:
    first, second = code_of(seed, step - 1), code_of(seed, step)
    assert find_pair(seed, first, second, around=step + off, after=BEFORE) == step
    assert find_pair(seed, first, second, around=step + off, after=step) is None


def test_codes_that_do_not_follow_each_other_are_no_pair() -> None:
    step = step_at(datetime(2026, 1, 2, tzinfo=UTC))
    codes = [code_of(SEED, step + each) for each in range(3)]
    for first, second in ((codes[0], codes[2]), (codes[1], codes[0]), (codes[0], codes[0])):
        assert find_pair(SEED, first, second, around=step, after=BEFORE) is None
    far = step + (RESYNC_STEPS + 2) * STEP_SECONDS
    assert find_pair(SEED, codes[0], codes[1], around=far, after=BEFORE) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert find_step(SEED, code, around=100, after=BEFORE) is None

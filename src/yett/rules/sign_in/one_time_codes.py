"""Time-based one-time codes: HMAC-SHA-1, six digits, a new one every thirty seconds.

Source: https://www.rfc-editor.org/rfc/rfc6238
Source: https://www.rfc-editor.org/rfc/rfc4226
"""

import base64
import hmac
from datetime import datetime
from typing import Final

from yett.rules.sign_in.limits import CODE_DIGITS, RESYNC_STEPS, STEP_SECONDS, STEPS_ASIDE
from yett.values.secret import Secret

OFFSET_BITS: Final = 0xF
NUMBER_BITS: Final = 0x7FFF_FFFF


def step_at(moment: datetime) -> int:
    """The number of the thirty seconds that *moment* lies in, counted from 1970."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(seed: Secret, step: int) -> str:
    """The code of one step. The seed is in base 32.

    Source: https://www.rfc-editor.org/rfc/rfc4226#section-5.3
    """
    digest = hmac.digest(base64.b32decode(seed.reveal()), step.to_bytes(8), "sha1")
    offset = digest[-1] & OFFSET_BITS
    number = int.from_bytes(digest[offset : offset + 4]) & NUMBER_BITS
    return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def find_step(seed: Secret, code: str, *, around: int, after: int) -> int | None:
    """The step that the code is of, among those close *around*; None if it is of none that comes *after* the last used.

    Every step is tried, whichever it is: how long this takes tells nothing.

    Source: https://www.rfc-editor.org/rfc/rfc6238#section-5.2 (one step aside; each code once)
    """
    found = None
    for step in range(max(around - STEPS_ASIDE, 0), around + STEPS_ASIDE + 1):
        if is_code(seed, code, step) and step > after:
            found = step
    return found


def find_pair(seed: Secret, first: str, second: str, *, around: int, after: int) -> int | None:
    """The step of *second*, where *first* is the code of the one before; None if they are no such pair.

    The device's clock may differ from ours by minutes: that is what two codes are asked for.

    Source: https://www.rfc-editor.org/rfc/rfc6238#section-6
    """
    found = None
    for step in range(max(around - RESYNC_STEPS, 1), around + RESYNC_STEPS + 1):
        is_pair = is_code(seed, first, step - 1) & is_code(seed, second, step)
        if is_pair and step - 1 > after:
            found = step
    return found


def is_code(seed: Secret, code: str, step: int) -> bool:
    """Whether it is the code of the step."""
    return hmac.compare_digest(code_of(seed, step).encode(), code.encode())

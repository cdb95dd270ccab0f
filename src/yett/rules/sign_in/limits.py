"""Bounds of attempts and of one-time codes, each with its unit and source."""

from datetime import timedelta
from typing import Final

# https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html (lockout behaviour)
FREE_FAILURES: Final = 5  # failed attempts before there is a lock
LONGEST_LOCK: Final = timedelta(minutes=15)
FAILURES_FORGOTTEN_AFTER: Final = timedelta(minutes=15)

# https://www.rfc-editor.org/rfc/rfc6238 (sections 4.1 and 5.2), https://www.rfc-editor.org/rfc/rfc4226 (section 5.3)
STEP_SECONDS: Final = 30
CODE_DIGITS: Final = 6
STEPS_ASIDE: Final = 1  # how many steps a code may be before or after the one expected
RESYNC_STEPS: Final = 20  # UNCERTAIN: how many steps, either way, two codes in a row are looked for
SEED_BYTES: Final = 40  # 64 characters of base 32, as AWS's seeds have

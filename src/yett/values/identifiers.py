"""The shapes of AWS's identifiers: recognised here, made elsewhere."""

import re
from typing import Final

ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
ACCESS_KEY_ID: Final = re.compile(r"A[KS]IA[A-Z0-9]{16}")
API_ID: Final = re.compile(r"[a-z0-9]{10}")
USER_POOL_ID: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]_[A-Za-z0-9]{9}")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
LONG_TERM_ACCESS_KEY: Final = "AKIA"
TEMPORARY_ACCESS_KEY: Final = "ASIA"
USER_ID: Final = "AIDA"
ROLE_ID: Final = "AROA"
GROUP_ID: Final = "AGPA"
MANAGED_POLICY_ID: Final = "ANPA"


def is_account_id(text: str) -> bool:
    """Whether *text* is twelve digits."""
    return ACCOUNT_ID.fullmatch(text) is not None


def is_temporary(access_key_id: str) -> bool:
    """Whether the access key was issued by STS, and so comes with a session token."""
    return access_key_id.startswith(TEMPORARY_ACCESS_KEY)

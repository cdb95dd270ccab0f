"""Session policies and session tags, and how much of them a session can carry."""

import math
from collections.abc import Iterable, Mapping

from yett.rules.sts.errors import Fault, SessionRefused
from yett.rules.sts.limits import PACKED_BYTES, SESSION_POLICY_CHARACTERS


def measure_packed(policy: str | None, policy_arns: Iterable[str], tags: Mapping[str, str]) -> int:
    """How much of what a session can carry is used, in percent, rounded up.

    Raises:
        SessionRefused: More than a session can carry, or session policies of more than 2,048 characters.
    """
    texts = [policy or "", *policy_arns]
    if sum(map(len, texts)) > SESSION_POLICY_CHARACTERS:
        raise SessionRefused(Fault.PACKED_TOO_LARGE)
    size = sum(len(text.encode()) for text in (*texts, *tags.keys(), *tags.values()))
    percent = math.ceil(100 * size / PACKED_BYTES)
    if percent > 100:
        raise SessionRefused(Fault.PACKED_TOO_LARGE)
    return percent

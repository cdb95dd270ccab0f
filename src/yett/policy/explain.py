"""A Decision in AWS's words.

Source: https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from enum import StrEnum
from typing import Final

from yett.policy.decide import Decision, PolicyType
from yett.policy.evaluate import Outcome


class Wording(StrEnum):
    """Which of the service's texts to use: it names the kind of policy since 2025 or 2026 (spec 01, section 3)."""

    LEGACY = "legacy"
    CURRENT = "current"


# A Lambda authorizer's policy counts as identity-based.
_NAMES: Final = {
    PolicyType.SCP: ("a", "service control policy"),
    PolicyType.RCP: ("a", "resource control policy"),
    PolicyType.RESOURCE: ("a", "resource-based policy"),
    PolicyType.IDENTITY: ("an", "identity-based policy"),
    PolicyType.BOUNDARY: ("a", "permissions boundary"),
    PolicyType.SESSION: ("a", "session policy"),
}
EXPLICIT: Final = " with an explicit deny"


def denial_suffix(decision: Decision, action: str, *, wording: Wording) -> str:
    """What follows ``... is not authorized to perform: ACTION on resource: ARN``; empty where nothing does.

    *action* is spelled as AWS does: ``execute-api:Invoke``.
    """
    if decision.outcome is Outcome.ALLOW:
        return ""
    explicit = decision.outcome is Outcome.EXPLICIT_DENY
    if wording is Wording.LEGACY:
        return EXPLICIT if explicit else ""
    article, name = _NAMES[decision.decided_by or PolicyType.IDENTITY]
    return f"{EXPLICIT} in {article} {name}" if explicit else f" because no {name} allows the {action} action"

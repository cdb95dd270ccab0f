"""Bounds of an organization.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

from collections.abc import Mapping
from typing import Final

from yett.rules.organizations.tree import PolicyType

DEEPEST: Final = 5  # levels of units below the root
UNITS: Final = 2000
TAGS: Final = 50  # of one thing
RESERVED_TAG_PREFIX: Final = "aws:"  # whatever its case

# Both doubled for service control policies on 15 May 2026.
# Source: https://aws.amazon.com/about-aws/whats-new/ (AWS Organizations, higher quotas for service control policies)
MOST_ATTACHED: Final[Mapping[PolicyType, int]] = {  # to one target, FullAWSAccess among them, inherited ones not
    PolicyType.SERVICE_CONTROL_POLICY: 10,
    PolicyType.RESOURCE_CONTROL_POLICY: 5,
}
POLICY_CHARACTERS: Final[Mapping[PolicyType, int]] = {  # white space counted
    PolicyType.SERVICE_CONTROL_POLICY: 10_240,
    PolicyType.RESOURCE_CONTROL_POLICY: 5120,
}
POLICIES: Final[Mapping[PolicyType, int]] = {
    PolicyType.SERVICE_CONTROL_POLICY: 10_000,
    PolicyType.RESOURCE_CONTROL_POLICY: 1000,
}

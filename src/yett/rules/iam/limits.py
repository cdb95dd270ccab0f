"""Bounds of IAM.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from datetime import timedelta
from typing import Final

ACCESS_KEYS_PER_USER: Final = 2
GROUPS_PER_USER: Final = 10
MFA_DEVICES_PER_USER: Final = 8
PASSWORD_CHARACTERS: Final = 128
PASSWORDS_REMEMBERED: Final = 24  # at most, of a user; the present one among them
MANAGED_POLICIES_PER_ENTITY: Final = 10
POLICY_VERSIONS: Final = 5
TAGS_PER_ENTITY: Final = 50
# Whatever its case. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
RESERVED_TAG_PREFIX: Final = "aws:"
ROLES_PER_INSTANCE_PROFILE: Final = 1

USERS_PER_ACCOUNT: Final = 5000
GROUPS_PER_ACCOUNT: Final = 300
ROLES_PER_ACCOUNT: Final = 1000
POLICIES_PER_ACCOUNT: Final = 1500  # customer managed
INSTANCE_PROFILES_PER_ACCOUNT: Final = 1000
OIDC_PROVIDERS_PER_ACCOUNT: Final = 100
SAML_PROVIDERS_PER_ACCOUNT: Final = 100
MFA_DEVICES_PER_ACCOUNT: Final = USERS_PER_ACCOUNT  # virtual ones, assigned or not

# Characters, white space not counted.
MANAGED_POLICY_CHARACTERS: Final = 6144
TRUST_POLICY_CHARACTERS: Final = 2048
USER_INLINE_CHARACTERS: Final = 2048  # of all inline policies together
GROUP_INLINE_CHARACTERS: Final = 5120
ROLE_INLINE_CHARACTERS: Final = 10240

PAGE_ITEMS: Final = 100  # of a list, where the caller names no number

PRIVATE_KEYS_PER_SAML_PROVIDER: Final = 2
CLIENT_IDS_PER_PROVIDER: Final = 100
THUMBPRINTS_PER_PROVIDER: Final = 5
SIMULATED_STATEMENTS: Final = 20_000  # weighed for one page of a simulation; ours
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
REPORT_LIFE: Final = timedelta(hours=4)  # of a credential report
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html
ROLE_TRACKING: Final = timedelta(days=400)  # how long the last use of a role is told

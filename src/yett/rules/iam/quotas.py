"""How many of each kind an account may have, as LimitExceeded and GetAccountSummary tell it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from typing import Final

from msgspec import Struct

from yett.rules.iam import limits


class AccountQuota(Struct, frozen=True):
    """How many of a kind an account may have."""

    name: str  # as LimitExceeded spells it
    bound: int
    summary: str | None = None  # as GetAccountSummary spells it; None: it leaves it out


# OBSERVED: InstanceProfilesPerAccount, in a report of LimitExceeded (ansible/workshops issue 1801).
INSTANCE_PROFILES: Final = AccountQuota(
    "InstanceProfilesPerAccount", limits.INSTANCE_PROFILES_PER_ACCOUNT, "InstanceProfilesQuota"
)
# UNCERTAIN: how LimitExceeded spells the others, above all those of providers and of virtual MFA devices.
USERS: Final = AccountQuota("UsersPerAccount", limits.USERS_PER_ACCOUNT, "UsersQuota")
GROUPS: Final = AccountQuota("GroupsPerAccount", limits.GROUPS_PER_ACCOUNT, "GroupsQuota")
ROLES: Final = AccountQuota("RolesPerAccount", limits.ROLES_PER_ACCOUNT, "RolesQuota")
POLICIES: Final = AccountQuota("PoliciesPerAccount", limits.POLICIES_PER_ACCOUNT, "PoliciesQuota")
OIDC_PROVIDERS: Final = AccountQuota("OpenIdConnectProvidersPerAccount", limits.OIDC_PROVIDERS_PER_ACCOUNT)
SAML_PROVIDERS: Final = AccountQuota("SAMLProvidersPerAccount", limits.SAML_PROVIDERS_PER_ACCOUNT)
MFA_DEVICES: Final = AccountQuota("VirtualMFADevicesPerAccount", limits.MFA_DEVICES_PER_ACCOUNT)

ACCOUNT_QUOTAS: Final = (
    USERS,
    GROUPS,
    ROLES,
    POLICIES,
    INSTANCE_PROFILES,
    OIDC_PROVIDERS,
    SAML_PROVIDERS,
    MFA_DEVICES,
)

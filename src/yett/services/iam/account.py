"""The account: its alias, and how much of everything it has."""

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import Group, InstanceProfile, OidcProvider, Role, SamlProvider, User
from yett.rules.iam.limits import (
    ACCESS_KEYS_PER_USER,
    GROUP_INLINE_CHARACTERS,
    GROUPS_PER_USER,
    MANAGED_POLICIES_PER_ENTITY,
    MANAGED_POLICY_CHARACTERS,
    POLICY_VERSIONS,
    ROLE_INLINE_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
    USER_INLINE_CHARACTERS,
)
from yett.rules.iam.quotas import ACCOUNT_QUOTAS
from yett.services.call import Call
from yett.services.iam.entities import Answer, Params
from yett.services.iam.errors import already_exists, no_such_entity


async def create_account_alias(call: Call, params: Params) -> Answer:
    """Give the account an alias, in place of the one it has.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
    """
    alias = params["AccountAlias"]
    taken = already_exists(f"The account alias {alias} already exists.")
    if await call.ports.iam_store.alias(call.account) == alias:
        raise taken
    try:
        await call.ports.iam_store.set_alias(call.account, alias)
    except AlreadyExists as error:
        raise taken from error
    return {}


async def delete_account_alias(call: Call, params: Params) -> Answer:
    """Take the alias away.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html
    """
    alias = params["AccountAlias"]
    if await call.ports.iam_store.alias(call.account) != alias:
        raise no_such_entity(f"The account alias {alias} does not exist.")
    await call.ports.iam_store.set_alias(call.account, None)
    return {}


async def list_account_aliases(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """List the alias, if there is one.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
    """
    alias = await call.ports.iam_store.alias(call.account)
    return {"AccountAliases": [] if alias is None else [alias], "IsTruncated": False}


async def get_account_summary(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Count entities, beside the quotas that hold here.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
    """
    store, account = call.ports.iam_store, call.account
    policies = await store.policies(account)
    root_keys = await store.access_keys(account, account)
    devices, assigned = await call.ports.credential_store.count_mfa_devices(account)
    return {
        "SummaryMap": {
            "Users": await store.count(User, account),
            "Groups": await store.count(Group, account),
            "Roles": await store.count(Role, account),
            "InstanceProfiles": await store.count(InstanceProfile, account),
            "Policies": len(policies),
            "PolicyVersionsInUse": sum(len(policy.versions) for policy in policies),
            "AccountAccessKeysPresent": int(bool(root_keys)),
            "AccountPasswordPresent": 0,  # of root, who has none here
            "AccountMFAEnabled": 0,  # root has no device: EnableMFADevice names a user
            "MFADevices": devices,
            "MFADevicesInUse": assigned,
            "Providers": await store.count(OidcProvider, account) + await store.count(SamlProvider, account),
            "ServerCertificates": 0,
            **{quota.summary: quota.bound for quota in ACCOUNT_QUOTAS if quota.summary is not None},
            "AccessKeysPerUserQuota": ACCESS_KEYS_PER_USER,
            "GroupsPerUserQuota": GROUPS_PER_USER,
            "AttachedPoliciesPerUserQuota": MANAGED_POLICIES_PER_ENTITY,
            "AttachedPoliciesPerGroupQuota": MANAGED_POLICIES_PER_ENTITY,
            "AttachedPoliciesPerRoleQuota": MANAGED_POLICIES_PER_ENTITY,
            "VersionsPerPolicyQuota": POLICY_VERSIONS,
            "PolicySizeQuota": MANAGED_POLICY_CHARACTERS,
            "UserPolicySizeQuota": USER_INLINE_CHARACTERS,
            "GroupPolicySizeQuota": GROUP_INLINE_CHARACTERS,
            "RolePolicySizeQuota": ROLE_INLINE_CHARACTERS,
            "AssumeRolePolicySizeQuota": TRUST_POLICY_CHARACTERS,
        }
    }

"""What IAM's operations ask of their caller's policies.

Users, groups, roles and instance profiles are found with their paths by the resolvers of `services/iam/operations.py`;
the templates here serve where they are made.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from collections.abc import Mapping
from typing import Final

from yett.services.permissions.row import BY_OPERATION, PARTITION, Params, Permission, Row

IAM: Final = "arn:{partition}:iam::{account}:"
USER: Final = IAM + "user{Path}{UserName}"
GROUP: Final = IAM + "group{Path}{GroupName}"
ROLE: Final = IAM + "role{Path}{RoleName}"
INSTANCE_PROFILE: Final = IAM + "instance-profile{Path}{InstanceProfileName}"
SAML_PROVIDER: Final = IAM + "saml-provider/{Name}"
POLICY: Final = IAM + "policy{Path}{PolicyName}"
MFA_DEVICE: Final = IAM + "mfa{Path}{VirtualMFADeviceName}"

BOUNDARY: Final = {"iam:PermissionsBoundary": "PermissionsBoundary"}
POLICY_ARN: Final = {"iam:PolicyARN": "PolicyArn"}


def rows(resource: str, *operations: str) -> dict[str, Permission]:
    """Rows without condition keys of their own."""
    return {name: Permission(action=f"iam:{name}", resource=resource) for name in operations}


def provider_arn(params: Params, account: str, region: str) -> tuple[str, ...]:  # noqa: ARG001
    """The ARN that an OpenID Connect provider of this URL has."""
    name = str(params["Url"]).partition("://")[2]
    return (f"arn:{PARTITION}:iam::{account}:oidc-provider/{name}",)


PERMISSIONS: Final[Mapping[str, Row]] = {
    "CreateUser": Permission(
        action="iam:CreateUser", resource=USER, condition_keys=BOUNDARY, tags="Tags", also={"Tags": "iam:TagUser"}
    ),
    **rows(USER, "GetUser", "UpdateUser", "DeleteUser", "ListGroupsForUser"),
    **rows(USER, "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey", "GetAccessKeyLastUsed"),
    **rows(USER, "PutUserPolicy", "GetUserPolicy", "DeleteUserPolicy", "ListUserPolicies"),
    **rows(USER, "ListAttachedUserPolicies", "DeleteUserPermissionsBoundary", "ListUserTags"),
    "AttachUserPolicy": Permission(action="iam:AttachUserPolicy", resource=USER, condition_keys=POLICY_ARN),
    "DetachUserPolicy": Permission(action="iam:DetachUserPolicy", resource=USER, condition_keys=POLICY_ARN),
    "PutUserPermissionsBoundary": Permission(
        action="iam:PutUserPermissionsBoundary", resource=USER, condition_keys=BOUNDARY
    ),
    "TagUser": Permission(action="iam:TagUser", resource=USER, tags="Tags"),
    "UntagUser": Permission(action="iam:UntagUser", resource=USER, tag_keys="TagKeys"),
    "ListUsers": Permission(action="iam:ListUsers"),
    "CreateVirtualMFADevice": Permission(
        action="iam:CreateVirtualMFADevice", resource=MFA_DEVICE, tags="Tags", also={"Tags": "iam:TagMFADevice"}
    ),
    **rows(USER, "EnableMFADevice", "ResyncMFADevice", "DeactivateMFADevice", "GetMFADevice", "ListMFADevices"),
    **rows("{SerialNumber}", "DeleteVirtualMFADevice", "ListMFADeviceTags"),
    "TagMFADevice": Permission(action="iam:TagMFADevice", resource="{SerialNumber}", tags="Tags"),
    "UntagMFADevice": Permission(action="iam:UntagMFADevice", resource="{SerialNumber}", tag_keys="TagKeys"),
    **rows(USER, "CreateLoginProfile", "GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"),
    # The account's password policy may grant these two: the operations weigh it with the caller's policies.
    "ChangePassword": BY_OPERATION,
    "GetAccountPasswordPolicy": BY_OPERATION,
    **rows("*", "GenerateCredentialReport", "GetCredentialReport"),
    **rows("*", "UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"),
    "ListVirtualMFADevices": Permission(action="iam:ListVirtualMFADevices"),
    **rows(GROUP, "CreateGroup", "GetGroup", "UpdateGroup", "DeleteGroup", "AddUserToGroup", "RemoveUserFromGroup"),
    **rows(GROUP, "PutGroupPolicy", "GetGroupPolicy", "DeleteGroupPolicy", "ListGroupPolicies"),
    **rows(GROUP, "ListAttachedGroupPolicies"),
    "AttachGroupPolicy": Permission(action="iam:AttachGroupPolicy", resource=GROUP, condition_keys=POLICY_ARN),
    "DetachGroupPolicy": Permission(action="iam:DetachGroupPolicy", resource=GROUP, condition_keys=POLICY_ARN),
    "ListGroups": Permission(action="iam:ListGroups"),
    "CreateRole": Permission(
        action="iam:CreateRole", resource=ROLE, condition_keys=BOUNDARY, tags="Tags", also={"Tags": "iam:TagRole"}
    ),
    **rows(ROLE, "GetRole", "UpdateRole", "UpdateRoleDescription", "UpdateAssumeRolePolicy", "DeleteRole"),
    **rows(ROLE, "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy", "ListRolePolicies"),
    **rows(ROLE, "ListAttachedRolePolicies", "DeleteRolePermissionsBoundary", "ListRoleTags"),
    **rows(ROLE, "ListInstanceProfilesForRole"),
    "AttachRolePolicy": Permission(action="iam:AttachRolePolicy", resource=ROLE, condition_keys=POLICY_ARN),
    "DetachRolePolicy": Permission(action="iam:DetachRolePolicy", resource=ROLE, condition_keys=POLICY_ARN),
    "PutRolePermissionsBoundary": Permission(
        action="iam:PutRolePermissionsBoundary", resource=ROLE, condition_keys=BOUNDARY
    ),
    "TagRole": Permission(action="iam:TagRole", resource=ROLE, tags="Tags"),
    "UntagRole": Permission(action="iam:UntagRole", resource=ROLE, tag_keys="TagKeys"),
    "ListRoles": Permission(action="iam:ListRoles"),
    "CreatePolicy": Permission(action="iam:CreatePolicy", resource=POLICY, tags="Tags", also={"Tags": "iam:TagPolicy"}),
    **rows("{PolicyArn}", "GetPolicy", "DeletePolicy", "CreatePolicyVersion", "GetPolicyVersion"),
    **rows("{PolicyArn}", "ListPolicyVersions", "SetDefaultPolicyVersion", "DeletePolicyVersion"),
    **rows("{PolicyArn}", "ListEntitiesForPolicy", "ListPolicyTags"),
    "TagPolicy": Permission(action="iam:TagPolicy", resource="{PolicyArn}", tags="Tags"),
    "UntagPolicy": Permission(action="iam:UntagPolicy", resource="{PolicyArn}", tag_keys="TagKeys"),
    "ListPolicies": Permission(action="iam:ListPolicies"),
    "CreateInstanceProfile": Permission(
        action="iam:CreateInstanceProfile",
        resource=INSTANCE_PROFILE,
        tags="Tags",
        also={"Tags": "iam:TagInstanceProfile"},
    ),
    **rows(INSTANCE_PROFILE, "GetInstanceProfile", "DeleteInstanceProfile", "ListInstanceProfileTags"),
    **rows(INSTANCE_PROFILE, "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"),
    "TagInstanceProfile": Permission(action="iam:TagInstanceProfile", resource=INSTANCE_PROFILE, tags="Tags"),
    "UntagInstanceProfile": Permission(
        action="iam:UntagInstanceProfile", resource=INSTANCE_PROFILE, tag_keys="TagKeys"
    ),
    "CreateOpenIDConnectProvider": Permission(
        action="iam:CreateOpenIDConnectProvider",
        resource=provider_arn,
        tags="Tags",
        also={"Tags": "iam:TagOpenIDConnectProvider"},
    ),
    **rows("{OpenIDConnectProviderArn}", "GetOpenIDConnectProvider", "DeleteOpenIDConnectProvider"),
    **rows("{OpenIDConnectProviderArn}", "AddClientIDToOpenIDConnectProvider", "ListOpenIDConnectProviderTags"),
    **rows("{OpenIDConnectProviderArn}", "RemoveClientIDFromOpenIDConnectProvider"),
    **rows("{OpenIDConnectProviderArn}", "UpdateOpenIDConnectProviderThumbprint"),
    "TagOpenIDConnectProvider": Permission(
        action="iam:TagOpenIDConnectProvider", resource="{OpenIDConnectProviderArn}", tags="Tags"
    ),
    "UntagOpenIDConnectProvider": Permission(
        action="iam:UntagOpenIDConnectProvider", resource="{OpenIDConnectProviderArn}", tag_keys="TagKeys"
    ),
    "CreateSAMLProvider": Permission(
        action="iam:CreateSAMLProvider", resource=SAML_PROVIDER, tags="Tags", also={"Tags": "iam:TagSAMLProvider"}
    ),
    **rows("{SAMLProviderArn}", "GetSAMLProvider", "UpdateSAMLProvider", "DeleteSAMLProvider", "ListSAMLProviderTags"),
    "TagSAMLProvider": Permission(action="iam:TagSAMLProvider", resource="{SAMLProviderArn}", tags="Tags"),
    "UntagSAMLProvider": Permission(action="iam:UntagSAMLProvider", resource="{SAMLProviderArn}", tag_keys="TagKeys"),
    **rows("*", "ListOpenIDConnectProviders", "ListSAMLProviders"),
    **rows("*", "ListInstanceProfiles", "CreateAccountAlias", "DeleteAccountAlias", "ListAccountAliases"),
    **rows("*", "GetAccountSummary", "GetAccountAuthorizationDetails"),
    **rows("*", "SimulateCustomPolicy", "GetContextKeysForCustomPolicy"),
    **rows("{PolicySourceArn}", "SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy"),
}

"""IAM's operations, and those that are not offered, each with its reason."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from yett.services.call import Call, Operation
from yett.services.iam import (
    access_keys,
    account,
    attachments,
    authorization_details,
    credential_report,
    federated_providers,
    groups,
    inline_policies,
    instance_profiles,
    login_profiles,
    managed_policies,
    mfa_devices,
    oidc_providers,
    password_policy,
    roles,
    saml_providers,
    simulation,
    tags,
    users,
)
from yett.services.iam.authorization import resource_tag_keys
from yett.services.iam.entities import GROUP, INSTANCE_PROFILE, ROLE, USER, Noun, Params, arn_of

OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateUser": users.create_user,
    "GetUser": users.get_user,
    "UpdateUser": users.update_user,
    "DeleteUser": users.delete_user,
    "ListUsers": users.list_users,
    "AddUserToGroup": users.add_user_to_group,
    "RemoveUserFromGroup": users.remove_user_from_group,
    "ListGroupsForUser": users.list_groups_for_user,
    "CreateGroup": groups.create_group,
    "GetGroup": groups.get_group,
    "UpdateGroup": groups.update_group,
    "DeleteGroup": groups.delete_group,
    "ListGroups": groups.list_groups,
    "CreateRole": roles.create_role,
    "GetRole": roles.get_role,
    "UpdateRole": roles.update_role,
    "UpdateRoleDescription": roles.update_role_description,
    "UpdateAssumeRolePolicy": roles.update_assume_role_policy,
    "DeleteRole": roles.delete_role,
    "ListRoles": roles.list_roles,
    "CreateAccessKey": access_keys.create_access_key,
    "ListAccessKeys": access_keys.list_access_keys,
    "UpdateAccessKey": access_keys.update_access_key,
    "DeleteAccessKey": access_keys.delete_access_key,
    "GetAccessKeyLastUsed": access_keys.get_access_key_last_used,
    "CreatePolicy": managed_policies.create_policy,
    "GetPolicy": managed_policies.get_policy,
    "ListPolicies": managed_policies.list_policies,
    "DeletePolicy": managed_policies.delete_policy,
    "CreatePolicyVersion": managed_policies.create_policy_version,
    "GetPolicyVersion": managed_policies.get_policy_version,
    "ListPolicyVersions": managed_policies.list_policy_versions,
    "SetDefaultPolicyVersion": managed_policies.set_default_policy_version,
    "DeletePolicyVersion": managed_policies.delete_policy_version,
    "ListEntitiesForPolicy": managed_policies.list_entities_for_policy,
    "AttachUserPolicy": partial(attachments.attach_policy, USER),
    "AttachGroupPolicy": partial(attachments.attach_policy, GROUP),
    "AttachRolePolicy": partial(attachments.attach_policy, ROLE),
    "DetachUserPolicy": partial(attachments.detach_policy, USER),
    "DetachGroupPolicy": partial(attachments.detach_policy, GROUP),
    "DetachRolePolicy": partial(attachments.detach_policy, ROLE),
    "ListAttachedUserPolicies": partial(attachments.list_attached_policies, USER),
    "ListAttachedGroupPolicies": partial(attachments.list_attached_policies, GROUP),
    "ListAttachedRolePolicies": partial(attachments.list_attached_policies, ROLE),
    "PutUserPermissionsBoundary": partial(attachments.put_permissions_boundary, USER),
    "PutRolePermissionsBoundary": partial(attachments.put_permissions_boundary, ROLE),
    "DeleteUserPermissionsBoundary": partial(attachments.delete_permissions_boundary, USER),
    "DeleteRolePermissionsBoundary": partial(attachments.delete_permissions_boundary, ROLE),
    "PutUserPolicy": partial(inline_policies.put_policy, USER),
    "PutGroupPolicy": partial(inline_policies.put_policy, GROUP),
    "PutRolePolicy": partial(inline_policies.put_policy, ROLE),
    "GetUserPolicy": partial(inline_policies.get_policy, USER),
    "GetGroupPolicy": partial(inline_policies.get_policy, GROUP),
    "GetRolePolicy": partial(inline_policies.get_policy, ROLE),
    "DeleteUserPolicy": partial(inline_policies.delete_policy, USER),
    "DeleteGroupPolicy": partial(inline_policies.delete_policy, GROUP),
    "DeleteRolePolicy": partial(inline_policies.delete_policy, ROLE),
    "ListUserPolicies": partial(inline_policies.list_policies, USER),
    "ListGroupPolicies": partial(inline_policies.list_policies, GROUP),
    "ListRolePolicies": partial(inline_policies.list_policies, ROLE),
    "TagUser": partial(tags.tag_entity, USER),
    "TagRole": partial(tags.tag_entity, ROLE),
    "TagInstanceProfile": partial(tags.tag_entity, INSTANCE_PROFILE),
    "TagPolicy": tags.tag_policy,
    "UntagUser": partial(tags.untag_entity, USER),
    "UntagRole": partial(tags.untag_entity, ROLE),
    "UntagInstanceProfile": partial(tags.untag_entity, INSTANCE_PROFILE),
    "UntagPolicy": tags.untag_policy,
    "ListUserTags": partial(tags.list_entity_tags, USER),
    "ListRoleTags": partial(tags.list_entity_tags, ROLE),
    "ListInstanceProfileTags": partial(tags.list_entity_tags, INSTANCE_PROFILE),
    "ListPolicyTags": tags.list_policy_tags,
    "CreateInstanceProfile": instance_profiles.create_instance_profile,
    "GetInstanceProfile": instance_profiles.get_instance_profile,
    "DeleteInstanceProfile": instance_profiles.delete_instance_profile,
    "AddRoleToInstanceProfile": instance_profiles.add_role_to_instance_profile,
    "RemoveRoleFromInstanceProfile": instance_profiles.remove_role_from_instance_profile,
    "ListInstanceProfiles": instance_profiles.list_instance_profiles,
    "ListInstanceProfilesForRole": instance_profiles.list_instance_profiles_for_role,
    "CreateOpenIDConnectProvider": oidc_providers.create_open_id_connect_provider,
    "GetOpenIDConnectProvider": oidc_providers.get_open_id_connect_provider,
    "ListOpenIDConnectProviders": oidc_providers.list_open_id_connect_providers,
    "DeleteOpenIDConnectProvider": oidc_providers.delete_open_id_connect_provider,
    "UpdateOpenIDConnectProviderThumbprint": oidc_providers.update_open_id_connect_provider_thumbprint,
    "AddClientIDToOpenIDConnectProvider": oidc_providers.add_client_id_to_open_id_connect_provider,
    "RemoveClientIDFromOpenIDConnectProvider": oidc_providers.remove_client_id_from_open_id_connect_provider,
    "TagOpenIDConnectProvider": oidc_providers.tag_open_id_connect_provider,
    "UntagOpenIDConnectProvider": oidc_providers.untag_open_id_connect_provider,
    "ListOpenIDConnectProviderTags": oidc_providers.list_open_id_connect_provider_tags,
    "CreateSAMLProvider": saml_providers.create_saml_provider,
    "GetSAMLProvider": saml_providers.get_saml_provider,
    "ListSAMLProviders": saml_providers.list_saml_providers,
    "UpdateSAMLProvider": saml_providers.update_saml_provider,
    "DeleteSAMLProvider": saml_providers.delete_saml_provider,
    "TagSAMLProvider": saml_providers.tag_saml_provider,
    "UntagSAMLProvider": saml_providers.untag_saml_provider,
    "ListSAMLProviderTags": saml_providers.list_saml_provider_tags,
    "CreateVirtualMFADevice": mfa_devices.create_virtual_mfa_device,
    "EnableMFADevice": mfa_devices.enable_mfa_device,
    "ResyncMFADevice": mfa_devices.resync_mfa_device,
    "DeactivateMFADevice": mfa_devices.deactivate_mfa_device,
    "DeleteVirtualMFADevice": mfa_devices.delete_virtual_mfa_device,
    "GetMFADevice": mfa_devices.get_mfa_device,
    "ListMFADevices": mfa_devices.list_mfa_devices,
    "ListVirtualMFADevices": mfa_devices.list_virtual_mfa_devices,
    "TagMFADevice": mfa_devices.tag_mfa_device,
    "UntagMFADevice": mfa_devices.untag_mfa_device,
    "ListMFADeviceTags": mfa_devices.list_mfa_device_tags,
    "CreateLoginProfile": login_profiles.create_login_profile,
    "GetLoginProfile": login_profiles.get_login_profile,
    "UpdateLoginProfile": login_profiles.update_login_profile,
    "DeleteLoginProfile": login_profiles.delete_login_profile,
    "ChangePassword": login_profiles.change_password,
    "GetAccountPasswordPolicy": password_policy.get_account_password_policy,
    "UpdateAccountPasswordPolicy": password_policy.update_account_password_policy,
    "DeleteAccountPasswordPolicy": password_policy.delete_account_password_policy,
    "GenerateCredentialReport": credential_report.generate_credential_report,
    "GetCredentialReport": credential_report.get_credential_report,
    "CreateAccountAlias": account.create_account_alias,
    "DeleteAccountAlias": account.delete_account_alias,
    "ListAccountAliases": account.list_account_aliases,
    "GetAccountSummary": account.get_account_summary,
    "GetAccountAuthorizationDetails": authorization_details.get_account_authorization_details,
    "SimulateCustomPolicy": simulation.simulate_custom_policy,
    "SimulatePrincipalPolicy": simulation.simulate_principal_policy,
    "GetContextKeysForCustomPolicy": simulation.get_context_keys_for_custom_policy,
    "GetContextKeysForPrincipalPolicy": simulation.get_context_keys_for_principal_policy,
}

PROVIDERS: Final = "no tokens are issued for other parties"
KEYS: Final = "keys and certificates for other services have no use here"
REPORTS: Final = "no such report is made"
SERVICE_LINKED: Final = "no service here acts through a service-linked role"
DELEGATION: Final = "requests for delegated access are not kept"
ROOT_ACCESS: Final = "the root users of member accounts are not managed centrally"

NOT_OFFERED: Final[Mapping[str, str]] = {
    "AcquireRole": DELEGATION,
    "GetRoleTemplateVersion": DELEGATION,
    "GetAccountProperties": "the account has no such properties",
    "PutAccountProperties": "the account has no such properties",
    "GetHumanReadableSummary": REPORTS,
    "SetSecurityTokenServicePreferences": "session tokens have one form here",
    **dict.fromkeys(
        (
            "EnableOutboundWebIdentityFederation",
            "DisableOutboundWebIdentityFederation",
            "GetOutboundWebIdentityFederationInfo",
        ),
        PROVIDERS,
    ),
    **dict.fromkeys(
        (
            "UploadSSHPublicKey",
            "GetSSHPublicKey",
            "UpdateSSHPublicKey",
            "DeleteSSHPublicKey",
            "ListSSHPublicKeys",
            "UploadServerCertificate",
            "GetServerCertificate",
            "UpdateServerCertificate",
            "DeleteServerCertificate",
            "ListServerCertificates",
            "TagServerCertificate",
            "UntagServerCertificate",
            "ListServerCertificateTags",
            "UploadSigningCertificate",
            "UpdateSigningCertificate",
            "DeleteSigningCertificate",
            "ListSigningCertificates",
            "CreateServiceSpecificCredential",
            "UpdateServiceSpecificCredential",
            "ResetServiceSpecificCredential",
            "DeleteServiceSpecificCredential",
            "ListServiceSpecificCredentials",
        ),
        KEYS,
    ),
    **dict.fromkeys(
        (
            "GenerateOrganizationsAccessReport",
            "GetOrganizationsAccessReport",
            "GenerateServiceLastAccessedDetails",
            "GetServiceLastAccessedDetails",
            "GetServiceLastAccessedDetailsWithEntities",
            "ListPoliciesGrantingServiceAccess",
        ),
        REPORTS,
    ),
    **dict.fromkeys(
        ("CreateServiceLinkedRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus"), SERVICE_LINKED
    ),
    **dict.fromkeys(
        (
            "AcceptDelegationRequest",
            "AssociateDelegationRequest",
            "CreateDelegationRequest",
            "GetDelegationRequest",
            "ListDelegationRequests",
            "RejectDelegationRequest",
            "SendDelegationToken",
            "UpdateDelegationRequest",
        ),
        DELEGATION,
    ),
    **dict.fromkeys(
        (
            "EnableOrganizationsRootCredentialsManagement",
            "DisableOrganizationsRootCredentialsManagement",
            "EnableOrganizationsRootSessions",
            "DisableOrganizationsRootSessions",
            "ListOrganizationsFeatures",
        ),
        ROOT_ACCESS,
    ),
}

Resolver = Callable[[Call, Params], Awaitable[tuple[str, ...]]]


async def resolve_arn(noun: Noun[Any], call: Call, params: Params) -> tuple[str, ...]:
    """The ARN, with its path, of the entity that the call names; one that does not exist is taken to have no path."""
    name = params.get(noun.name_member)
    if name is None:  # the caller itself
        return () if call.caller is None else (call.caller.identity.principal_arn,)
    found = await call.ports.iam_store.find(noun.kind, call.account, name)
    return (call.iam_arn(f"{noun.word}/{name}") if found is None else arn_of(noun, found),)


async def resolve_key_owner(call: Call, params: Params) -> tuple[str, ...]:
    """The ARN of the user who has the access key, where only the key is named."""
    access_key = await call.ports.iam_store.find_access_key(params["AccessKeyId"])
    if access_key is None or access_key.account != call.account:
        return (call.iam_arn("user/*"),)
    if access_key.user_name is None:
        return (call.iam_arn("root"),)
    return await resolve_arn(USER, call, {"UserName": access_key.user_name})


async def resource_keys(call: Call, params: Params) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of what an operation is about, as it is now: its tags and its permissions boundary.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    resolver = RESOURCES.get(call.operation)
    if "PolicySourceArn" in params:
        return resource_tag_keys(await simulation.tags_of(call, params), service="iam")
    if "OpenIDConnectProviderArn" in params:
        return resource_tag_keys(await federated_providers.tags_of(oidc_providers.OIDC, call, params), service="iam")
    if "SAMLProviderArn" in params:
        return resource_tag_keys(await federated_providers.tags_of(saml_providers.SAML, call, params), service="iam")
    if "SerialNumber" in params and resolver is None:  # about the device itself, not about whose it is
        return resource_tag_keys(await mfa_devices.tags_of(call, params), service="iam")
    if not isinstance(resolver, partial):  # about a policy, or about what is only being made
        arn = params.get("PolicyArn")
        policy = None if arn is None else await call.ports.iam_store.find_policy(arn)
        return {} if policy is None else resource_tag_keys(policy.tags, service="iam")
    noun: Noun[Any] = resolver.args[0]
    name = params.get(noun.name_member) or (call.caller.identity.user_name if call.caller is not None else None)
    found = None if name is None else await call.ports.iam_store.find(noun.kind, call.account, name)
    if found is None:
        return {}
    boundary = getattr(found, "permissions_boundary", None)
    keys = resource_tag_keys(found.tags, service="iam")
    return keys if boundary is None else {**keys, "iam:PermissionsBoundary": (boundary,)}


def resolvers(noun: Noun[Any], *names: str) -> dict[str, Resolver]:
    """The same resolver for several operations."""
    return dict.fromkeys(names, partial(resolve_arn, noun))


RESOURCES: Final[Mapping[str, Resolver]] = {
    **resolvers(USER, "GetUser", "UpdateUser", "DeleteUser", "ListGroupsForUser"),
    **resolvers(USER, "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey"),
    **resolvers(USER, "AttachUserPolicy", "DetachUserPolicy", "ListAttachedUserPolicies"),
    **resolvers(USER, "PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"),
    **resolvers(USER, "PutUserPolicy", "GetUserPolicy", "DeleteUserPolicy", "ListUserPolicies"),
    **resolvers(USER, "TagUser", "UntagUser", "ListUserTags"),
    **resolvers(USER, "CreateLoginProfile", "GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"),
    **resolvers(USER, "EnableMFADevice", "ResyncMFADevice", "DeactivateMFADevice", "GetMFADevice", "ListMFADevices"),
    **resolvers(GROUP, "GetGroup", "UpdateGroup", "DeleteGroup", "AddUserToGroup", "RemoveUserFromGroup"),
    **resolvers(GROUP, "AttachGroupPolicy", "DetachGroupPolicy", "ListAttachedGroupPolicies"),
    **resolvers(GROUP, "PutGroupPolicy", "GetGroupPolicy", "DeleteGroupPolicy", "ListGroupPolicies"),
    **resolvers(ROLE, "GetRole", "UpdateRole", "UpdateRoleDescription", "UpdateAssumeRolePolicy", "DeleteRole"),
    **resolvers(ROLE, "AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"),
    **resolvers(ROLE, "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
    **resolvers(ROLE, "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy", "ListRolePolicies"),
    **resolvers(ROLE, "TagRole", "UntagRole", "ListRoleTags", "ListInstanceProfilesForRole"),
    **resolvers(INSTANCE_PROFILE, "GetInstanceProfile", "DeleteInstanceProfile"),
    **resolvers(INSTANCE_PROFILE, "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"),
    **resolvers(INSTANCE_PROFILE, "TagInstanceProfile", "UntagInstanceProfile", "ListInstanceProfileTags"),
    "GetAccessKeyLastUsed": resolve_key_owner,
}

"""Every operation of Amazon Cognito user pools: what does it, or why it is not offered."""

from collections.abc import Mapping
from typing import Final

from yett.services.call import Operation
from yett.services.cognito_idp.auth import (
    admin_initiate_auth,
    admin_respond_to_auth_challenge,
    initiate_auth,
    respond_to_auth_challenge,
)
from yett.services.cognito_idp.domains import (
    create_user_pool_domain,
    delete_user_pool_domain,
    describe_user_pool_domain,
)
from yett.services.cognito_idp.errors import translated
from yett.services.cognito_idp.groups import (
    admin_add_user_to_group,
    admin_list_groups_for_user,
    admin_remove_user_from_group,
    create_group,
    delete_group,
    get_group,
    list_groups,
    list_users_in_group,
    update_group,
)
from yett.services.cognito_idp.lookup import place_of_unsigned
from yett.services.cognito_idp.passwords import (
    admin_reset_user_password,
    admin_set_user_password,
    change_password,
    confirm_forgot_password,
    forgot_password,
)
from yett.services.cognito_idp.resource_servers import (
    create_resource_server,
    delete_resource_server,
    describe_resource_server,
    list_resource_servers,
    update_resource_server,
)
from yett.services.cognito_idp.sign_up import (
    admin_confirm_sign_up,
    confirm_sign_up,
    resend_confirmation_code,
    sign_up,
)
from yett.services.cognito_idp.tags import list_tags_for_resource, resource_keys, tag_resource, untag_resource
from yett.services.cognito_idp.tokens import global_sign_out, revoke_token
from yett.services.cognito_idp.user_pool_clients import (
    create_user_pool_client,
    delete_user_pool_client,
    describe_user_pool_client,
    list_user_pool_clients,
    update_user_pool_client,
)
from yett.services.cognito_idp.user_pools import (
    create_user_pool,
    delete_user_pool,
    describe_user_pool,
    get_user_pool_mfa_config,
    list_user_pools,
    update_user_pool_options,
)
from yett.services.cognito_idp.users import (
    admin_create_user,
    admin_delete_user,
    admin_delete_user_attributes,
    admin_disable_user,
    admin_enable_user,
    admin_get_user,
    admin_update_user_attributes,
    admin_user_global_sign_out,
    delete_user,
    get_own_user,
    list_users,
    update_user_attributes,
)

__all__ = ["NOT_OFFERED", "OPERATIONS", "place_of_unsigned", "resource_keys"]

OFFERED: Final[Mapping[str, Operation]] = {
    "AdminAddUserToGroup": admin_add_user_to_group,
    "AdminConfirmSignUp": admin_confirm_sign_up,
    "AdminCreateUser": admin_create_user,
    "AdminDeleteUser": admin_delete_user,
    "AdminDeleteUserAttributes": admin_delete_user_attributes,
    "AdminDisableUser": admin_disable_user,
    "AdminEnableUser": admin_enable_user,
    "AdminGetUser": admin_get_user,
    "AdminInitiateAuth": admin_initiate_auth,
    "AdminListGroupsForUser": admin_list_groups_for_user,
    "AdminRemoveUserFromGroup": admin_remove_user_from_group,
    "AdminResetUserPassword": admin_reset_user_password,
    "AdminRespondToAuthChallenge": admin_respond_to_auth_challenge,
    "AdminSetUserPassword": admin_set_user_password,
    "AdminUpdateUserAttributes": admin_update_user_attributes,
    "AdminUserGlobalSignOut": admin_user_global_sign_out,
    "ChangePassword": change_password,
    "ConfirmForgotPassword": confirm_forgot_password,
    "ConfirmSignUp": confirm_sign_up,
    "CreateGroup": create_group,
    "CreateResourceServer": create_resource_server,
    "CreateUserPool": create_user_pool,
    "CreateUserPoolClient": create_user_pool_client,
    "CreateUserPoolDomain": create_user_pool_domain,
    "DeleteGroup": delete_group,
    "DeleteResourceServer": delete_resource_server,
    "DeleteUser": delete_user,
    "DeleteUserPool": delete_user_pool,
    "DeleteUserPoolClient": delete_user_pool_client,
    "DeleteUserPoolDomain": delete_user_pool_domain,
    "DescribeResourceServer": describe_resource_server,
    "DescribeUserPool": describe_user_pool,
    "DescribeUserPoolClient": describe_user_pool_client,
    "DescribeUserPoolDomain": describe_user_pool_domain,
    "ForgotPassword": forgot_password,
    "GetGroup": get_group,
    "GetUser": get_own_user,
    "GetUserPoolMfaConfig": get_user_pool_mfa_config,
    "GlobalSignOut": global_sign_out,
    "InitiateAuth": initiate_auth,
    "ListGroups": list_groups,
    "ListResourceServers": list_resource_servers,
    "ListTagsForResource": list_tags_for_resource,
    "ListUserPoolClients": list_user_pool_clients,
    "ListUserPools": list_user_pools,
    "ListUsers": list_users,
    "ListUsersInGroup": list_users_in_group,
    "ResendConfirmationCode": resend_confirmation_code,
    "RespondToAuthChallenge": respond_to_auth_challenge,
    "RevokeToken": revoke_token,
    "SignUp": sign_up,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateGroup": update_group,
    "UpdateResourceServer": update_resource_server,
    "UpdateUserAttributes": update_user_attributes,
    "UpdateUserPool": update_user_pool_options,
    "UpdateUserPoolClient": update_user_pool_client,
}

OPERATIONS: Final[Mapping[str, Operation]] = {name: translated(operation) for name, operation in OFFERED.items()}

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "no pool here asks for a second factor": (
        "AdminDeleteSoftwareToken", "AdminSetUserMFAPreference", "AdminSetUserSettings", "AssociateSoftwareToken",
        "SetUserMFAPreference", "SetUserPoolMfaConfig", "SetUserSettings", "VerifySoftwareToken",
    ),
    "devices are not remembered": (
        "AdminForgetDevice", "AdminGetDevice", "AdminListDevices", "AdminUpdateDeviceStatus", "ConfirmDevice",
        "ForgetDevice", "GetDevice", "ListDevices", "UpdateDeviceStatus",
    ),
    "users sign in by password; passkeys and one-time codes are not offered": (
        "AdminGetUserAuthFactors", "CompleteWebAuthnRegistration", "DeleteWebAuthnCredential", "GetUserAuthFactors",
        "ListWebAuthnCredentials", "StartWebAuthnRegistration",
    ),
    "pools do not federate with other identity providers": (
        "AdminDisableProviderForUser", "AdminLinkProviderForUser", "CreateIdentityProvider", "DeleteIdentityProvider",
        "DescribeIdentityProvider", "GetIdentityProviderByIdentifier", "GetSigningCertificate",
        "ListIdentityProviders", "UpdateIdentityProvider",
    ),
    "advanced security is not offered": (
        "AdminListUserAuthEvents", "AdminUpdateAuthEventFeedback", "DescribeRiskConfiguration", "SetRiskConfiguration",
        "UpdateAuthEventFeedback",
    ),
    "there are no login pages yet": (
        "CreateManagedLoginBranding", "CreateTerms", "DeleteManagedLoginBranding", "DeleteTerms",
        "DescribeManagedLoginBranding", "DescribeManagedLoginBrandingByClient", "DescribeTerms",
        "DescribeTermsByClient", "GetUICustomization", "ListTerms", "SetUICustomization", "UpdateManagedLoginBranding",
        "UpdateTerms",
    ),
    "users are not imported from files": (
        "CreateUserImportJob", "DescribeUserImportJob", "GetCSVHeader", "ListUserImportJobs", "StartUserImportJob",
        "StopUserImportJob",
    ),
    "a pool lives in one Region": (
        "CreateUserPoolReplica", "DeleteUserPoolReplica", "ListUserPoolReplicas", "UpdateUserPoolReplica",
    ),
    "sessions are ended by GlobalSignOut, AdminUserGlobalSignOut and RevokeToken": (
        "AdminListUserSessions", "AdminRevokeUserSession", "GetUserPoolClientSessionConfiguration",
        "GetUserPoolSessionConfiguration", "ListUserSessions", "RevokeUserSession",
        "SetUserPoolClientSessionConfiguration", "SetUserPoolSessionConfiguration",
    ),
    "tokens are not exchanged": ("GetClientToken", "GetDerivedToken"),
    "refresh tokens are not rotated; use InitiateAuth with REFRESH_TOKEN_AUTH": ("GetTokensFromRefreshToken",),
    "an app client has one secret, made with it": (
        "AddUserPoolClientSecret", "DeleteUserPoolClientSecret", "ListUserPoolClientSecrets",
    ),
    "attributes are declared when the pool is made": ("AddCustomAttributes",),
    "an administrator verifies addresses, or a sign-up's code does": (
        "GetUserAttributeVerificationCode", "VerifyUserAttribute",
    ),
    "UpdateUserAttributes with an empty value does it": ("DeleteUserAttributes",),
    "logs and quotas are whoever runs yett's business": (
        "GetLogDeliveryConfiguration", "GetProvisionedLimit", "SetLogDeliveryConfiguration", "UpdateProvisionedLimit",
    ),
    "custom domains are not offered": ("UpdateUserPoolDomain",),
}  # fmt: skip

NOT_OFFERED: Final[Mapping[str, str]] = {name: reason for reason, names in REASONS.items() for name in names}

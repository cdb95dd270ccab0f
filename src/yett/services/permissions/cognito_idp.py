"""What each operation of Cognito user pools asks of its caller's policies.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
"""

from collections.abc import Mapping
from typing import Final

from yett.services.permissions.row import UNSIGNED, Permission, Row

USER_POOL: Final = "arn:{partition}:cognito-idp:{region}:{account}:userpool/{UserPoolId}"


def on_pool(operation: str) -> Permission:
    """An action on the pool that the parameters name."""
    return Permission(action=f"cognito-idp:{operation}", resource=USER_POOL)


ON_POOL: Final = (
    "AdminAddUserToGroup", "AdminConfirmSignUp", "AdminCreateUser", "AdminDeleteUser", "AdminDeleteUserAttributes",
    "AdminDisableUser", "AdminEnableUser", "AdminGetUser", "AdminInitiateAuth", "AdminListGroupsForUser",
    "AdminRemoveUserFromGroup", "AdminResetUserPassword", "AdminRespondToAuthChallenge", "AdminSetUserPassword",
    "AdminUpdateUserAttributes", "AdminUserGlobalSignOut", "CreateGroup", "CreateResourceServer",
    "CreateUserPoolClient", "CreateUserPoolDomain", "DeleteGroup", "DeleteResourceServer", "DeleteUserPool",
    "DeleteUserPoolClient", "DeleteUserPoolDomain", "DescribeResourceServer", "DescribeUserPool",
    "DescribeUserPoolClient", "GetGroup", "GetUserPoolMfaConfig", "ListGroups", "ListResourceServers",
    "ListUserPoolClients", "ListUsers", "ListUsersInGroup", "UpdateGroup", "UpdateResourceServer",
    "UpdateUserPoolClient",
)  # fmt: skip

WITHOUT_SIGNATURE: Final = (
    "ChangePassword", "ConfirmForgotPassword", "ConfirmSignUp", "DeleteUser", "ForgotPassword", "GetUser",
    "GlobalSignOut", "InitiateAuth", "ResendConfirmationCode", "RespondToAuthChallenge", "RevokeToken", "SignUp",
    "UpdateUserAttributes",
)  # fmt: skip

PERMISSIONS: Final[Mapping[str, Row]] = {
    **{operation: on_pool(operation) for operation in ON_POOL},
    **dict.fromkeys(WITHOUT_SIGNATURE, UNSIGNED),
    "CreateUserPool": Permission(
        action="cognito-idp:CreateUserPool", tags="UserPoolTags", also={"UserPoolTags": "cognito-idp:TagResource"}
    ),
    "UpdateUserPool": Permission(
        action="cognito-idp:UpdateUserPool",
        resource=USER_POOL,
        tags="UserPoolTags",
        also={"UserPoolTags": "cognito-idp:TagResource"},
    ),
    "ListUserPools": Permission(action="cognito-idp:ListUserPools"),
    "DescribeUserPoolDomain": Permission(action="cognito-idp:DescribeUserPoolDomain"),
    "TagResource": Permission(action="cognito-idp:TagResource", resource="{ResourceArn}", tags="Tags"),
    "UntagResource": Permission(action="cognito-idp:UntagResource", resource="{ResourceArn}", tag_keys="TagKeys"),
    "ListTagsForResource": Permission(action="cognito-idp:ListTagsForResource", resource="{ResourceArn}"),
}

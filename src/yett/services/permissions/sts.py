"""What STS's operations ask of their caller's policies.

AssumeRole weighs the role's trust policy with the caller's own. GetSessionToken needs no permission, but can be denied.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
"""

from collections.abc import Mapping
from typing import Final

from yett.services.permissions.row import ANY_CALLER, BY_OPERATION, UNSIGNED, Permission, Row

PERMISSIONS: Final[Mapping[str, Row]] = {
    "AssumeRole": BY_OPERATION,
    "AssumeRoleWithSAML": UNSIGNED,
    "AssumeRoleWithWebIdentity": UNSIGNED,
    "DecodeAuthorizationMessage": Permission(action="sts:DecodeAuthorizationMessage"),
    "GetAccessKeyInfo": Permission(action="sts:GetAccessKeyInfo"),
    "GetCallerIdentity": ANY_CALLER,
    "GetFederationToken": Permission(
        action="sts:GetFederationToken",
        resource="arn:{partition}:sts::{account}:federated-user/{Name}",
        tags="Tags",
        also={"Tags": "sts:TagSession"},
    ),
    "GetSessionToken": BY_OPERATION,
}

"""What Organizations' operations ask of their caller's policies.

ARNs hold the organization's id, which only the store knows: `services/organizations/operations.py` resolves them.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from collections.abc import Mapping
from typing import Final

from yett.services.permissions.row import Permission

NAMES: Final = (
    "CreateOrganization",
    "DeleteOrganization",
    "DeleteOrganizationalUnit",
    "DescribeAccount",
    "DescribeCreateAccountStatus",
    "DescribeOrganization",
    "DescribeOrganizationalUnit",
    "LeaveOrganization",
    "ListAccounts",
    "ListAccountsForParent",
    "ListChildren",
    "ListCreateAccountStatus",
    "ListOrganizationalUnitsForParent",
    "ListParents",
    "ListRoots",
    "ListTargetsForPolicy",
    "MoveAccount",
    "RemoveAccountFromOrganization",
    "UpdateOrganizationalUnit",
    # Of these, organizations:PolicyType is that of the policy they name, which the store knows.
    "AttachPolicy",
    "DeletePolicy",
    "DescribePolicy",
    "DetachPolicy",
    "UpdatePolicy",
)
BY_TYPE: Final = {
    "DisablePolicyType": "PolicyType",
    "EnablePolicyType": "PolicyType",
    "ListPolicies": "Filter",
    "ListPoliciesForTarget": "Filter",
}

PERMISSIONS: Final[Mapping[str, Permission]] = {
    **{name: Permission(action=f"organizations:{name}") for name in NAMES},
    **{
        name: Permission(action=f"organizations:{name}", tags="Tags", also={"Tags": "organizations:TagResource"})
        for name in ("CreateAccount", "CreateOrganizationalUnit")
    },
    "TagResource": Permission(action="organizations:TagResource", tags="Tags"),
    "UntagResource": Permission(action="organizations:UntagResource", tag_keys="TagKeys"),
    "ListTagsForResource": Permission(action="organizations:ListTagsForResource"),
    **{
        name: Permission(action=f"organizations:{name}", condition_keys={"organizations:PolicyType": member})
        for name, member in BY_TYPE.items()
    },
    "CreatePolicy": Permission(
        action="organizations:CreatePolicy",
        condition_keys={"organizations:PolicyType": "Type"},
        tags="Tags",
        also={"Tags": "organizations:TagResource"},
    ),
}

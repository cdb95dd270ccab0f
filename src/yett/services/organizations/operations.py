"""Organizations' operations, and those that are not offered, each with its reason."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from yett.services.call import Call, Operation
from yett.services.organizations import accounts, organization, policies, tags, units
from yett.services.organizations.access import Params, keys_of_resources, resolve_nodes, resource_keys

__all__ = ["NOT_OFFERED", "OPERATIONS", "RESOURCES", "keys_of_resources", "resource_keys"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateOrganization": organization.create_organization,
    "DescribeOrganization": organization.describe_organization,
    "DeleteOrganization": organization.delete_organization,
    "ListRoots": organization.list_roots,
    "EnablePolicyType": organization.enable_policy_type,
    "DisablePolicyType": organization.disable_policy_type,
    "CreateAccount": accounts.create_account,
    "DescribeCreateAccountStatus": accounts.describe_create_account_status,
    "ListCreateAccountStatus": accounts.list_create_account_status,
    "DescribeAccount": accounts.describe_account,
    "ListAccounts": accounts.list_accounts,
    "ListAccountsForParent": accounts.list_accounts_for_parent,
    "MoveAccount": accounts.move_account,
    "RemoveAccountFromOrganization": accounts.remove_account_from_organization,
    "LeaveOrganization": accounts.leave_organization,
    "CreateOrganizationalUnit": units.create_organizational_unit,
    "DescribeOrganizationalUnit": units.describe_organizational_unit,
    "UpdateOrganizationalUnit": units.update_organizational_unit,
    "DeleteOrganizationalUnit": units.delete_organizational_unit,
    "ListOrganizationalUnitsForParent": units.list_organizational_units_for_parent,
    "ListChildren": units.list_children,
    "ListParents": units.list_parents,
    "CreatePolicy": policies.create_policy,
    "DescribePolicy": policies.describe_one_policy,
    "UpdatePolicy": policies.update_policy,
    "DeletePolicy": policies.delete_policy,
    "ListPolicies": policies.list_policies,
    "AttachPolicy": policies.attach_policy,
    "DetachPolicy": policies.detach_policy,
    "ListPoliciesForTarget": policies.list_policies_for_target,
    "ListTargetsForPolicy": policies.list_targets_for_policy,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "ListTagsForResource": tags.list_tags_for_resource,
}

HANDSHAKES: Final = "accounts are made here with CreateAccount; none can be invited"
DELEGATION: Final = "no service here is administered for a whole organization"
RESOURCE_POLICY: Final = "administration cannot be delegated to member accounts"
EFFECTIVE: Final = "service control policies are inherited level by level and have no effective form"

NOT_OFFERED: Final[Mapping[str, str]] = {
    "CloseAccount": "use RemoveAccountFromOrganization",
    "CreateGovCloudAccount": "there is one partition here",
    "EnableAllFeatures": "create the organization with all features",
    **dict.fromkeys(
        (
            "AcceptHandshake",
            "CancelHandshake",
            "DeclineHandshake",
            "DescribeHandshake",
            "InviteAccountToOrganization",
            "InviteOrganizationToTransferResponsibility",
            "ListHandshakesForAccount",
            "ListHandshakesForOrganization",
            "DescribeResponsibilityTransfer",
            "ListInboundResponsibilityTransfers",
            "ListOutboundResponsibilityTransfers",
            "TerminateResponsibilityTransfer",
            "UpdateResponsibilityTransfer",
        ),
        HANDSHAKES,
    ),
    **dict.fromkeys(
        (
            "EnableAWSServiceAccess",
            "DisableAWSServiceAccess",
            "ListAWSServiceAccessForOrganization",
            "RegisterDelegatedAdministrator",
            "DeregisterDelegatedAdministrator",
            "ListDelegatedAdministrators",
            "ListDelegatedServicesForAccount",
        ),
        DELEGATION,
    ),
    **dict.fromkeys(("PutResourcePolicy", "DescribeResourcePolicy", "DeleteResourcePolicy"), RESOURCE_POLICY),
    **dict.fromkeys(
        (
            "DescribeEffectivePolicy",
            "ListAccountsWithInvalidEffectivePolicy",
            "ListEffectivePolicyValidationErrors",
        ),
        EFFECTIVE,
    ),
}

Resolver = Callable[[Call, Params], Awaitable[tuple[str, ...]]]

RESOURCES: Final[Mapping[str, Resolver]] = dict.fromkeys(
    (
        "AttachPolicy",
        "CreateOrganizationalUnit",
        "DeleteOrganizationalUnit",
        "DeletePolicy",
        "DescribeAccount",
        "DescribeOrganizationalUnit",
        "DescribePolicy",
        "DetachPolicy",
        "DisablePolicyType",
        "EnablePolicyType",
        "ListAccountsForParent",
        "ListChildren",
        "ListOrganizationalUnitsForParent",
        "ListParents",
        "ListPoliciesForTarget",
        "ListTagsForResource",
        "ListTargetsForPolicy",
        "MoveAccount",
        "RemoveAccountFromOrganization",
        "TagResource",
        "UntagResource",
        "UpdateOrganizationalUnit",
        "UpdatePolicy",
    ),
    resolve_nodes,
)

"""The organization itself: its making, its root, the kinds of policy that are in force."""

import msgspec

from yett.ports.errors import AlreadyExists
from yett.rules.organizations.tree import (
    DEFAULTS,
    MemberAccount,
    Organization,
)
from yett.services.call import Call
from yett.services.organizations.access import (
    Answer,
    Params,
    change_organization,
    draw,
    get_managed,
    get_membership,
    is_of_type,
    node_arn,
    organization_arn,
    page_of,
    read_type,
)
from yett.services.organizations.errors import refuse

MANAGEMENT_EMAIL = "management@example.com"


async def create_organization(call: Call, params: Params) -> Answer:
    """Make the caller's account the management account of a new organization.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
    """
    root_id = f"r-{draw(call, 4)}"
    manager = MemberAccount(
        id=call.account,
        name="management",
        email=MANAGEMENT_EMAIL,
        parent_id=root_id,
        joined_at=call.now.replace(microsecond=0),
        is_created=False,
    )
    organization = Organization(
        id=f"o-{draw(call, 10)}",
        management_account=call.account,
        root_id=root_id,
        feature_set=params.get("FeatureSet", "ALL"),
        accounts=(manager,),
    )
    try:
        await call.ports.organization_store.add(organization)
    except AlreadyExists as error:
        raise refuse("AlreadyInOrganizationException") from error
    return {"Organization": describe(organization)}


def describe(organization: Organization) -> dict[str, object]:
    """The organization as the API describes it."""
    manager = organization.management_account
    return {
        "Id": organization.id,
        "Arn": organization_arn(organization),
        "FeatureSet": organization.feature_set,
        "MasterAccountArn": node_arn(organization, manager),
        "MasterAccountId": manager,
        "MasterAccountEmail": MANAGEMENT_EMAIL,
        "AvailablePolicyTypes": describe_types(organization),
    }


def describe_types(organization: Organization) -> list[dict[str, str]]:
    """The kinds of policy that are enabled."""
    return [{"Type": each.value, "Status": "ENABLED"} for each in organization.enabled_types]


async def describe_organization(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Describe the organization to any of its accounts.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
    """
    return {"Organization": describe(await get_membership(call))}


async def delete_organization(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Delete an organization that has no account but its management account.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganization.html
    """
    await get_managed(call)

    def check(organization: Organization) -> None:
        if len(organization.accounts) > 1 or organization.units or organization.policies:
            raise refuse("OrganizationNotEmptyException")

    await call.ports.organization_store.remove(call.account, check)
    return {}


async def list_roots(call: Call, params: Params) -> Answer:
    """List the root: there is one.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html
    """
    organization = await get_managed(call)
    page, rest = page_of([describe_root(organization)], params, key=lambda each: str(each["Id"]))
    return {"Roots": page, **rest}


def describe_root(organization: Organization) -> dict[str, object]:
    """The root as the API describes it."""
    return {
        "Id": organization.root_id,
        "Arn": node_arn(organization, organization.root_id),
        "Name": "Root",
        "PolicyTypes": describe_types(organization),
    }


async def enable_policy_type(call: Call, params: Params) -> Answer:
    """Put a kind of policy in force, with full access attached to everything.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html
    """
    kind = read_type(params["PolicyType"])

    def change(organization: Organization) -> Organization:
        check_root(organization, params["RootId"])
        if kind in organization.enabled_types:
            raise refuse("PolicyTypeAlreadyEnabledException")
        units, accounts = (each.id for each in organization.units), (each.id for each in organization.accounts)
        nodes = (organization.root_id, *units, *accounts)
        attached = {node: (*organization.attachments.get(node, ()), DEFAULTS[kind]) for node in nodes}
        return msgspec.structs.replace(
            organization,
            enabled_types=(*organization.enabled_types, kind),
            attachments={**organization.attachments, **attached},
        )

    return {"Root": describe_root(await change_organization(call, change))}


def check_root(organization: Organization, root_id: str) -> None:
    """Refuse a root that is not the organization's."""
    if root_id != organization.root_id:
        raise refuse("RootNotFoundException")


async def disable_policy_type(call: Call, params: Params) -> Answer:
    """Take a kind of policy out of force; its attachments go.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisablePolicyType.html
    """
    kind = read_type(params["PolicyType"])

    def change(organization: Organization) -> Organization:
        check_root(organization, params["RootId"])
        if kind not in organization.enabled_types:
            raise refuse("PolicyTypeNotEnabledException")
        attachments = {
            node: tuple(each for each in attached if not is_of_type(organization, each, kind))
            for node, attached in organization.attachments.items()
        }
        enabled = tuple(each for each in organization.enabled_types if each is not kind)
        return msgspec.structs.replace(organization, enabled_types=enabled, attachments=attachments)

    return {"Root": describe_root(await change_organization(call, change))}

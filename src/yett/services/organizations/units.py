"""Organizational units, and who is below whom."""

import msgspec

from yett.rules.organizations.limits import DEEPEST, UNITS
from yett.rules.organizations.tree import DEFAULTS, Organization, Unit, climb, find_account, find_unit
from yett.services.call import Call
from yett.services.organizations.access import (
    Answer,
    Params,
    change_organization,
    draw,
    get_managed,
    id_of,
    is_parent,
    node_arn,
    page_of,
)
from yett.services.organizations.errors import refuse, violates
from yett.services.organizations.tags import read_tags, tagged


async def create_organizational_unit(call: Call, params: Params) -> Answer:
    """Make a unit below the root or another unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
    """
    suffix = draw(call, 8)

    def make(organization: Organization) -> Unit:
        unit_id = f"ou-{organization.root_id.removeprefix('r-')}-{suffix}"
        return Unit(id=unit_id, name=params["Name"], parent_id=params["ParentId"])

    def change(organization: Organization) -> Organization:
        if not is_parent(organization, params["ParentId"]):
            raise refuse("ParentNotFoundException")
        if len(list(climb(organization, params["ParentId"]))) > DEEPEST:
            raise violates("You have exceeded the depth of the OU hierarchy.", "OU_DEPTH_LIMIT_EXCEEDED")
        if len(organization.units) >= UNITS:
            raise violates("You have exceeded the allowed number of OUs.", "OU_NUMBER_LIMIT_EXCEEDED")
        check_name(organization, params["ParentId"], params["Name"])
        unit = make(organization)
        defaults = tuple(DEFAULTS[kind] for kind in organization.enabled_types)
        grown = msgspec.structs.replace(
            organization,
            units=(*organization.units, unit),
            attachments={**organization.attachments, unit.id: defaults},
        )
        return tagged(grown, unit.id, read_tags(params.get("Tags", ())))

    organization = await change_organization(call, change)
    return {"OrganizationalUnit": describe_unit(organization, make(organization))}


def check_name(organization: Organization, parent_id: str, name: str) -> None:
    """Refuse a name that another unit below the same parent has."""
    if any(each.parent_id == parent_id and each.name == name for each in organization.units):
        raise refuse("DuplicateOrganizationalUnitException")


def describe_unit(organization: Organization, unit: Unit) -> dict[str, object]:
    """A unit as the API describes it."""
    return {"Id": unit.id, "Arn": node_arn(organization, unit.id), "Name": unit.name}


def get_unit(organization: Organization, unit_id: str) -> Unit:
    """The unit, or AWS's error."""
    found = find_unit(organization, unit_id)
    if found is None:
        raise refuse("OrganizationalUnitNotFoundException")
    return found


async def describe_organizational_unit(call: Call, params: Params) -> Answer:
    """Describe a unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganizationalUnit.html
    """
    organization = await get_managed(call)
    unit = get_unit(organization, params["OrganizationalUnitId"])
    return {"OrganizationalUnit": describe_unit(organization, unit)}


async def update_organizational_unit(call: Call, params: Params) -> Answer:
    """Rename a unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateOrganizationalUnit.html
    """

    def change(organization: Organization) -> Organization:
        unit = get_unit(organization, params["OrganizationalUnitId"])
        name = params.get("Name", unit.name)
        if name != unit.name:
            check_name(organization, unit.parent_id, name)
        renamed = msgspec.structs.replace(unit, name=name)
        units = tuple(renamed if each is unit else each for each in organization.units)
        return msgspec.structs.replace(organization, units=units)

    organization = await change_organization(call, change)
    unit = get_unit(organization, params["OrganizationalUnitId"])
    return {"OrganizationalUnit": describe_unit(organization, unit)}


async def delete_organizational_unit(call: Call, params: Params) -> Answer:
    """Delete a unit with nothing below it.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
    """

    def change(organization: Organization) -> Organization:
        unit = get_unit(organization, params["OrganizationalUnitId"])
        parents = [each.parent_id for each in organization.units] + [each.parent_id for each in organization.accounts]
        if unit.id in parents:
            raise refuse("OrganizationalUnitNotEmptyException")
        return msgspec.structs.replace(
            organization,
            units=tuple(each for each in organization.units if each is not unit),
            attachments={node: each for node, each in organization.attachments.items() if node != unit.id},
        )

    await change_organization(call, change)
    return {}


async def list_organizational_units_for_parent(call: Call, params: Params) -> Answer:
    """List the units right below the root or a unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html
    """
    organization = await get_managed(call)
    if not is_parent(organization, params["ParentId"]):
        raise refuse("ParentNotFoundException")
    below = [each for each in organization.units if each.parent_id == params["ParentId"]]
    page, rest = page_of(below, params, key=id_of)
    return {"OrganizationalUnits": [describe_unit(organization, each) for each in page], **rest}


async def list_children(call: Call, params: Params) -> Answer:
    """List the accounts or the units right below the root or a unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListChildren.html
    """
    organization = await get_managed(call)
    if not is_parent(organization, params["ParentId"]):
        raise refuse("ParentNotFoundException")
    kind = params["ChildType"]
    nodes = organization.accounts if kind == "ACCOUNT" else organization.units
    page, rest = page_of([each.id for each in nodes if each.parent_id == params["ParentId"]], params, key=str)
    return {"Children": [{"Id": each, "Type": kind} for each in page], **rest}


async def list_parents(call: Call, params: Params) -> Answer:
    """List the one parent of an account or a unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
    """
    organization = await get_managed(call)
    child = find_unit(organization, params["ChildId"]) or find_account(organization, params["ChildId"])
    if child is None:
        raise refuse("ChildNotFoundException")
    kind = "ROOT" if child.parent_id == organization.root_id else "ORGANIZATIONAL_UNIT"
    return {"Parents": [{"Id": child.parent_id, "Type": kind}]}

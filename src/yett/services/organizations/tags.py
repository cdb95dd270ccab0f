"""Tags of the root, units, accounts and policies."""

from collections.abc import Iterable, Mapping

import msgspec

from yett.rules.organizations.limits import RESERVED_TAG_PREFIX, TAGS
from yett.rules.organizations.tree import Organization, find_policy
from yett.services.call import Call
from yett.services.organizations.access import Answer, Params, change_organization, get_managed, is_node, page_of
from yett.services.organizations.errors import invalid, refuse, violates


def read_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags of a request.

    Raises:
        ServiceError: InvalidInputException, for a key that is there twice, or is AWS's own.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html
    """
    found: dict[str, str] = {}
    for tag in tags:
        if tag["Key"] in found:
            raise invalid("You can't specify a tag key twice.", "DUPLICATE_TAG_KEY")
        if tag["Key"].lower().startswith(RESERVED_TAG_PREFIX):
            raise invalid("You can't add, edit, or delete system tags.", "INVALID_SYSTEM_TAGS_PARAMETER")
        found[tag["Key"]] = tag["Value"]
    return found


def tagged(organization: Organization, resource_id: str, tags: Mapping[str, str]) -> Organization:
    """The organization with these tags, all of them, on a resource.

    Raises:
        ServiceError: ConstraintViolationException, for too many.
    """
    if len(tags) > TAGS:
        raise violates("You have exceeded the number of tags allowed on a resource.", "MAX_TAG_LIMIT_EXCEEDED")
    others = {key: value for key, value in organization.tags.items() if key != resource_id}
    return msgspec.structs.replace(organization, tags=others | ({resource_id: tags} if tags else {}))


async def tag_resource(call: Call, params: Params) -> Answer:
    """Put tags on, in the place of those of the same keys.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html
    """
    resource_id = params["ResourceId"]

    def change(organization: Organization) -> Organization:
        return tagged(organization, resource_id, {**tags_of(organization, resource_id), **read_tags(params["Tags"])})

    await change_organization(call, change)
    return {}


async def untag_resource(call: Call, params: Params) -> Answer:
    """Take tags off.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UntagResource.html
    """
    resource_id, keys = params["ResourceId"], set(params["TagKeys"])

    def change(organization: Organization) -> Organization:
        left = {key: value for key, value in tags_of(organization, resource_id).items() if key not in keys}
        return tagged(organization, resource_id, left)

    await change_organization(call, change)
    return {}


async def list_tags_for_resource(call: Call, params: Params) -> Answer:
    """List tags.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTagsForResource.html
    """
    tags = tags_of(await get_managed(call), params["ResourceId"])
    page, rest = page_of(
        [{"Key": key, "Value": value} for key, value in tags.items()], params, key=lambda each: each["Key"]
    )
    return {"Tags": page, **rest}


def tags_of(organization: Organization, resource_id: str) -> Mapping[str, str]:
    """A resource's tags.

    Raises:
        ServiceError: TargetNotFoundException, when there is no such resource.
    """
    if not is_node(organization, resource_id) and find_policy(organization, resource_id) is None:
        raise refuse("TargetNotFoundException")
    return organization.tags.get(resource_id, {})

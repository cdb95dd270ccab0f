"""Tags of users, roles, instance profiles and managed policies. `operations.py` picks the kind."""

from collections.abc import Mapping

import msgspec

from yett.services.call import Call
from yett.services.iam.entities import (
    Answer,
    E,
    Noun,
    Params,
    add_tags,
    change_entity,
    get_entity,
    page_tags,
    read_tags,
)
from yett.services.iam.managed_policies import change_policy, find_policy


async def tag_entity(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Put tags on.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html
    """
    added = read_tags(params["Tags"])

    def change(entity: E) -> E:
        return msgspec.structs.replace(entity, tags=add_tags(entity.tags, added, f"TagsPer{noun.title}"))

    await change_entity(call, noun, params[noun.name_member], change)
    return {}


async def untag_entity(noun: Noun[E], call: Call, params: Params) -> Answer:
    """Take tags off.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html
    """
    await change_entity(
        call,
        noun,
        params[noun.name_member],
        lambda entity: msgspec.structs.replace(entity, tags=without(entity.tags, params["TagKeys"])),
    )
    return {}


async def list_entity_tags(noun: Noun[E], call: Call, params: Params) -> Answer:
    """List tags.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html
    """
    entity = await get_entity(call, noun, params[noun.name_member])
    return page_tags(entity.tags, params)


async def tag_policy(call: Call, params: Params) -> Answer:
    """Put tags on a managed policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html
    """
    added = read_tags(params["Tags"])
    await change_policy(
        call,
        params["PolicyArn"],
        lambda policy: msgspec.structs.replace(policy, tags=add_tags(policy.tags, added, "TagsPerPolicy")),
    )
    return {}


async def untag_policy(call: Call, params: Params) -> Answer:
    """Take tags off a managed policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html
    """
    await change_policy(
        call,
        params["PolicyArn"],
        lambda policy: msgspec.structs.replace(policy, tags=without(policy.tags, params["TagKeys"])),
    )
    return {}


async def list_policy_tags(call: Call, params: Params) -> Answer:
    """List the tags of a managed policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html
    """
    policy = await find_policy(call, params["PolicyArn"])
    return page_tags(policy.tags, params)


def without(tags: Mapping[str, str], keys: list[str]) -> dict[str, str]:
    """The tags but those of these keys, whatever their case."""
    gone = {key.lower() for key in keys}
    return {key: value for key, value in tags.items() if key.lower() not in gone}

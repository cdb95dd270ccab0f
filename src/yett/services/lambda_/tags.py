"""Tags of functions.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html
"""

from collections.abc import Mapping

from msgspec import structs

from yett.rules.lambda_.names import NotAFunctionName, parse_reference
from yett.services.call import Call
from yett.services.iam.authorization import resource_tag_keys
from yett.services.lambda_.configuration import get_own, read_tags
from yett.services.lambda_.functions import replace


async def resource_keys(call: Call, params: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of the tags that the function has now."""
    name = params.get("FunctionName") or params.get("Resource")
    try:
        reference = parse_reference(str(name or ""), account=call.account, region=call.region)
    except NotAFunctionName:
        return {}
    record = await call.ports.function_store.find(reference.account, reference.region, reference.name)
    return {} if record is None or record.account != call.account else resource_tag_keys(record.tags)


async def tag_resource(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Put tags on a function; those of the same key are replaced.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html
    """
    record = await get_own(call, params, "Resource")
    tags = read_tags(dict(record.tags) | read_tags(params["Tags"]))
    await replace(call, record, structs.replace(record, tags=tags, revision_id=call.ports.randomness.uuid()))
    return {}


async def untag_resource(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Take tags off a function.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_UntagResource.html
    """
    record = await get_own(call, params, "Resource")
    keys = params["TagKeys"]
    gone = {str(key) for key in keys} if isinstance(keys, list | tuple) else set()
    tags = {key: value for key, value in record.tags.items() if key not in gone}
    await replace(call, record, structs.replace(record, tags=tags, revision_id=call.ports.randomness.uuid()))
    return {}


async def list_tags(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """A function's tags.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html
    """
    record = await get_own(call, params, "Resource")
    return {"Tags": dict(record.tags)}

"""How invocations that nobody waits for are tried again, function by function.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
"""

from collections.abc import Mapping

from msgspec import structs

from yett.ports.function_store import FunctionRecord
from yett.rules.lambda_.event_retries import EventConfig
from yett.rules.lambda_.limits import LIST_ITEMS
from yett.rules.lambda_.names import LATEST
from yett.services.call import Call
from yett.services.lambda_.configuration import get_qualified, get_version, has_content, read_reference
from yett.services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from yett.services.lambda_.functions import number, replace

Params = Mapping[str, object]


async def put_function_event_invoke_config(call: Call, params: Params) -> Mapping[str, object]:
    """Set how often, and for how long, events are tried; what is not given gets Lambda's default.

    Raises:
        InvalidParameterValue: A destination is given.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    """
    record, qualifier = await configured(call, params)
    return await put(call, record, qualifier, params, EventConfig(updated_at=call.now))


async def update_function_event_invoke_config(call: Call, params: Params) -> Mapping[str, object]:
    """Set what is given.

    Raises:
        ResourceNotFound: Nothing is set.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionEventInvokeConfig.html
    """
    record, qualifier = await configured(call, params)
    return await put(call, record, qualifier, params, present(record, qualifier))


async def get_function_event_invoke_config(call: Call, params: Params) -> Mapping[str, object]:
    """What is set.

    Raises:
        ResourceNotFound: Nothing is.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionEventInvokeConfig.html
    """
    record, qualifier = await configured(call, params)
    return describe(record, qualifier, present(record, qualifier))


async def delete_function_event_invoke_config(call: Call, params: Params) -> Mapping[str, object]:
    """Go back to Lambda's defaults.

    Raises:
        ResourceNotFound: Nothing is set.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionEventInvokeConfig.html
    """
    record, qualifier = await configured(call, params)
    present(record, qualifier)
    configs = {key: config for key, config in record.event_configs.items() if key != qualifier}
    await replace(call, record, structs.replace(record, event_configs=configs))
    return {}


async def list_function_event_invoke_configs(call: Call, params: Params) -> Mapping[str, object]:
    """What is set for the function, its versions and aliases, at most 50 at a time.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionEventInvokeConfigs.html
    """
    record, _ = await configured(call, params)
    limit = min(number(params.get("MaxItems"), LIST_ITEMS), LIST_ITEMS)
    qualifiers = sorted(key for key in record.event_configs if key > str(params.get("Marker") or ""))
    page = qualifiers[:limit]
    found: dict[str, object] = {
        "FunctionEventInvokeConfigs": [describe(record, key, record.event_configs[key]) for key in page]
    }
    if len(qualifiers) > limit:
        found["NextMarker"] = page[-1]
    return found


async def configured(call: Call, params: Params) -> tuple[FunctionRecord, str]:
    """The function, and the qualifier that is meant, which is there."""
    asked = await get_qualified(call, params)
    reference = read_reference(call, params)
    if asked.alias is None and asked.record.version == LATEST:
        return asked.record, LATEST
    return await get_version(call, reference, LATEST), reference.qualifier or LATEST


def present(record: FunctionRecord, qualifier: str) -> EventConfig:
    """What is set.

    Raises:
        ResourceNotFound: Nothing is.
    """
    found = record.event_configs.get(qualifier)
    if found is None:
        raise ResourceNotFound(f"The function {record.arn}:{qualifier} doesn't have an EventInvokeConfig")
    return found


async def put(
    call: Call, record: FunctionRecord, qualifier: str, params: Params, before: EventConfig
) -> Mapping[str, object]:
    """Set what is given over what was *before*."""
    if has_content(params.get("DestinationConfig")):
        raise InvalidParameterValue("yett does not offer DestinationConfig: failed events go nowhere but into the log")
    retries, age = params.get("MaximumRetryAttempts"), params.get("MaximumEventAgeInSeconds")
    config = EventConfig(
        updated_at=call.now,
        maximum_retries=retries if isinstance(retries, int) else before.maximum_retries,
        maximum_age_seconds=age if isinstance(age, int) else before.maximum_age_seconds,
    )
    changed = structs.replace(record, event_configs={**record.event_configs, qualifier: config})
    await replace(call, record, changed)
    return describe(record, qualifier, config)


def describe(record: FunctionRecord, qualifier: str, config: EventConfig) -> dict[str, object]:
    """A FunctionEventInvokeConfig."""
    found: dict[str, object] = {
        "LastModified": config.updated_at,
        "FunctionArn": f"{record.arn}:{qualifier}",
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    if config.maximum_retries is not None:
        found["MaximumRetryAttempts"] = config.maximum_retries
    if config.maximum_age_seconds is not None:
        found["MaximumEventAgeInSeconds"] = config.maximum_age_seconds
    return found

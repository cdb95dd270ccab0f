"""Lambda's operations: those that are offered, and why the others are not."""

from collections.abc import Mapping
from typing import Final

from yett.services.call import Call, Operation
from yett.services.lambda_.aliases import create_alias, delete_alias, get_alias, list_aliases, update_alias
from yett.services.lambda_.concurrency import (
    delete_function_concurrency,
    get_function_concurrency,
    put_function_concurrency,
)
from yett.services.lambda_.event_configs import (
    delete_function_event_invoke_config,
    get_function_event_invoke_config,
    list_function_event_invoke_configs,
    put_function_event_invoke_config,
    update_function_event_invoke_config,
)
from yett.services.lambda_.functions import (
    create_function,
    delete_function,
    get_function,
    get_function_configuration,
    list_functions,
    update_function_code,
    update_function_configuration,
)
from yett.services.lambda_.invoke import invoke
from yett.services.lambda_.layers import (
    delete_layer_version,
    get_layer_version,
    get_layer_version_by_arn,
    list_layer_versions,
    list_layers,
    publish_layer_version,
)
from yett.services.lambda_.permissions import add_permission, get_policy, principal_keys, remove_permission
from yett.services.lambda_.tags import list_tags, tag_resource, untag_resource
from yett.services.lambda_.tags import resource_keys as tag_keys
from yett.services.lambda_.versions import list_versions_by_function, publish_version

__all__ = ["NOT_OFFERED", "OPERATIONS", "resource_keys"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "AddPermission": add_permission,
    "CreateAlias": create_alias,
    "CreateFunction": create_function,
    "DeleteAlias": delete_alias,
    "DeleteFunction": delete_function,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": delete_function_event_invoke_config,
    "DeleteLayerVersion": delete_layer_version,
    "GetAlias": get_alias,
    "GetFunction": get_function,
    "GetFunctionConcurrency": get_function_concurrency,
    "GetFunctionConfiguration": get_function_configuration,
    "GetFunctionEventInvokeConfig": get_function_event_invoke_config,
    "GetLayerVersion": get_layer_version,
    "GetLayerVersionByArn": get_layer_version_by_arn,
    "GetPolicy": get_policy,
    "Invoke": invoke,
    "ListAliases": list_aliases,
    "ListFunctionEventInvokeConfigs": list_function_event_invoke_configs,
    "ListFunctions": list_functions,
    "ListLayerVersions": list_layer_versions,
    "ListLayers": list_layers,
    "ListTags": list_tags,
    "ListVersionsByFunction": list_versions_by_function,
    "PublishLayerVersion": publish_layer_version,
    "PublishVersion": publish_version,
    "PutFunctionConcurrency": put_function_concurrency,
    "PutFunctionEventInvokeConfig": put_function_event_invoke_config,
    "RemovePermission": remove_permission,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateAlias": update_alias,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
    "UpdateFunctionEventInvokeConfig": update_function_event_invoke_config,
}

# Why -> operations.
_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "a function's policy is written by AddPermission": (
        "DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy",
    ),
    "functions have no URLs; put an API in front of them": (
        "CreateFunctionUrlConfig", "DeleteFunctionUrlConfig", "GetFunctionUrlConfig", "ListFunctionUrlConfigs",
        "UpdateFunctionUrlConfig",
    ),
    "layers are not shared with other accounts": (
        "AddLayerVersionPermission", "GetLayerVersionPolicy", "RemoveLayerVersionPermission",
    ),
    "nothing but invocations sets functions off": (
        "CreateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping", "ListEventSourceMappings",
        "UpdateEventSourceMapping",
    ),
    "signatures of code are not checked": (
        "CreateCodeSigningConfig", "DeleteCodeSigningConfig", "DeleteFunctionCodeSigningConfig", "GetCodeSigningConfig",
        "GetFunctionCodeSigningConfig", "ListCodeSigningConfigs", "ListFunctionsByCodeSigningConfig",
        "PutFunctionCodeSigningConfig", "UpdateCodeSigningConfig",
    ),
    "processes are started when they are needed, and kept warm": (
        "DeleteProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig", "ListProvisionedConcurrencyConfigs",
        "PutProvisionedConcurrencyConfig",
    ),
    "functions run on this machine": (
        "CreateCapacityProvider", "DeleteCapacityProvider", "GetCapacityProvider", "GetFunctionScalingConfig",
        "ListCapacityProviders", "ListFunctionVersionsByCapacityProvider", "PutFunctionScalingConfig",
        "UpdateCapacityProvider",
    ),
    "durable executions are not offered": (
        "CheckpointDurableExecution", "DeleteDurableExecution", "GetDurableExecution", "GetDurableExecutionHistory",
        "GetDurableExecutionState", "ListDurableExecutionsByFunction", "PauseDurableExecution",
        "ResumeDurableExecution", "SendDurableExecutionCallbackFailure", "SendDurableExecutionCallbackHeartbeat",
        "SendDurableExecutionCallbackSuccess", "StopDurableExecution",
    ),
    "the interpreter is whichever this machine has": ("GetRuntimeManagementConfig", "PutRuntimeManagementConfig"),
    "recursive loops are not looked for": ("GetFunctionRecursionConfig", "PutFunctionRecursionConfig"),
    "the account has no quota but the pool's size": ("GetAccountSettings",),
    "answers are not streamed; use Invoke": ("InvokeWithResponseStream",),
    "it is deprecated; use Invoke with InvocationType Event": ("InvokeAsync",),
}  # fmt: skip

NOT_OFFERED: Final[Mapping[str, str]] = {name: reason for reason, names in _REASONS.items() for name in names}


async def resource_keys(call: Call, params: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    """The condition keys that only the store knows: of the function's tags, and of a statement that is to go."""
    keys = await tag_keys(call, params)
    return {**keys, **await principal_keys(call, params)} if call.operation == "RemovePermission" else keys

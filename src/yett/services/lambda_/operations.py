"""Lambda's operations: those that are offered, and why the others are not."""

from collections.abc import Mapping
from typing import Final

from yett.services.call import Operation
from yett.services.lambda_.concurrency import (
    delete_function_concurrency,
    get_function_concurrency,
    put_function_concurrency,
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
from yett.services.lambda_.permissions import add_permission, get_policy, remove_permission
from yett.services.lambda_.tags import list_tags, resource_keys, tag_resource, untag_resource

__all__ = ["NOT_OFFERED", "OPERATIONS", "resource_keys"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "AddPermission": add_permission,
    "CreateFunction": create_function,
    "DeleteFunction": delete_function,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "GetFunction": get_function,
    "GetFunctionConcurrency": get_function_concurrency,
    "GetFunctionConfiguration": get_function_configuration,
    "GetPolicy": get_policy,
    "Invoke": invoke,
    "ListFunctions": list_functions,
    "ListTags": list_tags,
    "PutFunctionConcurrency": put_function_concurrency,
    "RemovePermission": remove_permission,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
}

# Why -> operations.
_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "functions have no versions or aliases but $LATEST": (
        "CreateAlias", "DeleteAlias", "GetAlias", "ListAliases", "ListVersionsByFunction", "PublishVersion",
        "UpdateAlias",
    ),
    "a function's policy is written by AddPermission": (
        "DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy",
    ),
    "functions have no URLs; put an API in front of them": (
        "CreateFunctionUrlConfig", "DeleteFunctionUrlConfig", "GetFunctionUrlConfig", "ListFunctionUrlConfigs",
        "UpdateFunctionUrlConfig",
    ),
    "layers are not offered; put what they hold into the package": (
        "AddLayerVersionPermission", "DeleteLayerVersion", "GetLayerVersion", "GetLayerVersionByArn",
        "GetLayerVersionPolicy", "ListLayerVersions", "ListLayers", "PublishLayerVersion",
        "RemoveLayerVersionPermission",
    ),
    "nothing but invocations sets functions off": (
        "CreateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping", "ListEventSourceMappings",
        "UpdateEventSourceMapping",
    ),
    "events are tried three times, and have no destinations": (
        "DeleteFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig", "ListFunctionEventInvokeConfigs",
        "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig",
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

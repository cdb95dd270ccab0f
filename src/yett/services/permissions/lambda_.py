"""What Lambda's operations ask of their caller's policies.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

from collections.abc import Mapping
from typing import Final

from yett.rules.lambda_.names import LATEST, NotAFunctionName, parse_reference
from yett.services.permissions.row import BY_OPERATION, Params, PassedRole, Permission, ResourceOf, Row

LAMBDA: Final = "lambda.amazonaws.com"
PASSED_ROLE: Final = PassedRole("Role", LAMBDA)


def function_in(member: str) -> ResourceOf:
    """The ARN of the function that a member names, by name, partial ARN or ARN, its qualifier left out.

    What is no function name at all is passed on as it is: nothing allows it but ``*``, and the operation refuses it.
    """

    def resource(params: Params, account: str, region: str) -> tuple[str, ...]:
        text = str(params.get(member, ""))
        try:
            return (parse_reference(text, account=account, region=region).arn,)
        except NotAFunctionName:
            return (f"arn:aws:lambda:{region}:{account}:function:{text}",)

    return resource


def qualified_function(params: Params, account: str, region: str) -> tuple[str, ...]:
    """The function, or the version or alias of it that is named in either way: whoever may touch the one may not
    therefore touch the other.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    [arn] = FUNCTION(params, account, region)
    try:
        named = parse_reference(str(params.get("FunctionName", "")), account=account, region=region).qualifier
    except NotAFunctionName:
        named = None
    qualifier = params.get("Qualifier") or named or LATEST
    return (arn if qualifier == LATEST else f"{arn}:{qualifier}",)


def layer(params: Params, account: str, region: str) -> tuple[str, ...]:
    """The layer, or the version of it if one is named, by the layer's name or ARN."""
    name = str(params.get("LayerName", ""))
    arn = name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:layer:{name}"
    version = params.get("VersionNumber")
    return (arn if version is None else f"{arn}:{version}",)


FUNCTION: Final = function_in("FunctionName")
RESOURCE: Final = function_in("Resource")


def on_function(action: str) -> Permission:
    """A row whose resource is the function, and which has no further keys."""
    return Permission(action=f"lambda:{action}", resource=FUNCTION)


def on_qualified(action: str) -> Permission:
    """A row whose resource is the function, or its version or alias that is named."""
    return Permission(action=f"lambda:{action}", resource=qualified_function)


PERMISSIONS: Final[Mapping[str, Row]] = {
    "CreateAlias": on_function("CreateAlias"),
    "DeleteAlias": on_function("DeleteAlias"),
    "GetAlias": on_function("GetAlias"),
    "ListAliases": on_function("ListAliases"),
    "UpdateAlias": on_function("UpdateAlias"),
    "ListVersionsByFunction": on_function("ListVersionsByFunction"),
    "PublishVersion": on_function("PublishVersion"),
    "ListFunctionEventInvokeConfigs": on_function("ListFunctionEventInvokeConfigs"),
    "DeleteFunctionEventInvokeConfig": on_qualified("DeleteFunctionEventInvokeConfig"),
    "GetFunctionEventInvokeConfig": on_qualified("GetFunctionEventInvokeConfig"),
    "PutFunctionEventInvokeConfig": on_qualified("PutFunctionEventInvokeConfig"),
    "UpdateFunctionEventInvokeConfig": on_qualified("UpdateFunctionEventInvokeConfig"),
    "DeleteLayerVersion": Permission(action="lambda:DeleteLayerVersion", resource=layer),
    "GetLayerVersion": Permission(action="lambda:GetLayerVersion", resource=layer),
    "GetLayerVersionByArn": Permission(action="lambda:GetLayerVersion", resource="{Arn}"),
    "ListLayerVersions": Permission(action="lambda:ListLayerVersions"),
    "ListLayers": Permission(action="lambda:ListLayers"),
    "PublishLayerVersion": Permission(action="lambda:PublishLayerVersion", resource=layer),
    "AddPermission": Permission(
        action="lambda:AddPermission", resource=qualified_function, condition_keys={"lambda:Principal": "Principal"}
    ),
    "CreateFunction": Permission(
        action="lambda:CreateFunction",
        resource=FUNCTION,
        tags="Tags",
        also={"Tags": "lambda:TagResource"},
        condition_keys={"lambda:Layer": "Layers"},
        passes=(PASSED_ROLE,),
    ),
    "DeleteFunction": on_qualified("DeleteFunction"),
    "DeleteFunctionConcurrency": on_function("DeleteFunctionConcurrency"),
    "GetFunction": on_qualified("GetFunction"),
    "GetFunctionConcurrency": on_function("GetFunctionConcurrency"),
    "GetFunctionConfiguration": on_qualified("GetFunctionConfiguration"),
    "GetPolicy": on_qualified("GetPolicy"),
    "Invoke": BY_OPERATION,  # with the function's own policy in hand
    "ListFunctions": Permission(action="lambda:ListFunctions"),
    "ListTags": Permission(action="lambda:ListTags", resource=RESOURCE),
    "PutFunctionConcurrency": on_function("PutFunctionConcurrency"),
    "RemovePermission": on_qualified("RemovePermission"),
    "TagResource": Permission(action="lambda:TagResource", resource=RESOURCE, tags="Tags"),
    "UntagResource": Permission(action="lambda:UntagResource", resource=RESOURCE, tag_keys="TagKeys"),
    "UpdateFunctionCode": on_function("UpdateFunctionCode"),
    "UpdateFunctionConfiguration": Permission(
        action="lambda:UpdateFunctionConfiguration",
        resource=FUNCTION,
        condition_keys={"lambda:Layer": "Layers"},
        passes=(PASSED_ROLE,),
    ),
}

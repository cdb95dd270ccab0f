"""What Lambda's operations ask of their caller's policies.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

from collections.abc import Mapping
from typing import Final

from yett.rules.lambda_.names import NotAFunctionName, parse_reference
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


FUNCTION: Final = function_in("FunctionName")
RESOURCE: Final = function_in("Resource")


def on_function(action: str) -> Permission:
    """A row whose resource is the function, and which has no further keys."""
    return Permission(action=f"lambda:{action}", resource=FUNCTION)


PERMISSIONS: Final[Mapping[str, Row]] = {
    "AddPermission": Permission(
        action="lambda:AddPermission", resource=FUNCTION, condition_keys={"lambda:Principal": "Principal"}
    ),
    "CreateFunction": Permission(
        action="lambda:CreateFunction",
        resource=FUNCTION,
        tags="Tags",
        also={"Tags": "lambda:TagResource"},
        passes=(PASSED_ROLE,),
    ),
    "DeleteFunction": on_function("DeleteFunction"),
    "DeleteFunctionConcurrency": on_function("DeleteFunctionConcurrency"),
    "GetFunction": on_function("GetFunction"),
    "GetFunctionConcurrency": on_function("GetFunctionConcurrency"),
    "GetFunctionConfiguration": on_function("GetFunctionConfiguration"),
    "GetPolicy": on_function("GetPolicy"),
    "Invoke": BY_OPERATION,  # with the function's own policy in hand
    "ListFunctions": Permission(action="lambda:ListFunctions"),
    "ListTags": Permission(action="lambda:ListTags", resource=RESOURCE),
    "PutFunctionConcurrency": on_function("PutFunctionConcurrency"),
    "RemovePermission": Permission(action="lambda:RemovePermission", resource=FUNCTION),
    "TagResource": Permission(action="lambda:TagResource", resource=RESOURCE, tags="Tags"),
    "UntagResource": Permission(action="lambda:UntagResource", resource=RESOURCE, tag_keys="TagKeys"),
    "UpdateFunctionCode": on_function("UpdateFunctionCode"),
    "UpdateFunctionConfiguration": Permission(
        action="lambda:UpdateFunctionConfiguration", resource=FUNCTION, passes=(PASSED_ROLE,)
    ),
}

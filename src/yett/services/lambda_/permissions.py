"""A function's resource-based policy: who else may invoke it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from yett.policy import Kind, MalformedPolicyDocument, parse_policy
from yett.ports.function_store import FunctionStatement
from yett.rules.lambda_.limits import POLICY_BYTES
from yett.rules.lambda_.names import LATEST
from yett.rules.lambda_.resource_policy import INVOKE, read_principal, render_policy, render_statement
from yett.services.call import Call, ServiceError
from yett.services.lambda_.aliases import replace_alias
from yett.services.lambda_.configuration import Qualified, get_qualified
from yett.services.lambda_.errors import (
    InvalidParameterValue,
    PolicyLengthExceeded,
    ResourceConflict,
    ResourceNotFound,
)
from yett.services.lambda_.functions import check_revision, replace

# They narrow what a statement grants; without them it would grant more than was asked for.
REFUSED: Final[Mapping[str, str]] = {
    "EventSourceToken": "no event source presents one",
    "FunctionUrlAuthType": "functions have no URLs",
    "InvokedViaFunctionUrl": "functions have no URLs",
}


async def add_permission(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Let a service, an account or a principal invoke the function, or the version or alias that is named.

    Raises:
        ResourceConflict: The policy has a statement of this id.
        InvalidParameterValue: The principal or action is none, or one that has no effect here.
        PolicyLengthExceeded: The policy would be over 20 KB.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    asked = await get_qualified(call, params)
    check_revision(asked, params)
    for member, reason in REFUSED.items():
        if params.get(member):
            raise InvalidParameterValue(f"yett does not offer {member}: {reason}")
    if params.get("Qualifier") == LATEST:
        raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
    if params["Action"] != INVOKE:
        raise InvalidParameterValue(f"yett grants {INVOKE} alone in a function's policy, not {params['Action']}")
    sid = str(params["StatementId"])
    if any(statement.sid == sid for statement in asked.statements):
        raise ResourceConflict(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
    document = render_statement(
        sid=sid,
        principal=str(params["Principal"]),
        action=INVOKE,
        resource=asked.arn,
        source_arn=text(params, "SourceArn"),
        source_account=text(params, "SourceAccount"),
        organization_id=text(params, "PrincipalOrgID"),
    )
    statements = (*asked.statements, FunctionStatement(sid=sid, document=document))
    policy = render_policy(statement.document for statement in statements)
    if len(policy.encode()) > POLICY_BYTES:
        raise PolicyLengthExceeded(len(policy.encode()))
    try:
        parse_policy(render_policy([document]), kind=Kind.RESOURCE)
    except MalformedPolicyDocument as error:
        raise InvalidParameterValue(
            f"The provided principal was invalid. Please check the principal and try again: {params['Principal']}"
        ) from error
    await put(call, asked, statements)
    return {"Statement": document}


async def put(call: Call, asked: Qualified, statements: tuple[FunctionStatement, ...]) -> None:
    """Store the policy of what was asked for."""
    revision_id = call.ports.randomness.uuid()
    if asked.alias is not None:
        changed_alias = structs.replace(asked.alias, statements=statements, revision_id=revision_id)
        await replace_alias(call, asked.alias, changed_alias)
    else:
        changed = structs.replace(asked.record, statements=statements, revision_id=revision_id)
        await replace(call, asked.record, changed)


async def remove_permission(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Take a statement out of the function's policy.

    Raises:
        ResourceNotFound: It has none of this id.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_RemovePermission.html
    """
    asked = await get_qualified(call, params)
    check_revision(asked, params)
    kept = tuple(statement for statement in asked.statements if statement.sid != params["StatementId"])
    if not asked.statements:
        raise ResourceNotFound("No policy is associated with the given resource.")
    if len(kept) == len(asked.statements):
        raise ResourceNotFound(f"Statement {params['StatementId']} is not found in resource policy.")
    await put(call, asked, kept)
    return {}


async def principal_keys(call: Call, params: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    """The condition key of whom the statement lets in that is about to be removed; none if there is no such statement.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    """
    try:
        asked = await get_qualified(call, params)
    except ServiceError:
        return {}
    documents = [statement.document for statement in asked.statements if statement.sid == params["StatementId"]]
    principals = tuple(name for document in documents for name in read_principal(document))
    return {"lambda:Principal": principals} if principals else {}


async def get_policy(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """The function's policy, as JSON.

    Raises:
        ResourceNotFound: It has none.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html
    """
    asked = await get_qualified(call, params)
    if not asked.statements:
        raise ResourceNotFound("The resource you requested does not exist.")
    policy = render_policy(statement.document for statement in asked.statements)
    return {"Policy": policy, "RevisionId": asked.revision_id}


def text(params: Mapping[str, object], member: str) -> str | None:
    """A text that may be absent; an empty one is."""
    value = params.get(member)
    return str(value) if value else None

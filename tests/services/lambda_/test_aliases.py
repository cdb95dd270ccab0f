import json

import pytest
from tests.services.lambda_.support import ACCOUNT, OTHER, Lambda, caller

from yett.ports.function_runner import FunctionAnswer
from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
GRANT = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": OTHER}


async def create(lambda_: Lambda) -> None:
    await lambda_.create(Publish=True)
    await lambda_("CreateAlias", FunctionName="f", Name="prod", FunctionVersion="1", Description="live")


async def test_an_alias_is_made_shown_moved_and_deleted(lambda_: Lambda) -> None:
    await create(lambda_)
    alias = await lambda_("GetAlias", FunctionName="f", Name="prod")
    assert alias == {
        "AliasArn": f"{ARN}:prod",
        "Name": "prod",
        "FunctionVersion": "1",
        "Description": "live",
        "RevisionId": alias["RevisionId"],
    }
    asked = await lambda_("GetFunctionConfiguration", FunctionName="f", Qualifier="prod")
    assert (asked["FunctionArn"], asked["Version"]) == (f"{ARN}:prod", "1")
    moved = await lambda_("UpdateAlias", FunctionName="f", Name="prod", FunctionVersion="$LATEST")
    assert (moved["FunctionVersion"], moved["Description"]) == ("$LATEST", "live")
    with pytest.raises(ServiceError) as refused:
        await lambda_("UpdateAlias", FunctionName="f", Name="prod", RevisionId=alias["RevisionId"])
    assert refused.value.code == "PreconditionFailedException"
    await lambda_("CreateAlias", FunctionName="f", Name="beta", FunctionVersion="1")
    listed = await lambda_("ListAliases", FunctionName="f", MaxItems=1)
    assert ([each["Name"] for each in listed["Aliases"]], listed["NextMarker"]) == (["beta"], "beta")
    assert [each["Name"] for each in (await lambda_("ListAliases", FunctionName="f", Marker="beta"))["Aliases"]] == [
        "prod"
    ]
    only = await lambda_("ListAliases", FunctionName="f", FunctionVersion="1")
    assert [each["Name"] for each in only["Aliases"]] == ["beta"]
    for _ in range(2):
        await lambda_("DeleteAlias", FunctionName="f", Name="prod")
    with pytest.raises(ServiceError, match="Cannot find alias arn"):
        await lambda_("GetAlias", FunctionName="f", Name="prod")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": "prod"}, "ResourceConflictException"),
        ({"FunctionVersion": "7"}, "ResourceNotFoundException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}, "InvalidParameterValueException"),
        ({"FunctionName": "f:prod"}, "InvalidParameterValueException"),
        ({"FunctionName": "g"}, "ResourceNotFoundException"),
        ({"Name": "7"}, "ValidationException"),
    ],
)
async def test_what_cannot_be_named_is_refused(lambda_: Lambda, params: dict[str, object], code: str) -> None:
    await create(lambda_)
    with pytest.raises(ServiceError) as refused:
        await lambda_("CreateAlias", **{"FunctionName": "f", "Name": "new", "FunctionVersion": "1"} | params)
    assert refused.value.code == code


async def test_each_of_function_version_and_alias_has_a_policy_of_its_own(lambda_: Lambda) -> None:
    await create(lambda_)
    added = await lambda_("AddPermission", FunctionName="f", Qualifier="prod", **GRANT)
    assert json.loads(added["Statement"])["Resource"] == f"{ARN}:prod"
    await lambda_("AddPermission", FunctionName="f:1", **GRANT | {"StatementId": "v"})
    prod = json.loads((await lambda_("GetPolicy", FunctionName="f", Qualifier="prod"))["Policy"])
    assert [each["Sid"] for each in prod["Statement"]] == ["s"]
    version = json.loads((await lambda_("GetPolicy", FunctionName="f", Qualifier="1"))["Policy"])
    assert [each["Resource"] for each in version["Statement"]] == [f"{ARN}:1"]
    with pytest.raises(ServiceError, match="The resource you requested does not exist"):
        await lambda_("GetPolicy", FunctionName="f")
    await lambda_("RemovePermission", FunctionName="f", Qualifier="prod", StatementId="s")
    with pytest.raises(ServiceError, match="The resource you requested does not exist"):
        await lambda_("GetPolicy", FunctionName="f", Qualifier="prod")


async def test_who_may_invoke_an_alias_may_invoke_nothing_else(lambda_: Lambda) -> None:
    await create(lambda_)
    await lambda_("AddPermission", FunctionName="f", Qualifier="prod", **GRANT)
    lambda_.world.answer = FunctionAnswer(payload=b"1", executed_version="1")
    answer = await lambda_("Invoke", by=caller(account=OTHER), FunctionName=ARN, Qualifier="prod")
    assert answer["ExecutedVersion"] == "1"
    assert lambda_.world.invoked == [("invoke", f"{ARN}:prod", b"{}")]
    for name in (ARN, f"{ARN}:1", f"{ARN}:$LATEST", f"{ARN}:other"):
        with pytest.raises(ServiceError, match="no resource-based policy allows"):
            await lambda_("Invoke", by=caller(account=OTHER), FunctionName=name)
    assert len(lambda_.world.invoked) == 1


async def test_a_policy_for_the_function_alone_is_none_for_its_aliases(lambda_: Lambda) -> None:
    await create(lambda_)
    one = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN}
    user = caller({"Version": "2012-10-17", "Statement": one})
    await lambda_("Invoke", by=user, FunctionName="f")
    with pytest.raises(ServiceError, match=f"on resource: {ARN}:prod"):
        await lambda_("Invoke", by=user, FunctionName="f:prod")
    every = caller({"Version": "2012-10-17", "Statement": one | {"Resource": f"{ARN}:*"}})
    await lambda_("Invoke", by=every, FunctionName="f:prod")
    with pytest.raises(ServiceError, match=f"on resource: {ARN} "):
        await lambda_("Invoke", by=every, FunctionName="f")

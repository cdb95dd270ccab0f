import json
from typing import Any

import pytest
from tests.services.lambda_.support import ACCOUNT, Lambda, caller

from yett.services.call import ServiceError

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
GATEWAY = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}


@pytest.mark.parametrize(
    ("params", "principal", "condition"),
    [
        ({}, {"Service": "apigateway.amazonaws.com"}, None),
        (
            {"SourceArn": "arn:aws:execute-api:us-east-1:123456789012:abc/*"},
            {"Service": "apigateway.amazonaws.com"},
            {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:us-east-1:123456789012:abc/*"}},
        ),
        (
            {"SourceAccount": ACCOUNT},
            {"Service": "apigateway.amazonaws.com"},
            {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
        ),
        ({"Principal": "999999999999"}, {"AWS": "arn:aws:iam::999999999999:root"}, None),
        (
            {"Principal": "arn:aws:iam::999999999999:role/r"},
            {"AWS": "arn:aws:iam::999999999999:role/r"},
            None,
        ),
        (
            {"Principal": "*", "PrincipalOrgID": "o-abcdefghij"},
            "*",
            {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
        ),
    ],
)
async def test_a_statement_is_written_as_lambda_writes_it(
    lambda_: Lambda, params: dict[str, str], principal: Any, condition: Any
) -> None:
    await lambda_.create()
    added = await lambda_("AddPermission", FunctionName="f", **GATEWAY | params)
    expected = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
    } | ({"Condition": condition} if condition else {})
    assert json.loads(added["Statement"]) == expected
    found = await lambda_("GetPolicy", FunctionName="f")
    assert json.loads(found["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [expected]}


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Action": "lambda:*"}, "lambda:InvokeFunction alone"),
        ({"Action": "lambda:GetFunction"}, "lambda:InvokeFunction alone"),
        ({"FunctionUrlAuthType": "NONE"}, "FunctionUrlAuthType"),
        ({"EventSourceToken": "token"}, "EventSourceToken"),
        ({"Principal": "nobody"}, "The provided principal was invalid."),
        ({"Principal": "arn:aws:iam::1:user/*"}, "The provided principal was invalid."),
        ({"Qualifier": "$LATEST"}, "We currently do not support adding policies for $LATEST."),
    ],
)
async def test_what_would_grant_more_than_is_enforced_is_refused(
    lambda_: Lambda, params: dict[str, str], text: str
) -> None:
    await lambda_.create()
    with pytest.raises(ServiceError) as refused:
        await lambda_("AddPermission", FunctionName="f", **GATEWAY | params)
    assert refused.value.code == "InvalidParameterValueException"
    assert text in refused.value.message
    with pytest.raises(ServiceError, match="The resource you requested does not exist"):
        await lambda_("GetPolicy", FunctionName="f")


async def test_a_statement_id_is_used_once_and_can_be_removed(lambda_: Lambda) -> None:
    await lambda_.create()
    await lambda_("AddPermission", FunctionName="f", **GATEWAY)
    with pytest.raises(ServiceError, match=r"The statement id \(s\) provided already exists") as refused:
        await lambda_("AddPermission", FunctionName="f", **GATEWAY)
    assert refused.value.code == "ResourceConflictException"
    with pytest.raises(ServiceError, match="Statement other is not found in resource policy"):
        await lambda_("RemovePermission", FunctionName="f", StatementId="other")
    await lambda_("RemovePermission", FunctionName="f", StatementId="s")
    with pytest.raises(ServiceError, match="No policy is associated with the given resource"):
        await lambda_("RemovePermission", FunctionName="f", StatementId="s")


@pytest.mark.parametrize("principal", ["apigateway.amazonaws.com", "999999999999", "*"])
async def test_whom_a_statement_lets_in_is_weighed_when_it_comes_and_when_it_goes(
    lambda_: Lambda, principal: str
) -> None:
    await lambda_.create()
    allow = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    condition = {"StringEquals": {"lambda:Principal": principal}}
    anyone_else = caller(
        {"Version": "2012-10-17", "Statement": [allow, allow | {"Effect": "Deny", "Condition": condition}]}
    )
    it_alone = caller({"Version": "2012-10-17", "Statement": [allow | {"Condition": condition}]})
    asked = GATEWAY | {"Principal": principal}
    removed = {"FunctionName": "f", "StatementId": "s"}
    with pytest.raises(ServiceError, match="explicit deny"):
        await lambda_("AddPermission", by=anyone_else, FunctionName="f", **asked)
    await lambda_("AddPermission", by=it_alone, FunctionName="f", **asked)
    with pytest.raises(ServiceError, match="explicit deny"):
        await lambda_("RemovePermission", by=anyone_else, **removed)
    await lambda_("RemovePermission", by=it_alone, **removed)
    with pytest.raises(ServiceError, match="no identity-based policy allows"):
        await lambda_("RemovePermission", by=it_alone, **removed | {"FunctionName": "none"})


async def test_a_policy_has_an_end(lambda_: Lambda) -> None:
    await lambda_.create()
    with pytest.raises(ServiceError) as refused:
        for number in range(200):
            await lambda_("AddPermission", FunctionName="f", **GATEWAY | {"StatementId": f"s{number:099}"})
    assert refused.value.code == "PolicyLengthExceededException"


async def test_a_bad_statement_id_is_the_models_business(lambda_: Lambda) -> None:
    await lambda_.create()
    with pytest.raises(ServiceError, match="statementId") as refused:
        await lambda_("AddPermission", FunctionName="f", **GATEWAY | {"StatementId": "no/good"})
    assert refused.value.code == "ValidationException"

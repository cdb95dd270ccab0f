"""The policy simulator and the account's details through boto3, whose models check what comes back."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.sdk.making import unique
from tests.sdk.running import RunningServer


def test_policies_are_simulated_over_the_wire(running: RunningServer) -> None:
    iam = running.client("iam")
    statement = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
    entries = [{"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": ["b"], "ContextKeyType": "string"}]
    answer = iam.simulate_custom_policy(
        PolicyInputList=[document], ActionNames=["s3:GetObject", "iam:GetUser"], ContextEntries=entries
    )
    first, second = answer["EvaluationResults"]
    assert (first["EvalDecision"], second["EvalDecision"]) == ("allowed", "implicitDeny")
    (matched,) = first["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["StartPosition"]["Line"]) == ("PolicyInputList.1", 4)
    names = iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"]
    assert names == ["aws:PrincipalTag/team"]

    name = unique("simulated")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    bucket = "arn:aws:s3:::bucket"
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"], ResourceArns=[bucket])
    (result,) = answer["EvaluationResults"]
    (specific,) = result["ResourceSpecificResults"]
    assert (result["EvalDecision"], specific["EvalResourceName"]) == ("implicitDeny", bucket)
    assert specific["MissingContextValues"] == ["aws:PrincipalTag/team"]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=arn,
        ActionNames=[f"s3:Action{number}" for number in range(5)],
        PaginationConfig={"PageSize": 2},
    )
    assert len(pages.build_full_result()["EvaluationResults"]) == 5
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"] == names
    with pytest.raises(ClientError, match="InvalidInput"):
        iam.simulate_custom_policy(PolicyInputList=["{"], ActionNames=["s3:GetObject"])

    paginator = iam.get_paginator("get_account_authorization_details")
    found = paginator.paginate(Filter=["User", "Role"], PaginationConfig={"PageSize": 1}).build_full_result()
    (user,) = [each for each in found["UserDetailList"] if each["UserName"] == name]
    assert user["UserPolicyList"][0]["PolicyDocument"] == json.loads(document)

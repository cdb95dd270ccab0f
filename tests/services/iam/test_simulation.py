from typing import Any

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, deny, policy

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
CONDITION = {"DateGreaterThan": {"aws:CurrentTime": "2018-08-16T12:00:00Z"}}
# https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html
PRINTED = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":'
    '{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)


def entry(name: str, *values: str, kind: str = "string") -> dict[str, object]:
    return {"ContextKeyName": name, "ContextKeyValues": list(values), "ContextKeyType": kind}


async def custom(aws: Aws, *policies: str, **more: Any) -> list[dict[str, Any]]:
    asked = {"PolicyInputList": list(policies), "ActionNames": ["s3:GetObject"], **more}
    results: list[dict[str, Any]] = (await aws.do("iam:SimulateCustomPolicy", **asked))["EvaluationResults"]
    return results


async def principal(aws: Aws, arn: str = ALICE, **more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"], **more}
    result: dict[str, Any] = (await aws.do("iam:SimulatePrincipalPolicy", **asked))["EvaluationResults"][0]
    return result


async def test_the_printed_examples_come_out_as_printed(aws: Aws) -> None:
    asked = {"ActionNames": ["dynamodb:CreateBackup"]}
    later = [entry("aws:CurrentTime", "2019-04-25T11:00:00Z", kind="date")]
    result = (await custom(aws, PRINTED, ContextEntries=later, **asked))[0]
    assert result == {
        "EvalActionName": "dynamodb:CreateBackup",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "none",
                "StartPosition": {"Line": 1, "Column": 38},
                "EndPosition": {"Line": 1, "Column": 167},
            }
        ],
        "MissingContextValues": [],
    }
    earlier = [entry("aws:CurrentTime", "2014-04-25T11:00:00Z", kind="date")]
    result = (await custom(aws, PRINTED, ContextEntries=earlier, **asked))[0]
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])


async def test_every_action_is_asked_on_every_resource_page_by_page(aws: Aws) -> None:
    asked: dict[str, Any] = {
        "PolicyInputList": [policy(allow("s3:Get*", "arn:aws:s3:::a"))],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
        "MaxItems": 3,
    }
    first = await aws.do("iam:SimulateCustomPolicy", **asked)
    second = await aws.do("iam:SimulateCustomPolicy", **asked, Marker=first["Marker"])
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)
    results = first["EvaluationResults"] + second["EvaluationResults"]
    assert [(r["EvalActionName"][3:], r["EvalResourceName"][-1], r["EvalDecision"]) for r in results] == [
        ("GetObject", "a", "allowed"),
        ("GetObject", "b", "implicitDeny"),
        ("PutObject", "a", "implicitDeny"),
        ("PutObject", "b", "implicitDeny"),
    ]
    assert results[0]["ResourceSpecificResults"][0]["EvalResourceDecision"] == "allowed"


async def test_missing_keys_stand_where_the_resource_is(aws: Aws) -> None:
    conditional = policy(allow("s3:*", Condition={"StringEquals": {"aws:Foo": "x"}}))
    assert (await custom(aws, conditional))[0]["MissingContextValues"] == ["aws:Foo"]
    result = (await custom(aws, conditional, ResourceArns=["arn:aws:s3:::a"]))[0]
    assert result["MissingContextValues"] == []
    assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:Foo"]


async def test_levels_of_an_organization_may_be_given(aws: Aws) -> None:
    levels = [{"ServiceControlPolicyInputList": [policy(allow(action))]} for action in ("*", "iam:*")]
    result = (await custom(aws, policy(allow("*")), OrderedOrganizationPolicyInputList=levels))[0]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


async def test_a_resource_policy_is_asked_for_a_caller(aws: Aws) -> None:
    resource = policy({**allow("sqs:*"), "Principal": {"AWS": ALICE}})
    asked: dict[str, Any] = {
        "ResourcePolicy": resource,
        "ResourceArns": ["arn:aws:sqs:us-east-1:999999999999:q"],
        "ActionNames": ["sqs:SendMessage"],
        "CallerArn": ALICE,
    }
    result = (await custom(aws, policy(allow("sqs:*")), **asked))[0]
    assert result["EvalDecision"] == "allowed"
    assert result["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "allowed"}
    ids = [each["SourcePolicyId"] for each in result["MatchedStatements"]]
    assert ids == ["PolicyInputList.1", "ResourcePolicy"]
    result = (await custom(aws, policy(allow("s3:*")), **asked))[0]
    assert result["EvalDecision"] == "implicitDeny"


@pytest.mark.parametrize(
    "asked",
    [
        {"PolicyInputList": ["{"]},
        {"ActionNames": ["everything"]},
        {"ActionNames": ["s3:*"]},
        {"ResourcePolicy": policy({**allow("s3:*"), "Principal": "*"})},
        {"ResourceOwner": "somebody"},
        {"CallerArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"},
        {"CallerArn": "nobody"},
        {"PermissionsBoundaryPolicyInputList": [policy(allow("*"))] * 2},
        {"ContextEntries": [entry("aws:Foo", "a", "b")]},
    ],
)
async def test_what_cannot_be_simulated_is_refused(aws: Aws, asked: dict[str, Any]) -> None:
    usual = {"PolicyInputList": [policy(allow("*"))], "ActionNames": ["s3:GetObject"]}
    code, _ = await aws.refused("iam:SimulateCustomPolicy", **{**usual, **asked})
    assert code == "InvalidInput"


async def test_a_principal_brings_its_own_policies_and_those_of_its_groups(aws: Aws) -> None:
    await aws.user("alice", allow("s3:GetObject"))
    assert (await principal(aws))["MatchedStatements"][0]["SourcePolicyType"] == "user"
    await aws.do("iam:CreateGroup", GroupName="closed")
    document = policy(deny("s3:*"))
    await aws.do("iam:PutGroupPolicy", GroupName="closed", PolicyName="no-s3", PolicyDocument=document)
    await aws.do("iam:AddUserToGroup", GroupName="closed", UserName="alice")
    denied = await principal(aws)
    assert denied["EvalDecision"] == "explicitDeny"
    assert [(m["SourcePolicyId"], m["SourcePolicyType"]) for m in denied["MatchedStatements"]] == [("no-s3", "group")]
    excluded = [
        {"InlinePolicyIdentifier": {"PolicyName": "no-s3", "AttachmentType": "group", "AttachmentName": "closed"}}
    ]
    assert (await principal(aws, PolicyExclusionList=excluded))["EvalDecision"] == "allowed"
    assert (await principal(aws, PolicyExclusionList=[{"PolicyType": "inline"}]))["EvalDecision"] == "implicitDeny"
    group = f"arn:aws:iam::{ACCOUNT}:group/closed"
    assert (await principal(aws, group))["EvalDecision"] == "explicitDeny"


async def test_managed_policies_and_the_boundary_take_part(aws: Aws) -> None:
    await aws.user("alice")
    made = await aws.do("iam:CreatePolicy", PolicyName="reads", PolicyDocument=policy(allow("s3:Get*")))
    arn = made["Policy"]["Arn"]
    await aws.do("iam:AttachUserPolicy", UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    await aws.do("iam:PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=arn)
    result = await principal(aws)
    assert result["MatchedStatements"][0]["SourcePolicyType"] == "aws-managed"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    result = await principal(aws, ActionNames=["s3:PutObject"])
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    for more in (
        {"PermissionsBoundaryPolicyInputList": [policy(allow("*"))]},
        {"PolicyExclusionList": [{"PolicyType": "permission-boundary"}]},
    ):
        assert (await principal(aws, ActionNames=["s3:PutObject"], **more))["EvalDecision"] == "allowed"
    excluded = [{"PolicyArn": "arn:aws:iam::aws:policy/Admin*"}]
    assert (await principal(aws, PolicyExclusionList=excluded))["EvalDecision"] == "implicitDeny"


async def test_the_simulation_agrees_with_the_call_itself(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:List*"), deny("iam:ListRoles"))
    for action in ("ListUsers", "ListRoles", "GetAccountSummary"):
        decision = (await principal(aws, ActionNames=[f"iam:{action}"]))["EvalDecision"]
        if decision == "allowed":
            await aws.do(f"iam:{action}", alice)
        else:
            assert (await aws.refused(f"iam:{action}", alice))[0] == "AccessDenied"


async def test_whom_there_is_not_cannot_be_simulated(aws: Aws) -> None:
    asked: dict[str, Any] = {"ActionNames": ["s3:GetObject"]}
    assert await aws.refused("iam:SimulatePrincipalPolicy", PolicySourceArn=ALICE, **asked) == (
        "NoSuchEntity",
        "The user with name alice cannot be found.",
    )
    for arn in (f"arn:aws:iam::{ACCOUNT}:policy/alice", "x" * 20):
        assert (await aws.refused("iam:SimulatePrincipalPolicy", PolicySourceArn=arn, **asked))[0] == "InvalidInput"
    bob = await aws.user("bob", allow("iam:SimulatePrincipalPolicy", "arn:aws:iam::*:user/bob"))
    code, _ = await aws.refused("iam:SimulatePrincipalPolicy", bob, PolicySourceArn=ALICE, **asked)
    assert code == "AccessDenied"
    await aws.do("iam:SimulatePrincipalPolicy", bob, PolicySourceArn=bob.identity.arn, **asked)


async def test_a_denied_tag_keeps_a_principal_from_being_simulated(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice", Tags=[{"Key": "secret", "Value": "yes"}])
    condition = {"StringEquals": {"aws:ResourceTag/secret": "yes"}}
    bob = await aws.user("bob", allow("iam:*"), deny("iam:Simulate*", Condition=condition))
    asked: dict[str, Any] = {"ActionNames": ["s3:GetObject"]}
    code, _ = await aws.refused("iam:SimulatePrincipalPolicy", bob, PolicySourceArn=ALICE, **asked)
    assert code == "AccessDenied"


async def test_the_keys_that_policies_mention_are_listed(aws: Aws) -> None:
    await aws.user("alice", allow("s3:*", "arn:aws:s3:::${aws:username}/*"))
    given = [policy(allow("s3:*", Condition=CONDITION))]
    answer = await aws.do("iam:GetContextKeysForCustomPolicy", PolicyInputList=given)
    assert answer["ContextKeyNames"] == ["aws:CurrentTime"]
    answer = await aws.do("iam:GetContextKeysForPrincipalPolicy", PolicySourceArn=ALICE, PolicyInputList=given)
    assert answer["ContextKeyNames"] == ["aws:username", "aws:CurrentTime"]


async def test_the_policies_of_the_organization_take_part(aws: Aws) -> None:
    management = await aws.ports.callers.root("999999999999")
    await aws.do("organizations:CreateOrganization", management, FeatureSet="ALL")
    root_id = (await aws.do("organizations:ListRoots", management))["Roots"][0]["Id"]
    await aws.do("organizations:EnablePolicyType", management, RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    made = await aws.do("organizations:CreateAccount", management, Email="a@example.com", AccountName="member")
    request = made["CreateAccountStatus"]["Id"]
    done = await aws.do("organizations:DescribeCreateAccountStatus", management, CreateAccountRequestId=request)
    member = done["CreateAccountStatus"]["AccountId"]
    root = await aws.ports.callers.root(member)
    await aws.do("iam:CreateUser", root, UserName="alice")
    asked: dict[str, Any] = {
        "PolicySourceArn": ALICE.replace(ACCOUNT, member),
        "PolicyInputList": [policy(allow("*"))],
        "ActionNames": ["s3:GetObject"],
    }
    result = (await aws.do("iam:SimulatePrincipalPolicy", root, **asked))["EvaluationResults"][0]
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    content = policy(deny("s3:*"))
    made = await aws.do(
        "organizations:CreatePolicy",
        management,
        Name="no-s3",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
        Content=content,
    )
    policy_id = made["Policy"]["PolicySummary"]["Id"]
    await aws.do("organizations:AttachPolicy", management, PolicyId=policy_id, TargetId=member)
    result = (await aws.do("iam:SimulatePrincipalPolicy", root, **asked))["EvaluationResults"][0]
    assert result["EvalDecision"] == "explicitDeny"
    asked["PolicyExclusionList"] = [{"PolicyType": "scp"}]
    result = (await aws.do("iam:SimulatePrincipalPolicy", root, **asked))["EvaluationResults"][0]
    assert result["EvalDecision"] == "allowed"


async def test_many_statements_make_for_short_pages(aws: Aws) -> None:
    large = policy(*(allow(f"s3:Action{number}") for number in range(2000)))
    asked: dict[str, Any] = {"PolicyInputList": [large] * 5, "ActionNames": [f"s3:Get{n}" for n in range(5)]}
    page = await aws.do("iam:SimulateCustomPolicy", **asked)
    assert (len(page["EvaluationResults"]), page["IsTruncated"]) == (2, True)
    rest = await aws.do("iam:SimulateCustomPolicy", **asked, Marker=page["Marker"])
    assert len(rest["EvaluationResults"]) == 2

from urllib.parse import unquote

from tests.services.aws import Aws, allow, policy

SMALL = policy(allow("s3:*"))


async def test_policies_are_embedded_read_listed_and_deleted(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    for name in ("b", "a"):
        await aws.do("iam:PutUserPolicy", UserName="alice", PolicyName=name, PolicyDocument=SMALL)
    assert (await aws.do("iam:ListUserPolicies", UserName="alice"))["PolicyNames"] == ["a", "b"]
    got = await aws.do("iam:GetUserPolicy", UserName="alice", PolicyName="a")
    assert unquote(got["PolicyDocument"]) == SMALL
    await aws.do("iam:DeleteUserPolicy", UserName="alice", PolicyName="a")
    for operation in ("GetUserPolicy", "DeleteUserPolicy"):
        assert await aws.refused(f"iam:{operation}", UserName="alice", PolicyName="a") == (
            "NoSuchEntity",
            "The user policy with name a cannot be found.",
        )


async def test_they_are_bounded_together(aws: Aws) -> None:
    # OBSERVED: spec 08, no. 50
    await aws.do("iam:CreateUser", UserName="alice")
    large = policy(allow("s3:*", "arn:aws:s3:::" + "x" * 1500))
    await aws.do("iam:PutUserPolicy", UserName="alice", PolicyName="a", PolicyDocument=large)
    await aws.do("iam:PutUserPolicy", UserName="alice", PolicyName="a", PolicyDocument=large)
    assert await aws.refused("iam:PutUserPolicy", UserName="alice", PolicyName="b", PolicyDocument=large) == (
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user alice",
    )


async def test_what_is_no_policy_is_refused(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    code, _ = await aws.refused("iam:PutUserPolicy", UserName="alice", PolicyName="b", PolicyDocument="[]")
    assert code == "MalformedPolicyDocument"


async def test_the_version_may_be_left_out_and_is_kept_so(aws: Aws) -> None:
    # What SAM's policy templates embed. A managed policy must have one (spec 03, section 8).
    text = '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
    await aws.do("iam:CreateUser", UserName="alice")
    await aws.do("iam:PutUserPolicy", UserName="alice", PolicyName="a", PolicyDocument=text)
    got = await aws.do("iam:GetUserPolicy", UserName="alice", PolicyName="a")
    assert unquote(got["PolicyDocument"]) == text
    for wrong in ("{}", '{"Statement": []', text.replace("Allow", "Perhaps")):
        code, _ = await aws.refused("iam:PutUserPolicy", UserName="alice", PolicyName="b", PolicyDocument=wrong)
        assert code == "MalformedPolicyDocument"
    code, _ = await aws.refused("iam:CreatePolicy", PolicyName="m", PolicyDocument=text)
    assert code == "MalformedPolicyDocument"

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, policy, trust

ARN = f"arn:aws:iam::{ACCOUNT}:policy/p"


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("User", {"UserName": "x"}),
        ("Role", {"RoleName": "x"}),
        ("InstanceProfile", {"InstanceProfileName": "x"}),
        ("Policy", {"PolicyArn": ARN}),
    ],
)
async def test_tags_are_put_on_replaced_and_taken_off_whatever_their_case(
    aws: Aws, title: str, named: dict[str, str]
) -> None:
    more = {
        "Role": {"AssumeRolePolicyDocument": trust({"AWS": ACCOUNT})},
        "Policy": {"PolicyName": "p", "PolicyDocument": policy(allow("s3:*"))},
    }
    first = named if title != "Policy" else {}
    await aws.do(f"iam:Create{title}", **first, **more.get(title, {}), Tags=[{"Key": "a", "Value": "1"}])
    await aws.do(f"iam:Tag{title}", **named, Tags=[{"Key": "A", "Value": "2"}, {"Key": "b", "Value": "3"}])
    tags = (await aws.do(f"iam:List{title}Tags", **named))["Tags"]
    assert tags == [{"Key": "A", "Value": "2"}, {"Key": "b", "Value": "3"}]
    await aws.do(f"iam:Untag{title}", **named, TagKeys=["a"])
    assert (await aws.do(f"iam:List{title}Tags", **named))["Tags"] == [{"Key": "b", "Value": "3"}]
    twice = [{"Key": "c", "Value": "1"}, {"Key": "C", "Value": "2"}]
    assert await aws.refused(f"iam:Tag{title}", **named, Tags=twice) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )
    reserved = [{"Key": "AWS:createdBy", "Value": "me"}]
    assert (await aws.refused(f"iam:Tag{title}", **named, Tags=reserved))[0] == "InvalidInput"

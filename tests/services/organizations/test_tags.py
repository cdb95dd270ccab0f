from tests.services.aws import Aws, allow
from tests.services.organizations.test_policies import SCP, organization

TEAM = {"Key": "team", "Value": "blue"}


async def tags(aws: Aws, resource_id: str) -> dict[str, str]:
    found = (await aws.do("organizations:ListTagsForResource", ResourceId=resource_id))["Tags"]
    return {each["Key"]: each["Value"] for each in found}


async def test_tags_are_kept_for_whatever_is_made_with_them(aws: Aws) -> None:
    root, _ = await organization(aws)
    unit = await aws.do("organizations:CreateOrganizationalUnit", ParentId=root, Name="u", Tags=[TEAM])
    content = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
    made = await aws.do("organizations:CreatePolicy", Name="n", Description="d", Type=SCP, Content=content, Tags=[TEAM])
    status = await aws.do("organizations:CreateAccount", AccountName="b", Email="b@example.com", Tags=[TEAM])
    done = await aws.do(
        "organizations:DescribeCreateAccountStatus", CreateAccountRequestId=status["CreateAccountStatus"]["Id"]
    )
    account = done["CreateAccountStatus"]["AccountId"]
    for each in (unit["OrganizationalUnit"]["Id"], made["Policy"]["PolicySummary"]["Id"], account):
        assert await tags(aws, each) == {"team": "blue"}
    assert await tags(aws, root) == {}
    await aws.do("organizations:DeleteOrganizationalUnit", OrganizationalUnitId=unit["OrganizationalUnit"]["Id"])
    kept = await aws.ports.organization_store.find(account)
    assert kept is not None
    assert set(kept.tags) == {made["Policy"]["PolicySummary"]["Id"], account}


async def test_tags_come_and_go(aws: Aws) -> None:
    root, _ = await organization(aws)
    await aws.do("organizations:TagResource", ResourceId=root, Tags=[TEAM, {"Key": "a", "Value": "1"}])
    await aws.do("organizations:TagResource", ResourceId=root, Tags=[{"Key": "team", "Value": "red"}])
    assert await tags(aws, root) == {"team": "red", "a": "1"}
    await aws.do("organizations:UntagResource", ResourceId=root, TagKeys=["team", "none"])
    assert await tags(aws, root) == {"a": "1"}
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    code, _ = await aws.refused("organizations:TagResource", ResourceId=root, Tags=many)
    assert code == "ConstraintViolationException"
    for wrong in ([TEAM, TEAM], [{"Key": "aws:x", "Value": ""}]):
        code, _ = await aws.refused("organizations:TagResource", ResourceId=root, Tags=wrong)
        assert code == "InvalidInputException"
    code, _ = await aws.refused("organizations:TagResource", ResourceId="999999999999", Tags=[TEAM])
    assert code == "TargetNotFoundException"


async def test_who_may_make_an_account_may_not_therefore_tag_it(aws: Aws) -> None:
    await organization(aws)
    alice = await aws.user("alice", allow("organizations:CreateAccount"))
    params = {"AccountName": "b", "Email": "b@example.com"}
    code, message = await aws.refused("organizations:CreateAccount", alice, **params, Tags=[TEAM])
    assert (code, "organizations:TagResource" in message) == ("AccessDenied", True)
    await aws.do("organizations:CreateAccount", alice, **params)

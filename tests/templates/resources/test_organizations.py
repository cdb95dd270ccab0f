"""AWS::Organizations::Account."""

from tests.templates.ground import Ground

TEMPLATE = """\
Resources:
  Second:
    Type: AWS::Organizations::Account
    Properties: {AccountName: second, Email: second@example.com}
"""


async def test_an_account_outlives_its_stack_and_is_found_again(ground: Ground) -> None:
    (first,) = (await ground.up(TEMPLATE)).resources
    await ground.up("Resources:\n  Other: {Type: AWS::IAM::Group}\n")
    (again,) = (await ground.up(TEMPLATE)).resources
    assert again.physical_id == first.physical_id
    site = await ground.site()
    accounts = (await site.do("organizations", "ListAccounts", {}))["Accounts"]
    assert sorted(one["Name"] for one in accounts if one["Email"] == "second@example.com") == ["second"]

from tests.services.aws import ACCOUNT, Aws, allow

from yett.ports.callers import Caller


async def create(aws: Aws, name: str = "dev") -> str:
    email = f"{name}@example.com"
    pending = (await aws.do("organizations:CreateAccount", Email=email, AccountName=name))["CreateAccountStatus"]
    assert pending["State"] == "IN_PROGRESS"
    status = await aws.do("organizations:DescribeCreateAccountStatus", CreateAccountRequestId=pending["Id"])
    assert status["CreateAccountStatus"]["State"] == "SUCCEEDED"
    return str(status["CreateAccountStatus"]["AccountId"])


async def administer(aws: Aws, account: str) -> Caller:
    """A session of the new account's role, had by a user of the management account."""
    admin = await aws.user(f"admin-of-{account}", allow("sts:AssumeRole"))
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    return await aws.holder(await aws.do("sts:AssumeRole", admin, RoleArn=role, RoleSessionName="admin"))


async def test_the_management_account_administers_what_it_made(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    account = await create(aws)
    session = await administer(aws, account)
    assert session.identity.account == account
    await aws.do("iam:CreateUser", session, UserName="bob")
    assert (await aws.do("iam:ListUsers", session))["Users"][0]["Arn"] == f"arn:aws:iam::{account}:user/bob"
    assert "bob" not in str(await aws.do("iam:ListUsers"))
    code, _ = await aws.refused("organizations:ListAccounts", session)
    assert code == "AccessDeniedException"
    organization = (await aws.do("organizations:DescribeOrganization", session))["Organization"]
    assert session.identity.organization_id == organization["Id"]


async def test_an_email_is_one_accounts_alone(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    await create(aws)
    again = await aws.do("organizations:CreateAccount", Email="DEV@example.com", AccountName="dev")
    request = again["CreateAccountStatus"]["Id"]
    status = await aws.do("organizations:DescribeCreateAccountStatus", CreateAccountRequestId=request)
    assert status["CreateAccountStatus"]["FailureReason"] == "EMAIL_ALREADY_EXISTS"
    failed = await aws.do("organizations:ListCreateAccountStatus", States=["FAILED"])
    assert [each["Id"] for each in failed["CreateAccountStatuses"]] == [request]


async def test_accounts_are_listed_moved_and_let_go(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    account = await create(aws)
    root = (await aws.do("organizations:ListRoots"))["Roots"][0]["Id"]
    made = await aws.do("organizations:CreateOrganizationalUnit", ParentId=root, Name="u")
    unit = made["OrganizationalUnit"]["Id"]
    first = await aws.do("organizations:ListAccounts", MaxResults=1)
    rest = await aws.do("organizations:ListAccounts", NextToken=first["NextToken"])
    assert [each["Id"] for each in (*first["Accounts"], *rest["Accounts"])] == [ACCOUNT, account]
    move = {"AccountId": account, "SourceParentId": root, "DestinationParentId": unit}
    await aws.do("organizations:MoveAccount", **move)
    assert (await aws.refused("organizations:MoveAccount", **move))[0] == "SourceParentNotFoundException"
    below = await aws.do("organizations:ListAccountsForParent", ParentId=unit)
    assert [each["Id"] for each in below["Accounts"]] == [account]
    code, _ = await aws.refused("organizations:DeleteOrganizationalUnit", OrganizationalUnitId=unit)
    assert code == "OrganizationalUnitNotEmptyException"
    assert (await aws.refused("organizations:DeleteOrganization"))[0] == "OrganizationNotEmptyException"
    await aws.do("organizations:LeaveOrganization", await administer(aws, account))
    assert (await aws.refused("organizations:DescribeAccount", AccountId=account))[0] == "AccountNotFoundException"
    code, _ = await aws.refused("organizations:RemoveAccountFromOrganization", AccountId=ACCOUNT)
    assert code == "MasterCannotLeaveOrganizationException"

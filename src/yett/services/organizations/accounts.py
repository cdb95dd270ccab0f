"""Accounts of an organization."""

import json
from typing import Final

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import Role
from yett.ports.randomness import UPPER_ALPHANUMERIC
from yett.rules.iam.identifiers import UNIQUE_ID_CHARACTERS
from yett.rules.organizations.tree import (
    DEFAULTS,
    AccountCreation,
    MemberAccount,
    Organization,
    find_account,
)
from yett.services.call import Call
from yett.services.organizations.access import (
    Answer,
    Params,
    change_organization,
    draw,
    get_managed,
    get_membership,
    id_of,
    is_parent,
    node_arn,
    page_of,
)
from yett.services.organizations.errors import refuse
from yett.services.organizations.tags import read_tags, tagged
from yett.values.identifiers import ROLE_ID

DEFAULT_ROLE: Final = "OrganizationAccountAccessRole"
ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
DIGITS: Final = "0123456789"


async def create_account(call: Call, params: Params) -> Answer:
    """Make an account, with a role in it that the management account may assume.

    The answer says that it is in progress, as AWS's does; it is done when DescribeCreateAccountStatus is asked.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
    """
    organization = await get_managed(call)
    creation = AccountCreation(
        id=f"car-{draw(call, 32)}",
        account_name=params["AccountName"],
        state="FAILED",
        requested_at=call.now.replace(microsecond=0),
        completed_at=call.now.replace(microsecond=0),
        failure_reason="EMAIL_ALREADY_EXISTS",
    )
    tags = read_tags(params.get("Tags", ()))
    account = await draw_account_id(call)
    if not is_taken(organization, params["Email"]):
        await add_access_role(call, account, params.get("RoleName", DEFAULT_ROLE))
    created = msgspec.structs.replace(creation, state="SUCCEEDED", account_id=account, failure_reason=None)
    member = MemberAccount(
        id=account,
        name=params["AccountName"],
        email=params["Email"],
        parent_id=organization.root_id,
        joined_at=creation.requested_at,
        is_created=True,
    )

    def change(current: Organization) -> Organization:
        if is_taken(current, member.email) or is_taken(organization, member.email):
            return msgspec.structs.replace(current, creations=(*current.creations, creation))
        defaults = tuple(DEFAULTS[kind] for kind in current.enabled_types)
        grown = msgspec.structs.replace(
            current,
            accounts=(*current.accounts, member),
            attachments={**current.attachments, account: defaults},
            creations=(*current.creations, created),
        )
        return tagged(grown, account, tags)

    await change_organization(call, change)
    pending = {"Id": creation.id, "AccountName": creation.account_name, "State": "IN_PROGRESS"}
    return {"CreateAccountStatus": {**pending, "RequestedTimestamp": creation.requested_at}}


def is_taken(organization: Organization, email: str) -> bool:
    """Whether an account of the organization has the address."""
    return any(each.email.lower() == email.lower() for each in organization.accounts)


async def draw_account_id(call: Call) -> str:
    """Twelve digits that are no account's yet."""
    while True:
        account = call.ports.randomness.text(DIGITS[1:], 1) + call.ports.randomness.text(DIGITS, 11)
        if account != call.ports.settings.account and await call.ports.organization_store.find(account) is None:
            return account


async def add_access_role(call: Call, account: str, name: str) -> None:
    """Make the role by which the management account administers the new one."""
    trust_policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": call.iam_arn("root")}, "Action": "sts:AssumeRole"},
        ],
    }
    role = Role(
        account=account,
        name=name,
        path="/",
        id=ROLE_ID + call.ports.randomness.text(UPPER_ALPHANUMERIC, UNIQUE_ID_CHARACTERS),
        created_at=call.now.replace(microsecond=0),
        trust_policy=json.dumps(trust_policy),
        attached_policies=(ADMINISTRATOR,),
    )
    try:
        await call.ports.iam_store.add(role)
    except AlreadyExists as error:  # the account was drawn before, and its creation failed
        raise refuse("PolicyChangesInProgressException") from error


def describe_creation(creation: AccountCreation) -> dict[str, object]:
    """What became of CreateAccount, as the API describes it."""
    answer: dict[str, object] = {
        "Id": creation.id,
        "AccountName": creation.account_name,
        "State": creation.state,
        "RequestedTimestamp": creation.requested_at,
        "CompletedTimestamp": creation.completed_at,
    }
    if creation.account_id is not None:
        answer["AccountId"] = creation.account_id
    if creation.failure_reason is not None:
        answer["FailureReason"] = creation.failure_reason
    return answer


async def describe_create_account_status(call: Call, params: Params) -> Answer:
    """Say what became of CreateAccount.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html
    """
    organization = await get_managed(call)
    for creation in organization.creations:
        if creation.id == params["CreateAccountRequestId"]:
            return {"CreateAccountStatus": describe_creation(creation)}
    raise refuse("CreateAccountStatusNotFoundException")


async def list_create_account_status(call: Call, params: Params) -> Answer:
    """List what became of every CreateAccount.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html
    """
    organization = await get_managed(call)
    states = set(params.get("States", ()))
    wanted = [each for each in organization.creations if not states or each.state in states]
    page, rest = page_of(wanted, params, key=id_of)
    return {"CreateAccountStatuses": [describe_creation(each) for each in page], **rest}


def describe_member(organization: Organization, account: MemberAccount) -> dict[str, object]:
    """An account as the API describes it."""
    return {
        "Id": account.id,
        "Arn": node_arn(organization, account.id),
        "Email": account.email,
        "Name": account.name,
        "Status": account.status,
        "State": account.status,
        "JoinedMethod": "CREATED" if account.is_created else "INVITED",
        "JoinedTimestamp": account.joined_at,
    }


async def describe_account(call: Call, params: Params) -> Answer:
    """Describe an account.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html
    """
    organization = await get_managed(call)
    return {"Account": describe_member(organization, get_account(organization, params["AccountId"]))}


def get_account(organization: Organization, account: str) -> MemberAccount:
    """The account's entry, or AWS's error."""
    found = find_account(organization, account)
    if found is None:
        raise refuse("AccountNotFoundException")
    return found


async def list_accounts(call: Call, params: Params) -> Answer:
    """List the accounts.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    """
    organization = await get_managed(call)
    page, rest = page_of(organization.accounts, params, key=id_of)
    return {"Accounts": [describe_member(organization, each) for each in page], **rest}


async def list_accounts_for_parent(call: Call, params: Params) -> Answer:
    """List the accounts right below the root or a unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
    """
    organization = await get_managed(call)
    if not is_parent(organization, params["ParentId"]):
        raise refuse("ParentNotFoundException")
    below = [each for each in organization.accounts if each.parent_id == params["ParentId"]]
    page, rest = page_of(below, params, key=id_of)
    return {"Accounts": [describe_member(organization, each) for each in page], **rest}


async def move_account(call: Call, params: Params) -> Answer:
    """Move an account to another unit.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    """
    source, destination = params["SourceParentId"], params["DestinationParentId"]

    def change(organization: Organization) -> Organization:
        account = get_account(organization, params["AccountId"])
        if account.parent_id != source:
            raise refuse("SourceParentNotFoundException")
        if not is_parent(organization, destination):
            raise refuse("DestinationParentNotFoundException")
        if source == destination:
            raise refuse("DuplicateAccountException")
        moved = msgspec.structs.replace(account, parent_id=destination)
        accounts = tuple(moved if each is account else each for each in organization.accounts)
        return msgspec.structs.replace(organization, accounts=accounts)

    await change_organization(call, change)
    return {}


async def remove_account_from_organization(call: Call, params: Params) -> Answer:
    """Let an account go its own way.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html
    """
    await change_organization(call, lambda organization: without(organization, params["AccountId"]))
    return {}


async def leave_organization(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Let the caller's account go its own way.

    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html
    """
    organization = await get_membership(call)
    await call.ports.organization_store.update(
        organization.management_account, lambda current: without(current, call.account)
    )
    return {}


def without(organization: Organization, account_id: str) -> Organization:
    """The organization without one of its member accounts."""
    account = get_account(organization, account_id)
    if account_id == organization.management_account:
        raise refuse("MasterCannotLeaveOrganizationException")
    return msgspec.structs.replace(
        organization,
        accounts=tuple(each for each in organization.accounts if each is not account),
        attachments={node: attached for node, attached in organization.attachments.items() if node != account_id},
    )

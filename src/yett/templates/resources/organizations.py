"""AWS::Organizations::Account: a second account, with an organization around both if there is none."""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.services.call import ServiceError
from yett.templates.fitting import fit
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, names

SERVICE: Final = "organizations"
NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"


async def create_account(actor: Actor, wanted: Wanted) -> Made:
    """The member account of this name and address, made if there is none: an account outlives its stack."""
    email, name = wanted.properties["Email"], wanted.properties["AccountName"]
    try:
        await actor.do(SERVICE, "DescribeOrganization", {})
    except ServiceError as error:
        if error.code != NO_ORGANIZATION:
            raise
        await actor.do(SERVICE, "CreateOrganization", {"FeatureSet": "ALL"})
    params = fit(SERVICE, "CreateAccount", wanted.properties)
    for account in (await actor.do(SERVICE, "ListAccounts", {})).get("Accounts", ()):
        if account["Email"] == email and account["Name"] == name:
            return describe_account(account)
    status = (await actor.do(SERVICE, "CreateAccount", params))["CreateAccountStatus"]
    asked = {"CreateAccountRequestId": status["Id"]}
    status = (await actor.do(SERVICE, "DescribeCreateAccountStatus", asked))["CreateAccountStatus"]
    if status["State"] != "SUCCEEDED":
        raise ServiceError("CreateAccountFailed", f"the account was not made: {status.get('FailureReason')}")
    made = await actor.do(SERVICE, "DescribeAccount", {"AccountId": status["AccountId"]})
    return describe_account(made["Account"])


def describe_account(account: Mapping[str, Any]) -> Made:
    account_id = str(account["Id"])
    return Made(physical_id=account_id, attributes={"AccountId": account_id, "Arn": str(account["Arn"])})


async def keep_account(actor: Actor, old: ResourceRecord) -> None:
    """An account is not deleted with its stack; a later stack that names it finds it again."""


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Organizations::Account": ResourceType(
        reads=names("AccountName Email RoleName Tags"), create=create_account, delete=keep_account, find=None
    ),
}

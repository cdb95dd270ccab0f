"""Every permission row is as the Service Authorization Reference has it: action, resources, condition keys.

What a row leaves out stands here with the place that has it, or with the reason why nothing could have it.
"""

import json
import re
from typing import Any, Final

import pytest
from tests.architecture.sources import TESTS

from yett.services.perform import SERVICES, table_of
from yett.services.permissions.row import Exempt, Permission

Action = dict[str, Any]
CASES: Final = json.loads((TESTS / "cases/services/service_authorization.json").read_text())
REFERENCE: Final[dict[str, Action]] = {each["action"]: each for each in CASES["actions"]}

# Keys that are known to the store alone: `resource_keys` and `keys_of_resources` of each service's operations.
STORED: Final = {
    "aws:ResourceTag/${TagKey}",
    "iam:ResourceTag/${TagKey}",
    "iam:PermissionsBoundary",
    "organizations:PolicyType",
}
STORED_FOR: Final = {"lambda:RemovePermission": {"lambda:Principal"}}
# Keys of what an operation refuses to be asked for.
REFUSED: Final = {
    "iam:FIDO-FIPS-140-2-certification": "there are virtual MFA devices only",
    "iam:FIDO-FIPS-140-3-certification": "there are virtual MFA devices only",
    "iam:FIDO-certification": "there are virtual MFA devices only",
    "iam:RegisterSecurityKey": "there are virtual MFA devices only",
    "lambda:CodeSigningConfigArn": "signatures of code are not checked",
    "lambda:FunctionUrlAuthType": "functions have no URLs",
    "lambda:SecurityGroupIds": "there is no VPC",
    "lambda:SubnetIds": "there is no VPC",
    "lambda:VpcIds": "there is no VPC",
    "organizations:TransferDirection": "responsibilities are not transferred",
    "organizations:TransferType": "responsibilities are not transferred",
}
# Further actions that are asked for elsewhere than in the row, or never.
DEPENDENT: Final = {
    ("iam:AddRoleToInstanceProfile", "iam:PassRole"): "services/iam/instance_profiles.py, which knows the role's path",
    ("organizations:CreateOrganization", "iam:CreateServiceLinkedRole"): "no service-linked role is made",
    ("lambda:CreateFunction", "lambda:PassCapacityProvider"): "there are no capacity providers",
}
ROWS = [
    pytest.param(service, name, row, id=f"{service}:{name}")
    for service in SERVICES
    for name, row in table_of(service).permissions.items()
    if isinstance(row, Permission)
]


@pytest.mark.parametrize(("service", "name", "row"), ROWS)
def test_a_row_asks_for_actions_that_there_are(service: str, name: str, row: Permission) -> None:
    assert {row.action, *row.also.values()} <= set(REFERENCE)


# Actions of API Gateway are verbs: services/apigateway/condition_keys.py has the keys of each of its operations.
@pytest.mark.parametrize(
    ("service", "name", "row"), [each for each in ROWS if not str(each.id).startswith("apigateway:")]
)
def test_a_row_has_the_condition_keys_of_its_action(service: str, name: str, row: Permission) -> None:
    action = REFERENCE[row.action]
    own = set(row.condition_keys)
    own |= {"aws:RequestTag/${TagKey}", "aws:TagKeys"} if row.tags is not None else set()
    own |= {"aws:TagKeys"} if row.tag_keys is not None else set()
    missing = set(action["keys"]) - own - STORED - STORED_FOR.get(row.action, set()) - set(REFUSED)
    assert missing == set(), f"{service}:{name}"
    assert own <= set(action["keys"]), f"{service}:{name}"


@pytest.mark.parametrize(("service", "name", "row"), ROWS)
def test_a_row_names_the_resources_of_its_action(service: str, name: str, row: Permission) -> None:
    action = REFERENCE[row.action]
    is_found = callable(row.resource) or name in table_of(service).resources
    if service == "apigateway":
        assert is_found or str(row.resource).startswith("arn:{partition}:apigateway:{region}::/")
    elif not action["resources"]:
        assert row.resource == "*"
    elif not is_found:
        assert any(could_be(str(row.resource), pattern) for pattern in action["resources"]), row.resource


def could_be(template: str, pattern: str) -> bool:
    """Whether an ARN template of ours makes ARNs of the reference's pattern. One that a member gives whole may."""
    if re.fullmatch(r"\{[A-Za-z]+\}", template):
        return True
    places = {"partition": "aws", "region": "us-east-1", "account": "123456789012", "Path": "/"}
    arn = re.sub(r"\{([A-Za-z]+)\}", lambda match: places.get(match[1], "name"), template)
    shape = re.sub(r"\\\$\\\{[A-Za-z]+\\\}", "[^:]+", re.escape(pattern))
    return re.fullmatch(shape, arn) is not None


@pytest.mark.parametrize(("service", "name", "row"), ROWS)
def test_a_row_asks_for_what_its_action_depends_on(service: str, name: str, row: Permission) -> None:
    own = {*row.also.values(), *(["iam:PassRole"] if row.passes else [])}
    elsewhere = {action for row_action, action in DEPENDENT if row_action == row.action}
    assert set(REFERENCE[row.action]["dependent"]) <= own | elsewhere, f"{service}:{name}"


def test_what_asks_for_nothing_before_it_acts_is_known() -> None:
    exempt = {
        f"{service}:{name}"
        for service in SERVICES
        for name, row in table_of(service).permissions.items()
        if row in (Exempt.ANY_CALLER, Exempt.BY_OPERATION)
    }
    by_password_policy = {"iam:ChangePassword", "iam:GetAccountPasswordPolicy"}
    assert exempt - by_password_policy == {
        "sts:GetCallerIdentity", "sts:AssumeRole", "sts:GetSessionToken", "lambda:Invoke",
    }  # fmt: skip

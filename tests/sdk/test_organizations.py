"""Organizations by boto3: a tree of accounts, what binds them, and the role that reaches into them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.making import Api, make_user, mock, unique
from tests.sdk.running import RunningServer
from tests.sdk.test_iam import document, refusal
from tests.sdk.test_sts import INVOKE, holder

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose account manages an organization."""
    with RunningServer(tmp_path_factory.mktemp("home")) as server:
        server.client("organizations").create_organization(FeatureSet="ALL")
        yield server


@pytest.fixture
def organizations(running: RunningServer) -> Any:
    return running.client("organizations")


@pytest.fixture
def root(organizations: Any) -> str:
    """The root's id, with both kinds of policy in force."""
    found = organizations.list_roots()["Roots"][0]
    enabled = {each["Type"] for each in found["PolicyTypes"]}
    for kind in {SCP, RCP} - enabled:
        organizations.enable_policy_type(RootId=found["Id"], PolicyType=kind)
    return str(found["Id"])


@pytest.fixture
def account(organizations: Any, root: str) -> str:
    """A new account."""
    name = unique("account")
    asked = organizations.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
    done = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert (asked["State"], done["State"]) == ("IN_PROGRESS", "SUCCEEDED")
    return str(done["AccountId"])


def administrator(running: RunningServer, account: str) -> Any:
    """Credentials in a member account, by the role that came with it."""
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{account}:role/*"}
    _, user = make_user(running, may)
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    return holder(running.client("sts", user).assume_role(RoleArn=arn, RoleSessionName="admin"))


def make_policy(organizations: Any, *statements: dict[str, Any], kind: str = SCP) -> str:
    made = organizations.create_policy(Name=unique("policy"), Description="d", Type=kind, Content=document(*statements))
    return str(made["Policy"]["PolicySummary"]["Id"])


def test_an_organization_is_described_to_its_manager_and_its_members(
    running: RunningServer, organizations: Any, account: str
) -> None:
    told = organizations.describe_organization()["Organization"]
    assert (told["MasterAccountId"], told["FeatureSet"]) == (running.settings.account, "ALL")
    member = running.client("organizations", administrator(running, account))
    assert member.describe_organization()["Organization"]["Id"] == told["Id"]
    assert refusal(member.list_accounts)[0] == "AccessDeniedException"
    assert refusal(organizations.create_organization)[0] == "AlreadyInOrganizationException"
    assert refusal(organizations.leave_organization)[0] == "MasterCannotLeaveOrganizationException"
    assert refusal(organizations.delete_organization)[0] == "OrganizationNotEmptyException"
    member.leave_organization()
    assert refusal(organizations.describe_account, AccountId=account)[0] == "AccountNotFoundException"


def test_an_empty_organization_is_deleted(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as running:
        organizations = running.client("organizations")
        organizations.create_organization()
        ours = organizations.describe_account(AccountId=running.settings.account)["Account"]
        assert (ours["Id"], ours["Status"]) == (running.settings.account, "ACTIVE")
        organizations.delete_organization()
        assert refusal(organizations.describe_organization)[0] == "AWSOrganizationsNotInUseException"


def test_units_are_made_renamed_filled_emptied_and_deleted(organizations: Any, root: str, account: str) -> None:
    made = organizations.create_organizational_unit(ParentId=root, Name=unique("unit"))["OrganizationalUnit"]
    organizations.update_organizational_unit(OrganizationalUnitId=made["Id"], Name=unique("renamed"))
    found = organizations.describe_organizational_unit(OrganizationalUnitId=made["Id"])["OrganizationalUnit"]
    assert found["Name"].startswith("renamed-")
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=made["Id"])
    assert organizations.list_parents(ChildId=account)["Parents"][0]["Id"] == made["Id"]
    again = {"AccountId": account, "SourceParentId": root, "DestinationParentId": made["Id"]}
    assert refusal(organizations.move_account, **again)[0] == "SourceParentNotFoundException"
    delete = organizations.delete_organizational_unit
    assert refusal(delete, OrganizationalUnitId=made["Id"])[0] == "OrganizationalUnitNotEmptyException"
    organizations.remove_account_from_organization(AccountId=account)
    delete(OrganizationalUnitId=made["Id"])
    gone = refusal(organizations.describe_organizational_unit, OrganizationalUnitId=made["Id"])
    assert gone[0] == "OrganizationalUnitNotFoundException"


def test_policies_are_made_changed_attached_detached_and_deleted(organizations: Any, root: str, account: str) -> None:
    made = make_policy(organizations, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    organizations.update_policy(PolicyId=made, Description="other")
    assert organizations.describe_policy(PolicyId=made)["Policy"]["PolicySummary"]["Description"] == "other"
    organizations.tag_resource(ResourceId=made, Tags=[{"Key": "a", "Value": "1"}])
    organizations.untag_resource(ResourceId=made, TagKeys=["a"])
    assert organizations.list_tags_for_resource(ResourceId=made)["Tags"] == []
    organizations.attach_policy(PolicyId=made, TargetId=account)
    attach = organizations.attach_policy
    assert refusal(attach, PolicyId=made, TargetId=account)[0] == "DuplicatePolicyAttachmentException"
    assert refusal(organizations.delete_policy, PolicyId=made)[0] == "PolicyInUseException"
    organizations.detach_policy(PolicyId=made, TargetId=account)
    organizations.delete_policy(PolicyId=made)
    with pytest.raises(organizations.exceptions.ConstraintViolationException) as refused:
        organizations.detach_policy(PolicyId=FULL, TargetId=account)
    assert refused.value.response["Reason"] == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    assert refusal(organizations.delete_policy, PolicyId=FULL)[0] == "ConstraintViolationException"


def test_a_service_control_policy_binds_a_member_everywhere_and_the_manager_nowhere(
    running: RunningServer, organizations: Any, root: str, account: str
) -> None:
    admin = administrator(running, account)
    made = running.client("apigateway", admin).create_rest_api(name="in-the-member")
    assert made["id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name=unique("unit"))["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    api = Api(running)
    api.method("/pets", mock(), authorizationType="AWS_IAM")
    api.deploy()
    _, ours = make_user(running, INVOKE)
    denial = make_policy(
        organizations,
        {"Effect": "Deny", "Action": ["execute-api:Invoke", "iam:ListUsers"], "Resource": "*"},
    )
    for target in (root, unit, account):  # at whatever level it is attached
        running.client("iam", admin).list_users()
        organizations.attach_policy(PolicyId=denial, TargetId=target)
        code, message = refusal(running.client("iam", admin).list_users)
        assert (code, "explicit deny in a service control policy" in message) == ("AccessDenied", True)
        assert running.call(api.id, "/prod/pets", signed_by=ours).status == 200  # the manager is not bound
        running.client("iam").list_users()
        organizations.detach_policy(PolicyId=denial, TargetId=target)


def test_what_a_level_does_not_allow_is_denied_at_once(
    running: RunningServer, organizations: Any, root: str, account: str
) -> None:
    admin = administrator(running, account)
    only_iam = make_policy(organizations, {"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    organizations.attach_policy(PolicyId=only_iam, TargetId=account)
    organizations.detach_policy(PolicyId=FULL, TargetId=account)
    running.client("iam", admin).list_users()
    code, message = refusal(running.client("lambda", admin).list_functions)
    assert (code, "no service control policy allows" in message) == ("AccessDeniedException", True)
    organizations.disable_policy_type(RootId=root, PolicyType=SCP)
    running.client("lambda", admin).list_functions()
    organizations.enable_policy_type(RootId=root, PolicyType=SCP)
    attached = organizations.list_policies_for_target(TargetId=account, Filter=SCP)["Policies"]
    assert [each["Id"] for each in attached] == [FULL]


def test_a_resource_control_policy_closes_the_roles_of_a_member(
    running: RunningServer, organizations: Any, root: str, account: str
) -> None:
    administrator(running, account)
    closed = make_policy(
        organizations,
        {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"},
        kind=RCP,
    )
    organizations.attach_policy(PolicyId=closed, TargetId=account)
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    _, user = make_user(running, may)
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    code, message = refusal(running.client("sts", user).assume_role, RoleArn=arn, RoleSessionName="admin")
    assert (code, "explicit deny in a resource control policy" in message) == ("AccessDenied", True)
    organizations.detach_policy(PolicyId=closed, TargetId=account)
    running.client("sts", user).assume_role(RoleArn=arn, RoleSessionName="admin")


def test_a_resource_control_policy_closes_the_user_pools_of_a_member_to_its_own_administrator(
    running: RunningServer, organizations: Any, root: str, account: str
) -> None:
    cognito = running.client("cognito-idp", administrator(running, account))
    pool = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    closed = make_policy(
        organizations,
        {"Effect": "Deny", "Principal": "*", "Action": "cognito-idp:AdminCreateUser", "Resource": "*"},
        kind=RCP,
    )
    organizations.attach_policy(PolicyId=closed, TargetId=account)
    code, message = refusal(cognito.admin_create_user, UserPoolId=pool, Username="ann")
    assert (code, "explicit deny in a resource control policy" in message) == ("AccessDeniedException", True)
    cognito.describe_user_pool(UserPoolId=pool)
    organizations.detach_policy(PolicyId=closed, TargetId=account)
    cognito.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")


def test_across_accounts_both_sides_must_allow(running: RunningServer, account: str) -> None:
    _, user = make_user(running)  # with no permission of its own
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    assert refusal(running.client("sts", user).assume_role, RoleArn=arn, RoleSessionName="admin")[0] == "AccessDenied"
    member = running.client("iam", administrator(running, account))
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    member.create_role(RoleName="inner", AssumeRolePolicyDocument=document(trust))
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    _, allowed = make_user(running, may)
    inner = f"arn:aws:iam::{account}:role/inner"
    assert refusal(running.client("sts", allowed).assume_role, RoleArn=inner, RoleSessionName="xx")[0] == "AccessDenied"

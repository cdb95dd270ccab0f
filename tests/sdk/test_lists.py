"""Every list of IAM and Organizations, page by page: each entry once, whatever comes and goes in between."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from tests.fakes.identity_provider import IdentityProvider
from tests.sdk.devices import give_device
from tests.sdk.making import unique
from tests.sdk.running import RunningServer

from yett.services.perform import table_of

DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)
TAGS = [{"Key": f"key-{number}", "Value": "v"} for number in range(5)]
SCP = "SERVICE_CONTROL_POLICY"


def paginators(service: str) -> list[str]:
    """The paginators of botocore whose operation is offered."""
    model = botocore.session.get_session().get_paginator_model(service)
    return sorted(set(model._paginator_config) & set(table_of(service).operations))


@pytest.fixture(scope="module")
def world(running: RunningServer) -> dict[str, dict[str, Any]]:
    """Something to list for every paginator: the parameters that name it, by operation."""
    iam = running.client("iam")
    name = unique("list")
    path = f"/{name}/"
    users, groups, roles = ([f"{name}-{kind}-{each}" for each in range(3)] for kind in ("user", "group", "role"))
    policies = []
    for each in range(3):
        made = iam.create_policy(PolicyName=f"{name}-policy-{each}", Path=path, PolicyDocument=DENY, Tags=TAGS)
        policies.append(made["Policy"]["Arn"])
    for each in range(2, 6):
        iam.create_policy_version(PolicyArn=policies[0], PolicyDocument=DENY, SetAsDefault=each == 3)
    for user, group, role in zip(users, groups, roles, strict=True):
        iam.create_user(UserName=user, Path=path, Tags=TAGS)
        iam.create_group(GroupName=group, Path=path)
        iam.create_role(RoleName=role, Path=path, AssumeRolePolicyDocument=TRUST, Tags=TAGS)
        profile = f"{user}-profile"
        iam.create_instance_profile(InstanceProfileName=profile, Path=path, Tags=TAGS)
        iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=roles[0])
        iam.add_user_to_group(UserName=users[0], GroupName=group)
        iam.attach_user_policy(UserName=user, PolicyArn=policies[0])
        iam.attach_role_policy(RoleName=role, PolicyArn=policies[0])
        iam.attach_group_policy(GroupName=group, PolicyArn=policies[0])
    for user in users[1:]:
        iam.add_user_to_group(UserName=user, GroupName=groups[0])
    for policy in policies[1:]:
        iam.attach_user_policy(UserName=users[0], PolicyArn=policy)
        iam.attach_role_policy(RoleName=roles[0], PolicyArn=policy)
        iam.attach_group_policy(GroupName=groups[0], PolicyArn=policy)
    for each in range(3):
        iam.put_user_policy(UserName=users[0], PolicyName=f"inline-{each}", PolicyDocument=DENY)
        iam.put_role_policy(RoleName=roles[0], PolicyName=f"inline-{each}", PolicyDocument=DENY)
        iam.put_group_policy(GroupName=groups[0], PolicyName=f"inline-{each}", PolicyDocument=DENY)
    for _ in range(2):
        iam.create_access_key(UserName=users[0])
    devices = [give_device(running, users[0], off=-10)[0] for _ in range(3)]
    iam.tag_mfa_device(SerialNumber=devices[0], Tags=TAGS)
    provider = iam.create_open_id_connect_provider(Url=f"https://{name}.example.com", Tags=TAGS)
    idp = IdentityProvider(f"https://{name}.example/saml")
    federation = iam.create_saml_provider(Name=name, SAMLMetadataDocument=idp.metadata(), Tags=TAGS)
    asked = {"ActionNames": ["s3:GetObject", "s3:PutObject"], "ResourceArns": ["arn:aws:s3:::a/b", "arn:aws:s3:::c/d"]}
    user_arn = iam.get_user(UserName=users[0])["User"]["Arn"]
    user, group, role = {"UserName": users[0]}, {"GroupName": groups[0]}, {"RoleName": roles[0]}
    below = {"PathPrefix": path}
    return {
        "GetAccountAuthorizationDetails": {"Filter": ["User", "Group", "Role", "LocalManagedPolicy"]},
        "GetGroup": group,
        "ListAccessKeys": user,
        "ListAccountAliases": {},
        "ListAttachedGroupPolicies": group,
        "ListAttachedRolePolicies": role,
        "ListAttachedUserPolicies": user,
        "ListEntitiesForPolicy": {"PolicyArn": policies[0]},
        "ListGroupPolicies": group,
        "ListGroups": below,
        "ListGroupsForUser": user,
        "ListInstanceProfileTags": {"InstanceProfileName": f"{users[0]}-profile"},
        "ListInstanceProfiles": below,
        "ListInstanceProfilesForRole": role,
        "ListMFADeviceTags": {"SerialNumber": devices[0]},
        "ListMFADevices": user,
        "ListSAMLProviderTags": {"SAMLProviderArn": federation["SAMLProviderArn"]},
        "ListOpenIDConnectProviderTags": {"OpenIDConnectProviderArn": provider["OpenIDConnectProviderArn"]},
        "ListPolicies": {"Scope": "All"},
        "ListPolicyTags": {"PolicyArn": policies[0]},
        "ListPolicyVersions": {"PolicyArn": policies[0]},
        "ListRolePolicies": role,
        "ListRoleTags": role,
        "ListRoles": below,
        "ListUserPolicies": user,
        "ListUserTags": user,
        "ListUsers": below,
        "ListVirtualMFADevices": {},
        "SimulateCustomPolicy": {"PolicyInputList": [DENY], **asked},
        "SimulatePrincipalPolicy": {"PolicySourceArn": user_arn, **asked},
    }


def entries(client: Any, operation: str, params: dict[str, Any], size: int) -> list[str]:
    """What a list shows, in pages of a size."""
    paginator: Any = client.get_paginator(botocore.xform_name(operation))
    keys = [each.expression for each in paginator.result_keys]
    shown = []
    config = {"PageSize": size} if paginator._limit_key is not None else {}  # not every list takes a size
    for page in paginator.paginate(**params, PaginationConfig=config):
        for key in keys:
            value = page.get(key) or []
            shown += [json.dumps([key, each], default=str, sort_keys=True) for each in value]
            assert not config or len(value) <= size
    return shown


@pytest.mark.parametrize("operation", paginators("iam"))
@pytest.mark.parametrize("size", [1, 2])
def test_small_pages_show_what_one_large_page_shows(
    running: RunningServer, world: dict[str, dict[str, Any]], operation: str, size: int
) -> None:
    iam = running.client("iam")
    whole = entries(iam, operation, world[operation], 1000)
    paged = entries(iam, operation, world[operation], size)
    assert len(whole) >= 2 or operation in {"ListAccountAliases", "ListEntitiesForPolicy"}
    assert sorted(paged) == sorted(set(whole))


@pytest.mark.parametrize("operation", [each for each in paginators("iam") if each != "ListAccountAliases"])
def test_a_marker_that_was_never_given_out_is_refused(
    running: RunningServer, world: dict[str, dict[str, Any]], operation: str
) -> None:
    call: Callable[..., Any] = getattr(running.client("iam"), botocore.xform_name(operation))
    with pytest.raises(ClientError) as refused:
        call(**world[operation], Marker="%$/not-one-of-ours")
    assert refused.value.response["Error"]["Code"] == "ValidationError"


# -- while things come and go

Step = Callable[[str], None]


def kinds(running: RunningServer) -> Iterator[tuple[str, str, dict[str, Any], Step, Step]]:
    """Operation, member, parameters, and how an entry of a name is made and removed."""
    iam = running.client("iam")
    base = unique("moving")
    path = f"/{base}/"
    holder, group = f"{base}-holder", f"{base}-group"
    iam.create_user(UserName=holder, Path="/holders/")
    iam.create_group(GroupName=group, Path="/holders/")
    account = running.settings.account
    arn = f"arn:aws:iam::{account}:policy{path}"

    def join(name: str) -> None:
        iam.create_user(UserName=f"{base}-{name}", Path="/members/")
        iam.add_user_to_group(UserName=f"{base}-{name}", GroupName=group)

    def leave(name: str) -> None:
        iam.remove_user_from_group(UserName=f"{base}-{name}", GroupName=group)

    yield (
        "ListUsers",
        "Users",
        {"PathPrefix": path},
        lambda name: iam.create_user(UserName=f"{base}-u-{name}", Path=path),
        lambda name: iam.delete_user(UserName=f"{base}-u-{name}"),
    )
    yield (
        "ListPolicies",
        "Policies",
        {"Scope": "Local", "PathPrefix": path},
        lambda name: iam.create_policy(PolicyName=f"{base}-{name}", Path=path, PolicyDocument=DENY),
        lambda name: iam.delete_policy(PolicyArn=f"{arn}{base}-{name}"),
    )
    yield (
        "ListUserPolicies",
        "PolicyNames",
        {"UserName": holder},
        lambda name: iam.put_user_policy(UserName=holder, PolicyName=name, PolicyDocument=DENY),
        lambda name: iam.delete_user_policy(UserName=holder, PolicyName=name),
    )
    yield (
        "ListUserTags",
        "Tags",
        {"UserName": holder},
        lambda name: iam.tag_user(UserName=holder, Tags=[{"Key": name, "Value": ""}]),
        lambda name: iam.untag_user(UserName=holder, TagKeys=[name]),
    )
    yield "GetGroup", "Users", {"GroupName": group}, join, leave


def name_in(entry: Any) -> str:
    """The name that an entry was made with."""
    text = entry if isinstance(entry, str) else str(entry.get("UserName") or entry.get("PolicyName") or entry["Key"])
    return text.rpartition("-")[2]


@pytest.mark.parametrize("which", range(5), ids=["users", "policies", "inline", "tags", "members"])
def test_what_stays_is_shown_once_while_others_come_and_go(running: RunningServer, which: int) -> None:
    operation, member, params, make, remove = next(itertools.islice(kinds(running), which, None))
    call = getattr(running.client("iam"), botocore.xform_name(operation))
    staying = {f"{letter}stays" for letter in "bdfhj"}
    for name in sorted(staying | {f"{letter}goes" for letter in "acegi"}):
        make(name)
    shown: list[str] = []
    marker: dict[str, str] = {}
    for step in range(20):
        page = call(**params, MaxItems=2, **marker)
        shown += [name_in(entry) for entry in page[member]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
        if step % 2 == 0 and step < 10:
            remove(f"{'acegi'[step // 2]}goes")
        elif step < 10:
            make(f"{'acegi'[step // 2]}comes")
            make(f"{'bdfhj'[step // 2]}comes")
    assert staying <= set(shown)
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("operation", paginators("organizations"))
def test_lists_of_an_organization_are_whole_in_pages_of_one(running: RunningServer, operation: str) -> None:
    organizations = running.client("organizations")
    params = organization(running)[operation]
    whole = entries(organizations, operation, params, 20)
    assert whole
    assert sorted(entries(organizations, operation, params, 1)) == sorted(set(whole))
    call = getattr(organizations, botocore.xform_name(operation))
    if operation != "ListParents":  # of which there is one
        with pytest.raises(ClientError) as refused:
            call(**params, NextToken="%$/not-one-of-ours")
        assert refused.value.response["Error"]["Code"] == "InvalidInputException"


def organization(running: RunningServer) -> dict[str, dict[str, Any]]:
    """An organization with two of everything, made once; the parameters of its lists."""
    organizations = running.client("organizations")
    with contextlib.suppress(organizations.exceptions.AlreadyInOrganizationException):
        organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]
    if not root["PolicyTypes"]:
        organizations.enable_policy_type(RootId=root["Id"], PolicyType=SCP)
        for number in range(2):
            made = organizations.create_policy(Name=f"p{number}", Description="", Type=SCP, Content=DENY)
            organizations.create_organizational_unit(ParentId=root["Id"], Name=f"u{number}")
            created = organizations.create_account(AccountName=f"a{number}", Email=f"a{number}@example.com")
            status = organizations.describe_create_account_status(
                CreateAccountRequestId=created["CreateAccountStatus"]["Id"]
            )
            target = status["CreateAccountStatus"]["AccountId"]
            organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)
        organizations.tag_resource(ResourceId=root["Id"], Tags=TAGS)
    below, kind = {"ParentId": root["Id"]}, {"Filter": SCP}
    accounts = organizations.list_accounts()["Accounts"]
    return {
        "ListAccounts": {},
        "ListAccountsForParent": below,
        "ListChildren": below | {"ChildType": "ACCOUNT"},
        "ListCreateAccountStatus": {},
        "ListOrganizationalUnitsForParent": below,
        "ListParents": {"ChildId": accounts[0]["Id"]},
        "ListPolicies": kind,
        "ListPoliciesForTarget": kind | {"TargetId": accounts[-1]["Id"]},
        "ListRoots": {},
        "ListTagsForResource": {"ResourceId": root["Id"]},
        "ListTargetsForPolicy": {"PolicyId": "p-FullAWSAccess"},
    }

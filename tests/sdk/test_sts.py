"""STS by boto3 on a running server: sessions, what narrows them, and how they end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from tests.sdk.making import Api, make_user, mock, unique
from tests.sdk.running import RunningServer
from tests.sdk.test_iam import document, refusal

INVOKE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
READ_USERS = {"Effect": "Allow", "Action": ["iam:ListUsers", "iam:ListRoles"], "Resource": "*"}
EVERY = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def make_role(running: RunningServer, principal: Any, *statements: Mapping[str, Any], **more: Any) -> tuple[str, str]:
    """A role that trusts a principal: its name and ARN."""
    iam, name = running.client("iam"), unique("role")
    trust = document({"Effect": "Allow", "Principal": principal, "Action": EVERY, **more.pop("trust", {})})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return name, arn


def holder(answer: Mapping[str, Any]) -> Credentials:
    """The credentials in an answer."""
    made = answer["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.fixture(scope="module")
def api(running: RunningServer) -> Api:
    made = Api(running)
    made.method("/pets", mock(), authorizationType="AWS_IAM")
    made.deploy()
    return made


def test_a_session_is_its_role_narrowed_and_says_who_it_is(running: RunningServer, api: Api) -> None:
    user_arn, user = make_user(running)
    external = {"Condition": {"StringEquals": {"sts:ExternalId": "shake"}}}
    name, arn = make_role(running, {"AWS": user_arn}, INVOKE, READ_USERS, trust=external)
    sts = running.client("sts", user)
    code, message = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="me")
    assert (code, message) == (
        "AccessDenied",
        f"User: {user_arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
    )
    asked = {"RoleArn": arn, "RoleSessionName": "me", "ExternalId": "shake"}
    answer = sts.assume_role(**asked, DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/{name}/me")
    session = holder(answer)
    told = running.client("sts", session).get_caller_identity()
    assert (told["Arn"], told["UserId"]) == (
        answer["AssumedRoleUser"]["Arn"],
        answer["AssumedRoleUser"]["AssumedRoleId"],
    )
    info = running.client("sts").get_access_key_info(AccessKeyId=session.access_key)
    assert info["Account"] == running.settings.account
    assert running.call(api.id, "/prod/pets", signed_by=session).status == 200
    running.client("iam", session).list_users()
    for operation, params in (("get_session_token", {}), ("get_federation_token", {"Name": "bob"})):
        assert refusal(getattr(running.client("sts", session), operation), **params)[0] == "AccessDenied"

    narrowed = holder(sts.assume_role(**asked, Policy=document({**READ_USERS, "Action": "iam:ListRoles"})))
    running.client("iam", narrowed).list_roles()
    assert refusal(running.client("iam", narrowed).list_users)[0] == "AccessDenied"
    assert running.call(api.id, "/prod/pets", signed_by=narrowed).status == 403
    managed = [{"arn": "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"}]
    narrowed = holder(sts.assume_role(**asked, PolicyArns=managed))
    assert running.call(api.id, "/prod/pets", signed_by=narrowed).status == 200
    assert refusal(running.client("iam", narrowed).list_users)[0] == "AccessDenied"


def test_a_role_tells_when_and_where_its_sessions_last_called(running: RunningServer, api: Api) -> None:
    iam = running.client("iam")
    user_arn, user = make_user(running)
    name, arn = make_role(running, {"AWS": user_arn}, INVOKE)
    session = holder(running.client("sts", user).assume_role(RoleArn=arn, RoleSessionName="me"))
    assert iam.get_role(RoleName=name)["Role"]["RoleLastUsed"] == {}
    before = datetime.now(UTC)
    assert running.call(api.id, "/prod/pets", signed_by=session).status == 200
    used = iam.get_role(RoleName=name)["Role"]["RoleLastUsed"]
    assert used["Region"] == "us-east-1"
    assert before - timedelta(seconds=1) <= used["LastUsedDate"] <= datetime.now(UTC)
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
    details = {role["RoleName"]: role for page in pages for role in page["RoleDetailList"]}
    assert details[name]["RoleLastUsed"] == used
    assert all("RoleLastUsed" not in role for role in iam.list_roles()["Roles"])


def test_what_a_session_carries_is_bounded(running: RunningServer) -> None:
    user_arn, user = make_user(running)
    _, arn = make_role(running, {"AWS": user_arn})
    sts = running.client("sts", user)
    asked = {"RoleArn": arn, "RoleSessionName": "me"}
    tags = [{"Key": f"key{number}", "Value": ""} for number in range(51)]
    assert refusal(sts.assume_role, **asked, Tags=tags)[0] == "ValidationError"
    listed = running.client("iam").list_policies(Scope="AWS", MaxItems=11)["Policies"]
    eleven = [{"arn": each["Arn"]} for each in listed]
    sts.assume_role(**asked, PolicyArns=eleven[:10])
    assert refusal(sts.assume_role, **asked, PolicyArns=eleven)[0] == "ValidationError"
    large = document({**INVOKE, "Resource": [f"arn:aws:execute-api:*:*:{'a' * 2000}"]})
    assert refusal(sts.assume_role, **asked, Policy=large)[0] == "PackedPolicyTooLarge"
    tags = [{"Key": f"key{number}", "Value": "v" * 10} for number in range(50)]
    assert 0 < sts.assume_role(**asked, Tags=tags)["PackedPolicySize"] <= 100
    assert refusal(sts.assume_role, **asked, DurationSeconds=43201)[0] == "ValidationError"
    assert refusal(sts.assume_role, **asked, DurationSeconds=3601)[1] == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )


def test_tags_and_the_source_identity_go_down_a_chain_and_are_weighed_at_the_gateway(
    running: RunningServer, api: Api
) -> None:
    user_arn, user = make_user(running)
    _, first_arn = make_role(running, {"AWS": user_arn})
    blue = {"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "ann"}}
    _, second_arn = make_role(running, {"AWS": first_arn}, {**INVOKE, "Condition": blue})
    sts = running.client("sts", user)
    for team, status in (("blue", 200), ("red", 403)):
        first = sts.assume_role(
            RoleArn=first_arn,
            RoleSessionName="first",
            Tags=[{"Key": "Team", "Value": team}],
            TransitiveTagKeys=["Team"],
            SourceIdentity="ann",
        )
        chained = running.client("sts", holder(first))
        second = chained.assume_role(RoleArn=second_arn, RoleSessionName="second")
        assert second["SourceIdentity"] == "ann"
        assert running.call(api.id, "/prod/pets", signed_by=holder(second)).status == status
        other = refusal(chained.assume_role, RoleArn=second_arn, RoleSessionName="second", SourceIdentity="bob")
        assert other[0] == "AccessDenied"


def test_older_sessions_are_revoked_by_the_time_they_were_issued_at(running: RunningServer, api: Api) -> None:
    user_arn, user = make_user(running)
    name, arn = make_role(running, {"AWS": user_arn}, INVOKE, READ_USERS)
    made = running.client("sts", user).assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=900)
    session, issued_at = holder(made), made["Credentials"]["Expiration"] - timedelta(seconds=900)

    def revoke(before: timedelta) -> None:
        """As the console does, with a policy of this name."""
        moment = (issued_at + before).strftime("%Y-%m-%dT%H:%M:%SZ")
        older = {"DateLessThan": {"aws:TokenIssueTime": moment}}
        running.client("iam").put_role_policy(
            RoleName=name,
            PolicyName="AWSRevokeOlderSessions",
            PolicyDocument=document({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": older}),
        )

    revoke(timedelta())  # sessions issued before this one
    assert running.call(api.id, "/prod/pets", signed_by=session).status == 200
    running.client("iam", session).list_users()
    revoke(timedelta(seconds=1))
    answer = running.call(api.id, "/prod/pets", signed_by=session)
    assert (answer.status, answer.error_type) == (403, "AccessDeniedException")
    assert "explicit deny in an identity-based policy" in answer.json["Message"]
    code, message = refusal(running.client("iam", session).list_users)
    assert (code, "explicit deny" in message) == ("AccessDenied", True)
    running.client("sts", session).get_caller_identity()  # which no policy denies


def test_a_users_session_is_the_user_and_ends_with_it(running: RunningServer, api: Api) -> None:
    user_arn, user = make_user(running, INVOKE, {"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    session = holder(running.client("sts", user).get_session_token(DurationSeconds=900))
    assert running.client("sts", session).get_caller_identity()["Arn"] == user_arn
    assert running.call(api.id, "/prod/pets", signed_by=session).status == 200
    assert refusal(running.client("iam", session).list_users)[0] == "InvalidClientTokenId"
    iam, name = running.client("iam"), user_arn.rpartition("/")[2]
    iam.delete_access_key(UserName=name, AccessKeyId=user.access_key)
    iam.delete_user_policy(UserName=name, PolicyName="inline")
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name)  # another one of its name
    assert running.call(api.id, "/prod/pets", signed_by=session).status == 403
    assert refusal(running.client("sts", session).get_caller_identity)[0] == "InvalidClientTokenId"


def test_a_federated_user_has_what_user_and_policy_allow(running: RunningServer, api: Api) -> None:
    may = {"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "*"}
    _, user = make_user(running, INVOKE, may)
    sts = running.client("sts", user)
    bob = sts.get_federation_token(Name="bob", Policy=document(INVOKE), DurationSeconds=900)
    assert bob["FederatedUser"]["Arn"].endswith(":federated-user/bob")
    assert running.call(api.id, "/prod/pets", signed_by=holder(bob)).status == 200
    nobody = holder(sts.get_federation_token(Name="nobody"))
    assert running.call(api.id, "/prod/pets", signed_by=nobody).status == 403


def test_sessions_outlive_the_server_that_gave_them(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as running:
        user_arn, user = make_user(running)
        name, arn = make_role(running, {"AWS": user_arn}, READ_USERS)
        session = holder(running.client("sts", user).assume_role(RoleArn=arn, RoleSessionName="me"))
    with RunningServer(tmp_path) as running:
        running.client("iam", session).list_users()
        running.client("iam").delete_role_policy(RoleName=name, PolicyName="own")
        assert refusal(running.client("iam", session).list_users)[0] == "AccessDenied"
        running.client("iam").delete_role(RoleName=name)
        assert refusal(running.client("iam", session).list_users)[0] == "InvalidClientTokenId"


def test_a_renamed_user_keeps_its_keys_and_its_sessions(running: RunningServer, api: Api) -> None:
    arn, user = make_user(running, INVOKE)
    session = holder(running.client("sts", user).get_session_token(DurationSeconds=900))
    later = unique("renamed")
    running.client("iam").update_user(UserName=arn.rpartition("/")[2], NewUserName=later)
    for credentials in (user, session):
        told = running.client("sts", credentials).get_caller_identity()
        assert told["Arn"] == f"arn:aws:iam::{running.settings.account}:user/{later}"
        assert running.call(api.id, "/prod/pets", signed_by=credentials).status == 200
    (key,) = running.client("iam").list_access_keys(UserName=later)["AccessKeyMetadata"]
    assert (key["UserName"], key["AccessKeyId"]) == (later, user.access_key)
    assert running.client("iam").get_access_key_last_used(AccessKeyId=user.access_key)["UserName"] == later
    running.client("iam").delete_access_key(UserName=later, AccessKeyId=user.access_key)
    assert refusal(running.client("sts", user).get_caller_identity)[0] == "InvalidClientTokenId"

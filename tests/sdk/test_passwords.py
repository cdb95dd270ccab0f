"""Passwords of IAM's users and the account's policy, by boto3."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.sdk.making import make_user
from tests.sdk.running import RunningServer

FIRST, SECOND, THIRD = "First-horse-battery-1", "Second-horse-battery-2", "Third-horse-battery-3"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose account's policy is this module's alone."""
    with RunningServer(tmp_path_factory.mktemp("home")) as server:
        yield server


def test_a_user_changes_the_password_as_the_policy_lets_and_wants(alone: RunningServer) -> None:
    iam = alone.client("iam")
    arn, credentials = make_user(alone)
    name, own = arn.rpartition("/")[2], alone.client("iam", credentials)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_account_password_policy()
    iam.create_login_profile(UserName=name, Password=FIRST, PasswordResetRequired=True)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_login_profile(UserName=name, Password=FIRST)
    with pytest.raises(ClientError, match="AccessDenied"):
        own.change_password(OldPassword=FIRST, NewPassword=SECOND)
    iam.update_account_password_policy(
        MinimumPasswordLength=12, AllowUsersToChangePassword=True, PasswordReusePrevention=2, MaxPasswordAge=90
    )
    assert own.get_account_password_policy()["PasswordPolicy"]["ExpirePasswords"] is True
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException):
        own.change_password(OldPassword=FIRST, NewPassword="Short-1")
    with pytest.raises(ClientError, match="The old password was incorrect"):
        own.change_password(OldPassword=SECOND, NewPassword=THIRD)
    own.change_password(OldPassword=FIRST, NewPassword=SECOND)
    with pytest.raises(iam.exceptions.PasswordPolicyViolationException, match="reuse prevention"):
        own.change_password(OldPassword=SECOND, NewPassword=FIRST)
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is False
    with pytest.raises(iam.exceptions.InvalidUserTypeException):
        iam.change_password(OldPassword=SECOND, NewPassword=THIRD)
    iam.delete_account_password_policy()
    iam.update_login_profile(UserName=name, Password=THIRD, PasswordResetRequired=True)
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is True
    iam.delete_access_key(UserName=name, AccessKeyId=credentials.access_key)
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete login profile first"):
        iam.delete_user(UserName=name)
    iam.delete_login_profile(UserName=name)
    iam.delete_user(UserName=name)


def test_a_password_outlives_a_restart(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with RunningServer(home) as running:
        arn, credentials = make_user(running, {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"})
        running.client("iam").create_login_profile(UserName=arn.rpartition("/")[2], Password=FIRST)
    for path in home.rglob("*"):
        assert not path.is_file() or FIRST.encode() not in path.read_bytes()
    with RunningServer(home) as running:
        running.client("iam", credentials).change_password(OldPassword=FIRST, NewPassword=SECOND)


def test_the_credential_report_tells_who_has_what(alone: RunningServer) -> None:
    iam = alone.client("iam")
    with pytest.raises(iam.exceptions.CredentialReportNotPresentException):
        iam.get_credential_report()
    arn, _ = make_user(alone)
    iam.create_login_profile(UserName=arn.rpartition("/")[2], Password=FIRST)
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    lines = {line["arn"]: line for line in csv.DictReader(report["Content"].decode().splitlines())}
    assert lines[arn]["password_enabled"] == "true"
    assert lines[arn]["access_key_1_active"] == "true"
    assert next(iter(lines.values()))["user"] == "<root_account>"
    assert report["ReportFormat"] == "text/csv"

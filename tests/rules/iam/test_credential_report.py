import csv
from datetime import UTC, datetime

from yett.rules.iam.credential_report import COLUMNS, KeyUse, UserCredentials, render_report
from yett.rules.iam.passwords import PasswordPolicy

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ARN = "arn:aws:iam::123456789012:"


def read(report: str) -> dict[str, dict[str, str]]:
    return {line["user"]: line for line in csv.DictReader(report.splitlines())}


def test_the_columns_are_awss() -> None:
    assert ",".join(COLUMNS) == (
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
        "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
        "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
        "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
        "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
    )


def test_each_user_has_a_line_and_root_the_first() -> None:
    used = KeyUse(is_active=True, created_at=NOW, used_at=NOW, region="us-east-1", service="iam")
    sleeping = KeyUse(is_active=False, created_at=NOW)
    users = [
        UserCredentials(name=None, arn=f"{ARN}root", created_at=NOW, keys=(used,)),
        UserCredentials(name="plain", arn=f"{ARN}user/plain", created_at=NOW),
        UserCredentials(
            name="a,b",
            arn=f"{ARN}user/x/a,b",
            created_at=NOW,
            password_changed_at=NOW,
            has_device=True,
            keys=(sleeping, used),
        ),
    ]
    text = render_report(users, PasswordPolicy(maximum_age_days=30))
    lines = read(text)
    moment = "2026-01-02T03:04:05+00:00"
    assert list(lines) == ["<root_account>", "plain", "a,b"]
    assert text.splitlines()[2] == (
        f"plain,{ARN}user/plain,{moment},false,N/A,N/A,N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,"
        "false,N/A,false,N/A"
    )
    root, user = lines["<root_account>"], lines["a,b"]
    assert (root["password_enabled"], root["password_next_rotation"]) == ("not_supported", "not_supported")
    assert (root["access_key_1_active"], root["access_key_1_last_used_service"]) == ("true", "iam")
    assert (user["arn"], user["mfa_active"], user["password_enabled"]) == (f"{ARN}user/x/a,b", "true", "true")
    assert (user["password_last_changed"], user["password_last_used"]) == (moment, "no_information")
    assert user["password_next_rotation"] == "2026-02-01T03:04:05+00:00"
    assert (user["access_key_1_active"], user["access_key_1_last_used_date"]) == ("false", "N/A")
    assert (user["access_key_2_active"], user["access_key_2_last_used_date"]) == ("true", moment)


def test_without_a_policy_no_password_is_to_be_changed() -> None:
    user = UserCredentials(name="a", arn=f"{ARN}user/a", created_at=NOW, password_changed_at=NOW)
    for policy in (None, PasswordPolicy()):
        assert read(render_report([user], policy))["a"]["password_next_rotation"] == "N/A"

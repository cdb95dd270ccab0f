import csv

from tests.services.aws import ACCOUNT, START, Aws, allow
from tests.services.devices import Device

from yett.adapters.sql.iam_store import SqlIamStore
from yett.ports.iam_store import LastUse


async def fetch(aws: Aws) -> dict[str, dict[str, str]]:
    """The report, by user."""
    answer = await aws.do("iam:GetCredentialReport")
    assert (answer["ReportFormat"], answer["GeneratedTime"]) == ("text/csv", aws.time)
    return {line["user"]: line for line in csv.DictReader(answer["Content"].decode().splitlines())}


async def test_a_report_is_asked_for_then_there_for_four_hours(aws: Aws) -> None:
    assert (await aws.refused("iam:GetCredentialReport"))[0] == "ReportNotPresent"
    assert (await aws.do("iam:GenerateCredentialReport"))["State"] == "STARTED"
    assert await aws.do("iam:GenerateCredentialReport") == {"State": "COMPLETE"}
    assert list(await fetch(aws)) == ["<root_account>"]
    aws.pass_time(hours=4)
    assert (await aws.refused("iam:GetCredentialReport"))[0] == "ReportExpired"
    assert (await aws.do("iam:GenerateCredentialReport"))["State"] == "STARTED"
    other = await aws.ports.callers.root("999999999999")
    assert (await aws.refused("iam:GetCredentialReport", other))[0] == "ReportNotPresent"


async def test_it_says_what_each_user_has(aws: Aws) -> None:
    alice = await aws.user("alice", path="/x/")
    second = (await aws.do("iam:CreateAccessKey", UserName="alice"))["AccessKey"]["AccessKeyId"]
    await aws.do("iam:UpdateAccessKey", UserName="alice", AccessKeyId=second, Status="Inactive")
    await aws.do("iam:CreateUser", UserName="bob")
    await aws.do("iam:CreateLoginProfile", UserName="bob", Password="Correct-horse-1")
    await aws.do("iam:UpdateAccountPasswordPolicy", MaxPasswordAge=1)
    await (await Device.made(aws, "phone")).enable("bob")
    store = aws.ports.iam_store
    assert isinstance(store, SqlIamStore)
    store.note_use(alice.identity.access_key_id, LastUse(at=START, service="sts", region="eu-west-1"))
    await store.write_uses()
    await aws.do("iam:GenerateCredentialReport")
    lines = await fetch(aws)
    assert list(lines) == ["<root_account>", "alice", "bob"]
    first, bob = lines["alice"], lines["bob"]
    assert first["arn"] == f"arn:aws:iam::{ACCOUNT}:user/x/alice"
    assert (first["password_enabled"], first["mfa_active"]) == ("false", "false")
    assert sorted(first[f"access_key_{number}_active"] for number in (1, 2)) == ["false", "true"]
    used = next(n for n in (1, 2) if first[f"access_key_{n}_active"] == "true")
    assert first[f"access_key_{used}_last_used_region"] == "eu-west-1"
    assert first[f"access_key_{used}_last_used_service"] == "sts"
    assert (bob["password_enabled"], bob["mfa_active"]) == ("true", "true")
    assert bob["password_last_changed"] == START.isoformat()
    assert bob["password_next_rotation"].startswith("2026-01-03T")
    assert bob["access_key_1_active"] == "false"
    secret = await store.find_access_key(alice.identity.access_key_id)
    assert secret is not None
    report = (await aws.do("iam:GetCredentialReport"))["Content"].decode()
    assert secret.secret_access_key.reveal() not in report


async def test_who_may_fetch_it(aws: Aws) -> None:
    asker = await aws.user("asker", allow("iam:GenerateCredentialReport"))
    await aws.do("iam:GenerateCredentialReport", asker)
    assert (await aws.refused("iam:GetCredentialReport", asker))[0] == "AccessDenied"

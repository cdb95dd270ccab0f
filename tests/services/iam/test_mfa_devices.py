import pytest
from tests.rules.iam.qr_codes import read_qr_code
from tests.services.aws import ACCOUNT, START, Aws, allow, deny
from tests.services.devices import Device

from yett.rules.iam.limits import MFA_DEVICES_PER_USER
from yett.rules.sign_in.limits import FREE_FAILURES

MISSING = f"arn:aws:iam::{ACCOUNT}:mfa/nothing"
DENIED = (
    "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this "
)


async def test_a_device_is_made_enabled_listed_deactivated_and_deleted(aws: Aws) -> None:
    made = (await aws.do("iam:CreateVirtualMFADevice", VirtualMFADeviceName="phone", Path="/a/"))["VirtualMFADevice"]
    serial = made["SerialNumber"]
    assert serial == f"arn:aws:iam::{ACCOUNT}:mfa/a/phone"
    assert set(made) == {"SerialNumber", "Base32StringSeed", "QRCodePNG"}
    seed = made["Base32StringSeed"].decode()
    assert len(seed) == 64
    (uri,) = read_qr_code(made["QRCodePNG"])
    assert uri == (
        f"otpauth://totp/Amazon%20Web%20Services:phone@{ACCOUNT}?secret={seed}&issuer=Amazon%20Web%20Services"
    )
    device = Device(aws, serial, seed)
    await aws.user("Alice", path="/team/")
    await device.enable("ALICE")
    aws.pass_time(hours=1)
    assigned = {"UserName": "Alice", "SerialNumber": serial, "EnableDate": START}
    assert (await aws.do("iam:ListMFADevices", UserName="alice"))["MFADevices"] == [assigned]
    assert await aws.do("iam:GetMFADevice", UserName="alice", SerialNumber=serial) == assigned
    (listed,) = (await aws.do("iam:ListVirtualMFADevices"))["VirtualMFADevices"]
    assert (listed["SerialNumber"], listed["EnableDate"]) == (serial, START)
    assert listed["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/Alice"
    assert set(listed) == {"SerialNumber", "EnableDate", "User"}  # the seed is shown once
    summary = (await aws.do("iam:GetAccountSummary"))["SummaryMap"]
    assert (summary["MFADevices"], summary["MFADevicesInUse"], summary["AccountMFAEnabled"]) == (1, 1, 0)
    refused = await aws.refused("iam:DeleteVirtualMFADevice", SerialNumber=serial)
    assert refused == ("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
    await aws.do("iam:DeactivateMFADevice", UserName="alice", SerialNumber=serial)
    assert (await aws.do("iam:ListMFADevices", UserName="alice"))["MFADevices"] == []
    await aws.do("iam:DeleteVirtualMFADevice", SerialNumber=serial)
    assert (await aws.do("iam:ListVirtualMFADevices"))["VirtualMFADevices"] == []


async def test_a_user_who_has_a_device_is_not_deleted(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    device = await Device.made(aws, "phone")
    await device.enable("alice")
    refused = await aws.refused("iam:DeleteUser", UserName="alice")
    assert refused == ("DeleteConflict", "Cannot delete entity, must delete MFA device first.")
    await aws.do("iam:DeactivateMFADevice", UserName="alice", SerialNumber=device.serial)
    await aws.do("iam:DeleteUser", UserName="alice")


async def test_only_two_codes_in_a_row_enable_a_device(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    device = await Device.made(aws, "phone")
    named = {"UserName": "alice", "SerialNumber": device.serial}
    wrong = ("InvalidAuthenticationCode", "Authentication code for device is not valid.")
    for codes in ((0, -1), (-1, -1), (-2, 0)):
        assert await aws.refused("iam:EnableMFADevice", **named, **device.codes(*codes)) == wrong
    assert await aws.refused("iam:EnableMFADevice", **named, **device.codes(-30, -29)) == wrong
    await aws.do("iam:EnableMFADevice", **named, **device.codes(-1, 0))
    assert await aws.refused("iam:EnableMFADevice", **named, **device.codes(1, 2)) == (
        "EntityAlreadyExists",
        "MFA Device is already in use.",
    )


async def test_guessing_codes_locks_a_device(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    device = await Device.made(aws, "phone")
    named = {"UserName": "alice", "SerialNumber": device.serial}
    for _ in range(FREE_FAILURES):
        await aws.refused("iam:EnableMFADevice", **named, AuthenticationCode1="000000", AuthenticationCode2="000001")
    right = device.codes(-1, 0)
    assert (await aws.refused("iam:EnableMFADevice", **named, **right))[0] == "InvalidAuthenticationCode"
    aws.pass_time(seconds=1)
    await aws.do("iam:EnableMFADevice", **named, **right)


async def test_a_device_whose_clock_is_off_is_synchronized(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    device = await Device.made(aws, "phone")
    await device.enable("alice")
    named = {"UserName": "alice", "SerialNumber": device.serial}
    await aws.do("iam:ResyncMFADevice", **named, **device.codes(10, 11))
    again = await aws.refused("iam:ResyncMFADevice", **named, **device.codes(10, 11))
    assert again[0] == "InvalidAuthenticationCode"
    await aws.do("iam:CreateUser", UserName="bob")
    stranger = await aws.refused("iam:ResyncMFADevice", **{**named, "UserName": "bob"}, **device.codes(12, 13))
    assert stranger == ("NoSuchEntity", "MFA Device invalid for user.")


async def test_a_user_has_eight_devices_at_most(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    for number in range(MFA_DEVICES_PER_USER):
        await (await Device.made(aws, f"device-{number}")).enable("alice")
    one_more = await Device.made(aws, "one-more")
    named = {"UserName": "alice", "SerialNumber": one_more.serial}
    refused = await aws.refused("iam:EnableMFADevice", **named, **one_more.codes(-1, 0))
    assert refused == ("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8")


async def test_names_are_unique_whatever_their_case(aws: Aws) -> None:
    await Device.made(aws, "phone")
    refused = await aws.refused("iam:CreateVirtualMFADevice", VirtualMFADeviceName="Phone")
    assert refused == ("EntityAlreadyExists", "MFADevice entity at the same path and name already exists.")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("EnableMFADevice", {"UserName": "alice", "AuthenticationCode1": "000000", "AuthenticationCode2": "111111"}),
        ("ResyncMFADevice", {"UserName": "alice", "AuthenticationCode1": "000000", "AuthenticationCode2": "111111"}),
        ("DeactivateMFADevice", {"UserName": "alice"}),
        ("DeleteVirtualMFADevice", {}),
        ("GetMFADevice", {"UserName": "alice"}),
        ("TagMFADevice", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("UntagMFADevice", {"TagKeys": ["a"]}),
        ("ListMFADeviceTags", {}),
    ],
)
async def test_a_device_that_does_not_exist(aws: Aws, operation: str, params: dict[str, object]) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    refused = await aws.refused(f"iam:{operation}", SerialNumber=MISSING, **params)
    assert refused == ("NoSuchEntity", f"VirtualMFADevice with serial number {MISSING} doesn't exist.")


async def test_devices_are_listed_by_assignment_in_pages(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    for name in ("a", "b", "c"):
        device = await Device.made(aws, name)
        if name != "b":
            await device.enable("alice")

    async def names(**params: object) -> list[str]:
        found, marker = [], {}
        while True:
            page = await aws.do("iam:ListVirtualMFADevices", MaxItems=1, **params, **marker)
            found += [each["SerialNumber"].rpartition("/")[2] for each in page["VirtualMFADevices"]]
            if not page["IsTruncated"]:
                return found
            marker = {"Marker": page["Marker"]}

    assert await names() == ["a", "b", "c"]
    assert await names(AssignmentStatus="Assigned") == ["a", "c"]
    assert await names(AssignmentStatus="Unassigned") == ["b"]
    first = await aws.do("iam:ListMFADevices", UserName="alice", MaxItems=1)
    second = await aws.do("iam:ListMFADevices", UserName="alice", Marker=first["Marker"])
    assert [len(page["MFADevices"]) for page in (first, second)] == [1, 1]
    assert (await aws.refused("iam:ListVirtualMFADevices", AssignmentStatus="Some"))[0] == "ValidationError"


async def test_tags_are_put_on_listed_and_taken_off_and_policies_see_them(aws: Aws) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    made = await aws.do("iam:CreateVirtualMFADevice", VirtualMFADeviceName="phone", Tags=tags)
    serial = made["VirtualMFADevice"]["SerialNumber"]
    assert made["VirtualMFADevice"]["Tags"] == tags
    condition = {"StringEquals": {"aws:ResourceTag/team": "a", "iam:ResourceTag/team": "a"}}
    alice = await aws.user("alice", allow(["iam:*MFADevice*"], serial, Condition=condition))
    await aws.do("iam:TagMFADevice", alice, SerialNumber=serial, Tags=[{"Key": "more", "Value": "b"}])
    listed = (await aws.do("iam:ListMFADeviceTags", alice, SerialNumber=serial))["Tags"]
    assert listed == [{"Key": "more", "Value": "b"}, *tags]
    await aws.do("iam:UntagMFADevice", alice, SerialNumber=serial, TagKeys=["TEAM"])
    assert (await aws.refused("iam:DeleteVirtualMFADevice", alice, SerialNumber=serial))[0] == "AccessDenied"
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert (await aws.refused("iam:TagMFADevice", SerialNumber=serial, Tags=many))[0] == "LimitExceeded"


async def test_users_manage_devices_of_their_own_where_policies_let_them(aws: Aws) -> None:
    own = f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"
    alice = await aws.user(
        "alice", allow(["iam:*MFADevice", "iam:ListMFADevices"], [own, f"arn:aws:iam::{ACCOUNT}:mfa/*"])
    )
    made = (await aws.do("iam:CreateVirtualMFADevice", alice, VirtualMFADeviceName="alice"))["VirtualMFADevice"]
    device = Device(aws, made["SerialNumber"], made["Base32StringSeed"].decode())
    await device.enable("alice", by=alice)
    assert [each["UserName"] for each in (await aws.do("iam:ListMFADevices", alice))["MFADevices"]] == ["alice"]
    assert (await aws.do("iam:GetMFADevice", alice, SerialNumber=device.serial))["UserName"] == "alice"
    await aws.do("iam:CreateUser", UserName="bob")
    assert (await aws.refused("iam:ListMFADevices", alice, UserName="bob"))[0] == "AccessDenied"
    # With the access key alone, whoever has stolen it could take the device away.
    refused = await aws.refused("iam:DeactivateMFADevice", alice, SerialNumber=device.serial)
    assert refused == ("AccessDenied", f"{DENIED}user.")
    session = await aws.holder(
        await aws.do("sts:GetSessionToken", alice, SerialNumber=device.serial, TokenCode=device.code(1))
    )
    await aws.do("iam:DeactivateMFADevice", session, SerialNumber=device.serial)
    assert (await aws.do("iam:ListMFADevices", alice))["MFADevices"] == []
    assert (await aws.refused("iam:GetMFADevice", alice, SerialNumber=device.serial))[0] == "NoSuchEntity"


async def test_root_has_no_device_and_other_accounts_see_none(aws: Aws) -> None:
    device = await Device.made(aws, "phone")
    assert (await aws.do("iam:ListMFADevices"))["MFADevices"] == []
    other = await aws.ports.callers.root("999999999999")
    assert (await aws.do("iam:ListVirtualMFADevices", other))["VirtualMFADevices"] == []
    refused = await aws.refused("iam:DeleteVirtualMFADevice", other, SerialNumber=device.serial)
    assert refused[0] == "AccessDenied"  # a resource of another account that has no policy of its own


async def test_a_user_keeps_the_device_through_another_name(aws: Aws) -> None:
    await aws.do("iam:CreateUser", UserName="alice")
    device = await Device.made(aws, "phone")
    await device.enable("alice")
    await aws.do("iam:UpdateUser", UserName="alice", NewUserName="ann")
    (found,) = (await aws.do("iam:ListMFADevices", UserName="ann"))["MFADevices"]
    assert found["UserName"] == "ann"


@pytest.mark.parametrize(("part", "other"), [("phone", "PHONE"), ("arn:aws:", "arn:aws-cn:"), (":iam::", ":iam:x:")])
async def test_no_other_way_to_write_a_serial_number_steps_past_a_deny(aws: Aws, part: str, other: str) -> None:
    device = await Device.made(aws, "phone")
    alice = await aws.user("alice", allow("iam:*"), deny("iam:*", device.serial))
    otherwise = device.serial.replace(part, other)
    for name, further in (("TagMFADevice", {"Tags": [{"Key": "a", "Value": "b"}]}), ("DeleteVirtualMFADevice", {})):
        code, _ = await aws.refused(f"iam:{name}", alice, SerialNumber=otherwise, **further)
        assert code == "NoSuchEntity"
    assert (await aws.do("iam:ListMFADeviceTags", SerialNumber=device.serial))["Tags"] == []

"""Virtual MFA devices of users: made, handed over, taken back. STS asks for their codes (`services/sts/mfa.py`).

OBSERVED: the texts, in answers of the service that its clients have written down.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import structs

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import TooMany, User
from yett.rules.iam.limits import MFA_DEVICES_PER_USER, PAGE_ITEMS
from yett.rules.iam.mfa_devices import MfaDevice, deactivate, enable, render_qr_code, render_uri, try_pair
from yett.rules.iam.quotas import MFA_DEVICES
from yett.rules.sign_in.limits import SEED_BYTES
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import (
    USER,
    Answer,
    Params,
    add_tags,
    describe_entity,
    describe_tags,
    get_entity,
    more,
    page_of,
    page_tags,
    read_marker,
    read_tags,
)
from yett.services.iam.errors import (
    account_quota_exceeded,
    already_exists,
    delete_conflict,
    no_such_entity,
    quota_exceeded,
)
from yett.services.iam.tags import without
from yett.services.iam.users import owner_of
from yett.values.secret import Secret

WRONG_CODES: Final = "Authentication code for device is not valid."
TAGS: Final = "TagsPerVirtualMFADevice"  # UNCERTAIN: the quota's name
# OBSERVED: what a user is told who would take a device off themselves by access key alone.
WITHOUT_DEVICE: Final = (
    "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this "
    "user."
)


async def create_virtual_mfa_device(call: Call, params: Params) -> Answer:
    """Make a device that is nobody's yet; its seed is shown this once, as text and as a QR code.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html
    """
    device = MfaDevice(
        account=call.account,
        name=params["VirtualMFADeviceName"],
        path=params.get("Path", "/"),
        created_at=call.now.replace(microsecond=0),
        tags=add_tags({}, read_tags(params.get("Tags", ())), TAGS),
        seed=Secret(base64.b32encode(call.ports.randomness.token_bytes(SEED_BYTES)).decode()),
    )
    try:
        await call.ports.credential_store.add_mfa_device(device, at_most=MFA_DEVICES.bound)
    except TooMany as error:
        raise account_quota_exceeded(MFA_DEVICES) from error
    except AlreadyExists as error:
        raise already_exists("MFADevice entity at the same path and name already exists.") from error
    described: dict[str, object] = {
        "SerialNumber": device.serial_number,
        "Base32StringSeed": device.seed.reveal().encode(),
        "QRCodePNG": render_qr_code(render_uri(device)),
    }
    return {"VirtualMFADevice": described | ({"Tags": describe_tags(device.tags)} if device.tags else {})}


async def enable_mfa_device(call: Call, params: Params) -> Answer:
    """Let a user have a device, once two codes in a row show that its seed is where it belongs.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html
    """
    user = await get_entity(call, USER, params["UserName"])

    def change(device: MfaDevice) -> tuple[MfaDevice, bool]:
        if device.is_assigned:
            raise already_exists("MFA Device is already in use.")
        attempt = try_pair(device, params["AuthenticationCode1"], params["AuthenticationCode2"], now=call.now)
        if not attempt.is_good:
            return attempt.device, False
        return enable(attempt.device, user.id, now=call.now.replace(microsecond=0)), True

    try:
        is_good = await call.ports.credential_store.change_mfa_device(
            call.account, params["SerialNumber"], change, at_most=MFA_DEVICES_PER_USER
        )
    except TooMany as error:
        raise quota_exceeded("MFADevicesPerUser", MFA_DEVICES_PER_USER) from error
    check_codes(is_good, params["SerialNumber"])
    return {}


async def resync_mfa_device(call: Call, params: Params) -> Answer:
    """Take a user's device's clock for what two codes in a row show.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResyncMFADevice.html
    """
    user = await get_entity(call, USER, params["UserName"])

    def change(device: MfaDevice) -> tuple[MfaDevice, bool]:
        check_owner(device, user.id)
        attempt = try_pair(device, params["AuthenticationCode1"], params["AuthenticationCode2"], now=call.now)
        return attempt.device, attempt.is_good

    is_good = await call.ports.credential_store.change_mfa_device(
        call.account, params["SerialNumber"], change, at_most=MFA_DEVICES_PER_USER
    )
    check_codes(is_good, params["SerialNumber"])
    return {}


def check_codes(is_good: bool | None, serial_number: str) -> None:
    """Refuse what came of two codes, unless they were good; None: there is no such device."""
    if is_good is None:
        raise missing(serial_number)
    if not is_good:
        raise ServiceError("InvalidAuthenticationCode", WRONG_CODES)


async def deactivate_mfa_device(call: Call, params: Params) -> Answer:
    """Take a device from the user who has it. Users take their own only from a session that a device has vouched for.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html
    """
    owner_id, _ = await owner_of(call, params)
    caller = None if call.caller is None else call.caller.identity

    def change(device: MfaDevice) -> tuple[MfaDevice, bool]:
        check_owner(device, owner_id)
        if caller is not None and caller.user_id == owner_id and caller.mfa_authenticated_at is None:
            raise ServiceError("AccessDenied", WITHOUT_DEVICE, status=403)
        return deactivate(device), True

    found = await call.ports.credential_store.change_mfa_device(
        call.account, params["SerialNumber"], change, at_most=MFA_DEVICES_PER_USER
    )
    if found is None:
        raise missing(params["SerialNumber"])
    return {}


async def delete_virtual_mfa_device(call: Call, params: Params) -> Answer:
    """Delete a device that is nobody's.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
    """

    def check(device: MfaDevice) -> None:
        if device.is_assigned:
            raise delete_conflict("MFA VirtualDevice in use. Must deactivate first.")

    if not await call.ports.credential_store.remove_mfa_device(call.account, params["SerialNumber"], check):
        raise missing(params["SerialNumber"])
    return {}


async def get_mfa_device(call: Call, params: Params) -> Answer:
    """Describe a device of the user meant.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetMFADevice.html
    """
    owner_id, name = await owner_of(call, params)
    device = await find_device(call, params)
    check_owner(device, owner_id)
    return describe_assigned(device, name)


async def list_mfa_devices(call: Call, params: Params) -> Answer:
    """List the devices of a user; without a name, of the caller.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
    """
    owner_id, name = await owner_of(call, params)
    found = await call.ports.credential_store.mfa_devices_of(call.account, owner_id)
    devices, rest = page_of(found, params, key=lambda device: device.serial_number)
    return {"MFADevices": [describe_assigned(device, name) for device in devices], **rest}


async def list_virtual_mfa_devices(call: Call, params: Params) -> Answer:
    """List the account's devices, with whoever has them.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
    """
    limit = params.get("MaxItems", PAGE_ITEMS)
    wanted = {"Assigned": True, "Unassigned": False}.get(params.get("AssignmentStatus", "Any"))
    found = await call.ports.credential_store.mfa_devices(
        call.account, after=read_marker(params), limit=limit + 1, is_assigned=wanted
    )
    described = [await describe_virtual(call, device) for _, device in found[:limit]]
    return {"VirtualMFADevices": described, **more(found[limit - 1][0] if len(found) > limit else None)}


async def tag_mfa_device(call: Call, params: Params) -> Answer:
    """Put tags on.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagMFADevice.html
    """
    added = read_tags(params["Tags"])
    await change_tags(call, params, lambda device: add_tags(device.tags, added, TAGS))
    return {}


async def untag_mfa_device(call: Call, params: Params) -> Answer:
    """Take tags off.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagMFADevice.html
    """
    await change_tags(call, params, lambda device: without(device.tags, params["TagKeys"]))
    return {}


async def change_tags(call: Call, params: Params, change: Callable[[MfaDevice], Mapping[str, str]]) -> None:
    """Give a device the tags that *change* makes of it."""
    found = await call.ports.credential_store.change_mfa_device(
        call.account,
        params["SerialNumber"],
        lambda device: (structs.replace(device, tags=change(device)), True),
        at_most=MFA_DEVICES_PER_USER,
    )
    if found is None:
        raise missing(params["SerialNumber"])


async def list_mfa_device_tags(call: Call, params: Params) -> Answer:
    """List tags.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADeviceTags.html
    """
    device = await find_device(call, params)
    return page_tags(device.tags, params)


async def tags_of(call: Call, params: Params) -> Mapping[str, str]:
    """The tags of the device that is meant, if there is one."""
    device = await call.ports.credential_store.find_mfa_device(call.account, params["SerialNumber"])
    return {} if device is None else device.tags


async def find_device(call: Call, params: Params) -> MfaDevice:
    """The device that is meant, or AWS's NoSuchEntity."""
    device = await call.ports.credential_store.find_mfa_device(call.account, params["SerialNumber"])
    if device is None:
        raise missing(params["SerialNumber"])
    return device


def check_owner(device: MfaDevice, owner_id: str) -> None:
    """Refuse a device that is not this user's."""
    if device.owner_id != owner_id:
        raise no_such_entity("MFA Device invalid for user.")


def missing(serial_number: str) -> ServiceError:
    """There is no such device."""
    return no_such_entity(f"VirtualMFADevice with serial number {serial_number} doesn't exist.")


def describe_assigned(device: MfaDevice, user_name: str | None) -> dict[str, object]:
    """A device as one of its user's."""
    return {"UserName": user_name, "SerialNumber": device.serial_number, "EnableDate": device.enabled_at}


async def describe_virtual(call: Call, device: MfaDevice) -> dict[str, object]:
    """A device as one of the account's, without its seed."""
    described: dict[str, object] = {"SerialNumber": device.serial_number}
    if device.owner_id is not None:
        described["EnableDate"] = device.enabled_at
        owner = await call.ports.iam_store.find_by_id(device.owner_id)
        if isinstance(owner, User):
            described["User"] = describe_entity(USER, owner, whole=False)
    return described

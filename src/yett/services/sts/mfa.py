"""One-time codes of callers' MFA devices, at the operations that hand out temporary credentials.

OBSERVED: the texts, in answers of the service that its clients have written down.
"""

from datetime import datetime
from typing import Final

from yett.ports.callers import Caller
from yett.rules.iam.limits import MFA_DEVICES_PER_USER
from yett.rules.iam.mfa_devices import MfaDevice, try_code
from yett.services.call import Call
from yett.services.sts.errors import access_denied
from yett.services.sts.sessions import Params

WRONG_CODE: Final = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
WRONG_DEVICE: Final = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)
# UNCERTAIN: the text for one of the two without the other.
HALF: Final = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. "


async def check_mfa(call: Call, caller: Caller, params: Params) -> datetime | None:
    """When the caller has shown a good code of a device of theirs: now. None if they gave none.

    A good code is used up by this, whatever becomes of the call, for every process on the same database.

    Raises:
        ServiceError: AccessDenied, for any other code or device.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """
    serial_number, code = params.get("SerialNumber"), params.get("TokenCode")
    if serial_number is None and code is None:
        return None
    if serial_number is None or code is None:
        raise access_denied(HALF)
    owner_id = caller.identity.user_id

    def change(device: MfaDevice) -> tuple[MfaDevice, bool]:
        if device.owner_id != owner_id:
            raise access_denied(WRONG_DEVICE)
        attempt = try_code(device, code, now=call.now)
        return attempt.device, attempt.is_good

    is_good = await call.ports.credential_store.change_mfa_device(
        caller.identity.account, serial_number, change, at_most=MFA_DEVICES_PER_USER
    )
    if is_good is None:
        raise access_denied(WRONG_DEVICE)
    if not is_good:
        raise access_denied(WRONG_CODE)
    return call.now.replace(microsecond=0)

"""Access keys of users and of root."""

import base64
from typing import Final

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import AccessKey, AccessKeyStatus, TooMany
from yett.rules.iam.identifiers import ACCESS_KEY_DICE, make_access_key_id
from yett.rules.iam.limits import ACCESS_KEYS_PER_USER
from yett.services.call import Call
from yett.services.iam.entities import Answer, Params, page_of
from yett.services.iam.errors import no_such_entity, quota_exceeded, validation_error
from yett.services.iam.users import owner_of
from yett.values.identifiers import LONG_TERM_ACCESS_KEY
from yett.values.secret import Secret

SECRET_BYTES: Final = 30  # 40 characters of base 64


async def create_access_key(call: Call, params: Params) -> Answer:
    """Make an access key; its secret is shown this once.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
    """
    owner_id, user_name = await owner_of(call, params)
    randomness = call.ports.randomness
    while True:
        access_key = AccessKey(
            account=call.account,
            access_key_id=make_access_key_id(
                LONG_TERM_ACCESS_KEY, call.account, randomness.token_bytes(ACCESS_KEY_DICE)
            ),
            owner_id=owner_id,
            user_name=user_name,
            status=AccessKeyStatus.ACTIVE,
            created_at=call.now.replace(microsecond=0),
            secret_access_key=Secret(base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()),
        )
        try:
            await call.ports.iam_store.add_access_key(access_key, at_most=ACCESS_KEYS_PER_USER)
        except AlreadyExists:
            continue  # one in half a million million; another throw of the dice
        except TooMany as error:
            raise quota_exceeded("AccessKeysPerUser", ACCESS_KEYS_PER_USER) from error
        break
    described = describe_access_key(access_key)
    return {"AccessKey": {**described, "SecretAccessKey": access_key.secret_access_key.reveal()}}


def describe_access_key(access_key: AccessKey) -> dict[str, object]:
    """An access key without its secret."""
    name = {} if access_key.user_name is None else {"UserName": access_key.user_name}
    return {
        **name,
        "AccessKeyId": access_key.access_key_id,
        "Status": access_key.status.value,
        "CreateDate": access_key.created_at,
    }


async def list_access_keys(call: Call, params: Params) -> Answer:
    """List the access keys of a user.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
    """
    owner_id, _ = await owner_of(call, params)
    keys, rest = page_of(
        await call.ports.iam_store.access_keys(call.account, owner_id),
        params,
        key=lambda each: f"{each.created_at.timestamp():015.3f}/{each.access_key_id}",
    )
    return {"AccessKeyMetadata": [describe_access_key(key) for key in keys], **rest}


async def update_access_key(call: Call, params: Params) -> Answer:
    """Let an access key sign, or not.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
    """
    await check_owner(call, params)
    if params["Status"] not in set(AccessKeyStatus):
        raise validation_error(f"{params['Status']} is not a valid status")
    await call.ports.iam_store.set_access_key_status(params["AccessKeyId"], AccessKeyStatus(params["Status"]))
    return {}


async def delete_access_key(call: Call, params: Params) -> Answer:
    """Delete an access key.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
    """
    await check_owner(call, params)
    await call.ports.iam_store.remove_access_key(params["AccessKeyId"])
    return {}


async def check_owner(call: Call, params: Params) -> None:
    """Refuse an access key that is not of the user meant."""
    owner_id, _ = await owner_of(call, params)
    access_key = await call.ports.iam_store.find_access_key(params["AccessKeyId"])
    if access_key is None or access_key.account != call.account or access_key.owner_id != owner_id:
        raise missing(params["AccessKeyId"])


def missing(access_key_id: str) -> Exception:
    """There is no such access key."""
    return no_such_entity(f"The Access Key with id {access_key_id} cannot be found.")


async def get_access_key_last_used(call: Call, params: Params) -> Answer:
    """Say when, and for what, an access key of the account was last used.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
    """
    access_key = await call.ports.iam_store.find_access_key(params["AccessKeyId"])
    if access_key is None or access_key.account != call.account:
        raise missing(params["AccessKeyId"])
    use = await call.ports.iam_store.last_use(params["AccessKeyId"])
    last_used = {"ServiceName": "N/A", "Region": "N/A"}
    if use is None:
        return {"UserName": access_key.user_name, "AccessKeyLastUsed": last_used}
    used = {"LastUsedDate": use.at, "ServiceName": use.service, "Region": use.region}
    return {"UserName": access_key.user_name, "AccessKeyLastUsed": used}

"""Who a caller is, and whose an access key is."""

from yett.rules.iam.identifiers import account_of_access_key
from yett.services.call import Call
from yett.services.sts.errors import validation_error
from yett.services.sts.sessions import Answer, Params, caller_of


async def get_caller_identity(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Say who calls; no policy can deny it.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    identity = caller_of(call).identity
    return {"UserId": identity.user_id, "Account": identity.account, "Arn": identity.arn}


async def get_access_key_info(call: Call, params: Params) -> Answer:
    """Say whose account an access key is of: the id itself tells, whether the key is still there or not.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
    """
    access_key_id = params["AccessKeyId"]
    found = await call.ports.iam_store.find_access_key(access_key_id)
    account = account_of_access_key(access_key_id) if found is None else found.account
    if account is None:
        raise validation_error(f"{access_key_id} is not a valid access key id")
    return {"Account": account}

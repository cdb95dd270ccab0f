"""The account's password policy, and what it grants its users.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

import json

from msgspec import structs

from yett.policy import Kind, NamedPolicy, compile_policies, parse_policy
from yett.ports.callers import Caller
from yett.rules.iam.passwords import PasswordPolicy
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import ANY_RESOURCE, authorize, context_of, wording_of
from yett.services.iam.entities import Answer, Params
from yett.services.iam.errors import no_such_entity
from yett.values.identity import PrincipalType


async def get_account_password_policy(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Describe the account's own policy.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html
    """
    policy = await authorize_user(call, "iam:GetAccountPasswordPolicy", ANY_RESOURCE)
    if policy is None:
        # OBSERVED: the text.
        raise no_such_entity(f"The Password Policy with domain name {call.account} cannot be found.")
    described: dict[str, object] = {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.requires_symbols,
        "RequireNumbers": policy.requires_numbers,
        "RequireUppercaseCharacters": policy.requires_uppercase,
        "RequireLowercaseCharacters": policy.requires_lowercase,
        "AllowUsersToChangePassword": policy.lets_users_change,
        "ExpirePasswords": policy.maximum_age_days is not None,
        "MaxPasswordAge": policy.maximum_age_days,
        "PasswordReusePrevention": policy.remembered,
        "HardExpiry": policy.is_hard,
    }
    return {"PasswordPolicy": {name: value for name, value in described.items() if value is not None}}


async def update_account_password_policy(call: Call, params: Params) -> Answer:
    """Give the account a policy; what is not said has its default again.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
    """
    policy = PasswordPolicy(
        minimum_length=params.get("MinimumPasswordLength", PasswordPolicy().minimum_length),
        requires_symbols=params.get("RequireSymbols", False),
        requires_numbers=params.get("RequireNumbers", False),
        requires_uppercase=params.get("RequireUppercaseCharacters", False),
        requires_lowercase=params.get("RequireLowercaseCharacters", False),
        lets_users_change=params.get("AllowUsersToChangePassword", False),
        maximum_age_days=params.get("MaxPasswordAge"),
        remembered=params.get("PasswordReusePrevention"),
        is_hard=params.get("HardExpiry"),
    )
    await call.ports.credential_store.set_password_policy(call.account, policy)
    return {}


async def delete_account_password_policy(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Let AWS's default policy hold again.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountPasswordPolicy.html
    """
    if not await call.ports.credential_store.remove_password_policy(call.account):
        raise no_such_entity("The account policy with name PasswordPolicy cannot be found.")
    return {}


async def authorize_user(call: Call, action: str, resource: str) -> PasswordPolicy | None:
    """Ask the caller's policies, and give the account's own password policy.

    Where that lets users change their passwords it grants each of them the two actions that this takes, on themselves;
    denies, boundaries and session policies hold all the same.

    Raises:
        ServiceError: AccessDenied.
    """
    if call.caller is None:
        raise ServiceError("AccessDenied", f"{action} needs a signature", status=403)
    policy = await call.ports.credential_store.find_password_policy(call.account)
    is_user = call.caller.identity.principal_type is PrincipalType.USER
    caller = (
        granted(call.caller, action, resource)
        if policy is not None and policy.lets_users_change and is_user
        else call.caller
    )
    authorize(caller, action, (resource,), context_of(call), wording_of(call))
    return policy


def granted(caller: Caller, action: str, resource: str) -> Caller:
    """The caller with one more policy of its own."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    grant = NamedPolicy("AllowUsersToChangePassword", parse_policy(text, kind=Kind.IDENTITY))
    identity = compile_policies([*caller.policies.identity.sources, grant], actions=None)
    return structs.replace(caller, policies=structs.replace(caller.policies, identity=identity))

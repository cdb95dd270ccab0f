"""What the operations that hand out temporary credentials share."""

from collections.abc import Iterable, Mapping
from typing import Any

from yett.policy import Kind, parse_policy
from yett.ports.callers import Caller
from yett.ports.iam_store import AWS_ACCOUNT
from yett.ports.session_tokens import IssuedCredentials
from yett.rules.sts.limits import SESSION_POLICY_ARNS
from yett.services.call import Call, ServiceError
from yett.services.sts.errors import validation_error

Params = Mapping[str, Any]  # checked against the service model before an operation sees them
Answer = Mapping[str, object]


def caller_of(call: Call) -> Caller:
    """Who calls. The permission rows let no anonymous caller come this far."""
    if call.caller is None:
        raise ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)
    return call.caller


def describe_credentials(issued: IssuedCredentials) -> dict[str, object]:
    """Credentials as STS hands them out."""
    return {
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret_access_key.reveal(),
        "SessionToken": issued.session_token,
        "Expiration": issued.expires_at,
    }


async def read_session_policies(call: Call, params: Params, *, account: str) -> tuple[str | None, tuple[str, ...]]:
    """The inline session policy and the ARNs of the managed ones, all of which exist.

    Raises:
        MalformedPolicyDocument: The inline one is no policy.
        ServiceError: ValidationError, for a managed policy that does not exist, or too many. UNCERTAIN: AWS's codes and
            texts.
    """
    policy = params.get("Policy")
    if policy is not None:
        parse_policy(policy, kind=Kind.SESSION)
    arns = tuple(each["arn"] for each in params.get("PolicyArns", ()))
    if len(arns) > SESSION_POLICY_ARNS:
        raise validation_error(f"A session has {SESSION_POLICY_ARNS} managed session policies at most.")
    await check_managed(call, arns, account=account)
    return policy, arns


async def check_managed(call: Call, arns: Iterable[str], *, account: str) -> None:
    """Refuse managed session policies that are neither of the account nor of AWS."""
    for arn in arns:
        found = await call.ports.iam_store.find_policy(arn)
        if found is None or found.account not in {account, AWS_ACCOUNT}:
            raise validation_error(f"Policy {arn} does not exist or is not attachable.")

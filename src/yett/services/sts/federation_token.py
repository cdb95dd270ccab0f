"""GetFederationToken: a user's permissions, narrowed by a session policy, for somebody else."""

from yett.rules.sts.assume_role import read_session_tags
from yett.rules.sts.errors import SessionRefused
from yett.rules.sts.session_policy import measure_packed
from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession
from yett.services.call import Call
from yett.services.sts.errors import session_refused
from yett.services.sts.session_token import demand_long_term, duration
from yett.services.sts.sessions import Answer, Params, caller_of, describe_credentials, read_session_policies


async def get_federation_token(call: Call, params: Params) -> Answer:
    """Give a federated user temporary credentials.

    Without a session policy they are good for nothing but what resource policies grant them.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    caller = caller_of(call)
    demand_long_term(caller, "GetFederationToken")
    identity = caller.identity
    policy, arns = await read_session_policies(call, params, account=identity.account)
    try:
        tags = read_session_tags(params.get("Tags", []))
        packed = measure_packed(policy, arns, tags)
    except SessionRefused as error:
        raise session_refused(error) from error
    issued_at = call.now.replace(microsecond=0)
    session = TemporarySession(
        kind=SessionKind.FEDERATED_USER,
        account=identity.account,
        principal_id=identity.user_id,
        principal_name=identity.user_name or "root",
        session_name=params["Name"],
        issued_at=issued_at,
        expires_at=issued_at + duration(caller, params),
        session_policy=policy,
        policy_arns=arns,
        tags=tags,
    )
    return {
        "Credentials": describe_credentials(call.ports.session_tokens.issue(session)),
        "FederatedUser": {"FederatedUserId": f"{identity.account}:{params['Name']}", "Arn": session.arn},
        "PackedPolicySize": packed,
    }

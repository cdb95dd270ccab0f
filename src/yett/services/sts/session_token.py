"""GetSessionToken: a user's own permissions, for a while."""

from datetime import timedelta

from yett.policy import AuthorizationRequest, Outcome, Principal, decide
from yett.ports.callers import Caller
from yett.rules.sts.limits import ROOT_SESSION_SECONDS, SESSION_TOKEN_SECONDS
from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession
from yett.services.call import Call
from yett.services.iam.authorization import context_of
from yett.services.sts.errors import access_denied, not_authorized
from yett.services.sts.mfa import check_mfa
from yett.services.sts.sessions import Answer, Params, caller_of, describe_credentials


async def get_session_token(call: Call, params: Params) -> Answer:
    """Give a user or root temporary credentials.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    caller = caller_of(call)
    demand_long_term(caller, "GetSessionToken")
    refuse_denied(call, caller)
    mfa_authenticated_at = await check_mfa(call, caller, params)
    identity = caller.identity
    issued_at = call.now.replace(microsecond=0)
    session = TemporarySession(
        kind=SessionKind.ROOT if identity.is_root else SessionKind.USER,
        account=identity.account,
        principal_id=identity.user_id,
        principal_name=identity.user_name or "root",
        issued_at=issued_at,
        expires_at=issued_at + duration(caller, params),
        mfa_authenticated_at=mfa_authenticated_at,
    )
    return {"Credentials": describe_credentials(call.ports.session_tokens.issue(session))}


def refuse_denied(call: Call, caller: Caller) -> None:
    """Refuse a caller whose policies deny the operation; that nothing allows it does not matter.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    request = AuthorizationRequest(
        action="sts:GetSessionToken",
        resource="*",
        principal=Principal.iam(caller.identity),
        resource_account=caller.identity.account,
        context=context_of(call),
    )
    decision = decide(request, caller=caller.policies, resource_policy=None, same_account=True)
    if decision.outcome is Outcome.EXPLICIT_DENY:
        raise not_authorized(call, request.action, request.resource, decision)


def demand_long_term(caller: Caller, operation: str) -> None:
    """Refuse callers with temporary credentials.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
    """
    if caller.expires_at is not None or caller.identity.token_issued_at is not None:
        raise access_denied(f"Cannot call {operation} with session credentials")


def duration(caller: Caller, params: Params) -> timedelta:
    """How long such credentials last; root's at most an hour, whatever is asked."""
    seconds = params.get("DurationSeconds", SESSION_TOKEN_SECONDS)
    return timedelta(seconds=min(seconds, ROOT_SESSION_SECONDS) if caller.identity.is_root else seconds)

"""The condition keys of a call, as policies see them.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
"""

from datetime import datetime
from functools import partial
from typing import Final

from yett.policy import RequestContext, principal_context
from yett.policy.request import LazyValue
from yett.rules.execute_api.call import Facts
from yett.rules.execute_api.plan import StagePlan
from yett.values.identity import IamIdentity
from yett.values.timestamps import render_iso

TRUE: Final = ("true",)
FALSE: Final = ("false",)


def build_context(facts: Facts, plan: StagePlan, *, identity: IamIdentity | None) -> RequestContext:
    """All keys that exist for this call. Those that need an authenticated IAM principal exist with *identity* only."""
    keys: dict[str, tuple[str, ...] | LazyValue] = {
        "aws:sourceip": (facts.source_ip,),
        "aws:securetransport": TRUE if facts.is_secure else FALSE,
        "aws:currenttime": lambda: render_iso(facts.received_at),
        "aws:epochtime": lambda: str(int(facts.received_at.timestamp())),
        "aws:requestedregion": (plan.region,),
        "aws:resourceaccount": (plan.account,),
        "aws:viaawsservice": FALSE,
        "aws:principalisawsservice": FALSE,
    }
    if facts.user_agent is not None:
        keys["aws:useragent"] = (facts.user_agent,)
    if facts.referer is not None:
        keys["aws:referer"] = (facts.referer,)
    if identity is not None:
        for key, value in principal_context(identity).items():
            keys[key] = (
                (value,) if isinstance(value, str) else value if isinstance(value, tuple) else partial(_same, value)
            )
        if identity.mfa_authenticated_at is not None:
            keys["aws:multifactorauthage"] = partial(mfa_age, identity.mfa_authenticated_at, facts.received_at)
    return RequestContext(keys)


def mfa_age(authenticated_at: datetime, received_at: datetime) -> str:
    """``aws:MultiFactorAuthAge``, in seconds."""
    return str(int((received_at - authenticated_at).total_seconds()))


def _same(value: datetime) -> datetime:
    return value

"""The condition keys of a call, as policies see them.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
"""

from datetime import datetime
from functools import partial
from typing import Final

from yett.policy import RequestContext
from yett.policy.request import LazyValue
from yett.rules.execute_api.call import Facts, Standing
from yett.rules.execute_api.plan import StagePlan
from yett.values.http import VpcOrigin
from yett.values.identity import IamIdentity
from yett.values.timestamps import render_iso

TRUE: Final = ("true",)
FALSE: Final = ("false",)


def build_context(facts: Facts, plan: StagePlan, *, caller: Standing | None) -> RequestContext:
    """All keys that exist for this call, put together when a policy asks for one. Those that need an authenticated IAM
    principal exist with a *caller* only.
    """
    return RequestContext(partial(_keys, facts, plan, caller))


def _keys(facts: Facts, plan: StagePlan, caller: Standing | None) -> dict[str, tuple[str, ...] | LazyValue]:
    keys: dict[str, tuple[str, ...] | LazyValue] = {
        "aws:securetransport": TRUE if facts.is_secure else FALSE,
        "aws:currenttime": lambda: render_iso(facts.received_at),
        "aws:epochtime": lambda: str(int(facts.received_at.timestamp())),
        "aws:requestedregion": (plan.region,),
        "aws:resourceaccount": (plan.account,),
        "aws:viaawsservice": FALSE,
        "aws:principalisawsservice": FALSE,
    }
    if plan.organization_id is not None and plan.organization_path is not None:
        keys["aws:resourceorgid"] = (plan.organization_id,)
        keys["aws:resourceorgpaths"] = (plan.organization_path,)
    if facts.vpc_origin is None:
        keys["aws:sourceip"] = (facts.source_ip,)
    else:
        keys |= _vpc_keys(facts.vpc_origin, facts.source_ip)
    if facts.user_agent is not None:
        keys["aws:useragent"] = (facts.user_agent,)
    if facts.referer is not None:
        keys["aws:referer"] = (facts.referer,)
    if caller is not None:
        keys |= caller.principal_keys
        identity = caller.identity
        if isinstance(identity, IamIdentity) and identity.mfa_authenticated_at is not None:
            keys["aws:multifactorauthage"] = partial(mfa_age, identity.mfa_authenticated_at, facts.received_at)
    return keys


def mfa_age(authenticated_at: datetime, received_at: datetime) -> str:
    """``aws:MultiFactorAuthAge``, in seconds."""
    return str(int((received_at - authenticated_at).total_seconds()))


def _vpc_keys(origin: VpcOrigin, address: str) -> dict[str, tuple[str, ...] | LazyValue]:
    """What a call through a VPC endpoint has in the place of ``aws:SourceIp``.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    keys: dict[str, tuple[str, ...] | LazyValue] = {"aws:vpcsourceip": (address,)}
    if origin.vpc is not None:
        keys["aws:sourcevpc"] = (origin.vpc,)
    if origin.endpoint is not None:
        keys["aws:sourcevpce"] = (origin.endpoint,)
    return keys

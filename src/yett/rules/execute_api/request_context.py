"""The condition keys of a call, as policies see them.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
"""

from yett.policy import RequestContext, principal_context
from yett.policy.request import ContextValue, LazyValue
from yett.rules.execute_api.call import Facts
from yett.rules.execute_api.plan import StagePlan
from yett.values.identity import IamIdentity
from yett.values.timestamps import render_iso


def build_context(facts: Facts, plan: StagePlan, *, identity: IamIdentity | None) -> RequestContext:
    """All keys that exist for this call. Those that need an authenticated IAM principal exist with *identity* only."""
    keys: dict[str, ContextValue | LazyValue] = {
        "aws:SourceIp": facts.source_ip,
        "aws:SecureTransport": "true" if facts.is_secure else "false",
        "aws:CurrentTime": lambda: render_iso(facts.received_at),
        "aws:EpochTime": lambda: str(int(facts.received_at.timestamp())),
        "aws:RequestedRegion": plan.region,
        "aws:ResourceAccount": plan.account,
        "aws:ViaAWSService": "false",
        "aws:PrincipalIsAWSService": "false",
    }
    if facts.user_agent is not None:
        keys["aws:UserAgent"] = facts.user_agent
    if facts.referer is not None:
        keys["aws:Referer"] = facts.referer
    if identity is not None:
        keys.update(principal_context(identity))
    return RequestContext.of(keys)

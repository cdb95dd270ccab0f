"""The condition keys of a call, as policies see them.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping
from typing import Final

from yett.policy import RequestContext
from yett.rules.execute_api.call import Facts, Standing
from yett.rules.execute_api.plan import StagePlan
from yett.values.identity import IamIdentity, Identity
from yett.values.timestamps import render_iso

Values = tuple[str, ...] | None

TRUE: Final = ("true",)
FALSE: Final = ("false",)
MFA_AGE: Final = "aws:multifactorauthage"


class CallContext(RequestContext):
    """All keys that exist for a call, each read when a policy first asks for it; most policies ask for none. Those that
    need an authenticated IAM principal exist with a *caller* only.
    """

    __slots__ = ("_caller", "_facts", "_plan")

    def __init__(self, facts: Facts, plan: StagePlan, caller: Standing | None) -> None:
        self._values = {}
        self._facts = facts
        self._plan = plan
        self._caller = caller

    def look_up(self, key: str) -> Values:
        """The values of a key, in lower case; None where the call has none."""
        read = KEYS.get(key)
        if read is not None:
            return read(self._facts, self._plan)
        if self._caller is None:
            return None
        if key == MFA_AGE:
            return _mfa_age(self._caller.identity, self._facts)
        return self._caller.principal_keys.get(key)

    def names(self) -> tuple[str, ...]:
        """Every key that the call has, in lower case."""
        callers = () if self._caller is None else (*self._caller.principal_keys, MFA_AGE)
        return tuple(key for key in dict.fromkeys((*KEYS, *callers)) if self.find(key) is not None)


def _mfa_age(identity: Identity, facts: Facts) -> Values:
    if not isinstance(identity, IamIdentity) or identity.mfa_authenticated_at is None:
        return None
    return (str(int((facts.received_at - identity.mfa_authenticated_at).total_seconds())),)


def _one(value: str | None) -> Values:
    return None if value is None else (value,)


# A call through a VPC endpoint has other keys in the place of ``aws:SourceIp``.


def _source_ip(facts: Facts, _: StagePlan) -> Values:
    return (facts.source_ip,) if facts.vpc_origin is None else None


def _vpc_source_ip(facts: Facts, _: StagePlan) -> Values:
    return None if facts.vpc_origin is None else (facts.source_ip,)


def _source_vpc(facts: Facts, _: StagePlan) -> Values:
    return None if facts.vpc_origin is None else _one(facts.vpc_origin.vpc)


def _source_vpce(facts: Facts, _: StagePlan) -> Values:
    return None if facts.vpc_origin is None else _one(facts.vpc_origin.endpoint)


def _resource_org(_: Facts, plan: StagePlan) -> Values:
    return None if plan.organization_path is None else _one(plan.organization_id)


def _resource_org_paths(_: Facts, plan: StagePlan) -> Values:
    return None if plan.organization_id is None else _one(plan.organization_path)


# key -> how it is read; of a call through a VPC endpoint, and of every call
VPC_KEYS: Final[Mapping[str, Callable[[Facts, StagePlan], Values]]] = {
    "aws:vpcsourceip": _vpc_source_ip,
    "aws:sourcevpc": _source_vpc,
    "aws:sourcevpce": _source_vpce,
}
KEYS: Final[Mapping[str, Callable[[Facts, StagePlan], Values]]] = {
    **VPC_KEYS,
    "aws:securetransport": lambda facts, _: TRUE if facts.is_secure else FALSE,
    "aws:currenttime": lambda facts, _: (render_iso(facts.received_at),),
    "aws:epochtime": lambda facts, _: (str(int(facts.received_at.timestamp())),),
    "aws:requestedregion": lambda _, plan: (plan.region,),
    "aws:resourceaccount": lambda _, plan: (plan.account,),
    "aws:resourceorgid": _resource_org,
    "aws:resourceorgpaths": _resource_org_paths,
    "aws:viaawsservice": lambda _, __: FALSE,
    "aws:principalisawsservice": lambda _, __: FALSE,
    "aws:sourceip": _source_ip,
    "aws:useragent": lambda facts, _: _one(facts.user_agent),
    "aws:referer": lambda facts, _: _one(facts.referer),
}

"""Which policies a call was weighed by, each with the question that it was asked."""

from collections.abc import Iterator

from msgspec import Struct, structs

from yett.policy import AuthorizationRequest, CompiledPolicies, PolicyType
from yett.rules.execute_api.authorization_flow import anonymous_request, iam_request
from yett.rules.execute_api.call import Question, Standing
from yett.values.identity import IamIdentity


class Weighed(Struct, frozen=True, kw_only=True):
    """Policies of one kind, and what they were asked."""

    type: PolicyType
    level: int | None  # of an SCP or an RCP: 0 is the organization's root
    policies: CompiledPolicies
    request: AuthorizationRequest
    of_authorizer: bool = False  # what a Lambda authorizer answered stands in for identity-based policies


def weighed(question: Question, standing: Standing | None) -> Iterator[Weighed]:
    """Each kind of policy that took part; SCPs and RCPs level by level."""
    is_known = standing is not None and isinstance(standing.identity, IamIdentity)
    request = iam_request(question, standing) if standing is not None and is_known else anonymous_request(question)
    caller = standing.caller_policies if standing is not None else None
    if question.plan.resource_policy is not None:
        if caller is not None and caller.boundary is not None:  # as `policy.decide` asks
            request = structs.replace(request, principal=structs.replace(request.principal, has_boundary=True))
        yield Weighed(type=PolicyType.RESOURCE, level=None, policies=question.plan.resource_policy, request=request)
    if standing is not None and standing.authorizer_policy is not None:
        yield Weighed(
            type=PolicyType.IDENTITY,
            level=None,
            policies=standing.authorizer_policy,
            request=request,
            of_authorizer=True,
        )
    if caller is None:
        return
    yield Weighed(type=PolicyType.IDENTITY, level=None, policies=caller.identity, request=request)
    for policy_type, policies in ((PolicyType.BOUNDARY, caller.boundary), (PolicyType.SESSION, caller.session)):
        if policies is not None:
            yield Weighed(type=policy_type, level=None, policies=policies, request=request)
    for policy_type, levels in ((PolicyType.SCP, caller.scp), (PolicyType.RCP, caller.rcp)):
        for level, policies in enumerate(levels):
            yield Weighed(type=policy_type, level=level, policies=policies, request=request)

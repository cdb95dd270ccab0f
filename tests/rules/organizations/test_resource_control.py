import msgspec
from tests.rules.organizations.test_tree import TREE, A, M

from yett.policy import AuthorizationRequest, Outcome, Principal, RequestContext
from yett.rules.organizations.resource_control import resource_control
from yett.rules.organizations.tree import RCP_FULL_AWS_ACCESS, OrganizationPolicy, PolicyType

R = PolicyType.RESOURCE_CONTROL_POLICY
DENY = (
    '{"Version":"2012-10-17","Statement":'
    '{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/shut"}}'
)
BOUND = msgspec.structs.replace(
    TREE,
    enabled_types=(R,),
    policies=(OrganizationPolicy(id="p-1", name="p", description="", type=R, content=DENY),),
    attachments={
        "r-1": (RCP_FULL_AWS_ACCESS,),
        "ou-1": (RCP_FULL_AWS_ACCESS, "p-1"),
        "ou-2": (RCP_FULL_AWS_ACCESS,),
        A: (RCP_FULL_AWS_ACCESS,),
    },
)


def outcomes(role: str) -> list[Outcome]:
    request = AuthorizationRequest(
        action="sts:AssumeRole",
        resource=f"arn:aws:iam::{A}:role/{role}",
        principal=Principal.service("lambda.amazonaws.com"),
        resource_account=A,
        context=RequestContext.of({}),
    )
    return [level.evaluate(request).outcome for level in resource_control(BOUND, A)]


def test_each_level_speaks_for_itself() -> None:
    assert outcomes("open") == [Outcome.ALLOW] * 4
    assert outcomes("shut") == [Outcome.ALLOW, Outcome.EXPLICIT_DENY, Outcome.ALLOW, Outcome.ALLOW]


def test_nothing_binds_outsiders_managers_and_organizations_without_them() -> None:
    assert resource_control(None, A) == ()
    assert resource_control(BOUND, M) == ()
    assert resource_control(TREE, A) == ()

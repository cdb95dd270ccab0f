import pytest

from yett.policy import (
    AuthorizationRequest,
    CompiledPolicies,
    Kind,
    NamedPolicy,
    Outcome,
    PolicyType,
    Principal,
    RequestContext,
    compile_policies,
    parse_policy,
)
from yett.rules.sts.federation import ProviderTagsRefused, is_source_identity, read_provider_tags, weigh_federation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice", True),
        ("a.b@c=d,e+f-g_h", True),
        ("a", False),
        ("a" * 65, False),
        ("a b", False),
        ("\u00e4b", False),
        (None, False),
    ],
)
def test_a_source_identity_is_short_and_plain(text: object, expected: bool) -> None:
    assert is_source_identity(text) is expected


@pytest.mark.parametrize(
    ("tags", "transitive"),
    [
        ({"k": "v"}, "k"),
        ({"k": "v"}, [1]),
        ({"k": "v"}, ["other"]),
        ({"k": ["a", "b"]}, []),
        ({"k": None}, []),
        ({"": "v"}, []),
        ({"k" * 129: "v"}, []),
        ({"k": "v" * 257}, []),
        ({"AWS:k": "v"}, []),
        ({"k": "v", "K": "v"}, []),
        ({"k": "<"}, []),
        ({str(number): "v" for number in range(51)}, []),
    ],
)
def test_tags_that_no_session_can_have_are_refused(tags: dict[str, object], transitive: object) -> None:
    with pytest.raises(ProviderTagsRefused):
        read_provider_tags(tags, transitive)


def compiled(effect: str, kind: Kind) -> CompiledPolicies:
    statement = {"Effect": effect, "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}
    if kind is Kind.RCP:
        statement["Resource"] = "*"
    document = parse_policy({"Version": "2012-10-17", "Statement": [statement]}, kind=kind)
    return compile_policies([NamedPolicy(kind.value, document)], actions=None)


NOTHING = compile_policies([], actions=None)
ALLOW, DENY = compiled("Allow", Kind.TRUST), compiled("Deny", Kind.TRUST)
# An RCP of one's own has Deny alone; AWS's own, that allows all, has a trust policy's form here.
RCP_DENY = compiled("Deny", Kind.RCP)


@pytest.mark.parametrize(
    ("trust", "guardrails", "outcome", "decided_by"),
    [
        (ALLOW, [], Outcome.ALLOW, PolicyType.RESOURCE),
        (ALLOW, [ALLOW], Outcome.ALLOW, PolicyType.RESOURCE),
        (DENY, [ALLOW], Outcome.EXPLICIT_DENY, PolicyType.RESOURCE),
        (NOTHING, [ALLOW], Outcome.IMPLICIT_DENY, PolicyType.RESOURCE),
        (ALLOW, [ALLOW, RCP_DENY], Outcome.EXPLICIT_DENY, PolicyType.RCP),
        (ALLOW, [NOTHING], Outcome.IMPLICIT_DENY, PolicyType.RCP),
    ],
)
def test_trust_and_every_guardrail_must_allow(
    trust: CompiledPolicies, guardrails: list[CompiledPolicies], outcome: Outcome, decided_by: PolicyType
) -> None:
    request = AuthorizationRequest(
        action="sts:AssumeRoleWithWebIdentity",
        resource="arn:aws:iam::123456789012:role/r",
        principal=Principal.federated("arn:aws:iam::123456789012:oidc-provider/host"),
        resource_account="123456789012",
        context=RequestContext.of({}),
    )
    decision = weigh_federation(request, trust_policy=trust, guardrails=guardrails)
    assert (decision.outcome, decision.decided_by) == (outcome, decided_by)

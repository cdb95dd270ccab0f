import pytest

from yett.policy import Decision, Outcome, PolicyType, Wording, denial_suffix

INVOKE = "execute-api:Invoke"
NAMES = {
    PolicyType.SCP: "a service control policy",
    PolicyType.RCP: "a resource control policy",
    PolicyType.RESOURCE: "a resource-based policy",
    PolicyType.IDENTITY: "an identity-based policy",
    PolicyType.BOUNDARY: "a permissions boundary",
    PolicyType.SESSION: "a session policy",
}


@pytest.mark.parametrize("policy_type", PolicyType)
def test_the_kind_of_policy_is_named_as_aws_does(policy_type: PolicyType) -> None:
    denied = Decision(Outcome.EXPLICIT_DENY, policy_type)
    silent = Decision(Outcome.IMPLICIT_DENY, policy_type)
    name = NAMES[policy_type].split(" ", 1)[1]
    assert denial_suffix(denied, INVOKE, wording=Wording.CURRENT) == f" with an explicit deny in {NAMES[policy_type]}"
    assert denial_suffix(silent, INVOKE, wording=Wording.CURRENT) == f" because no {name} allows the {INVOKE} action"


def test_the_older_wording_names_no_policy() -> None:
    assert denial_suffix(Decision(Outcome.EXPLICIT_DENY), INVOKE, wording=Wording.LEGACY) == " with an explicit deny"
    assert denial_suffix(Decision(Outcome.IMPLICIT_DENY), INVOKE, wording=Wording.LEGACY) == ""


@pytest.mark.parametrize("wording", Wording)
def test_an_allowed_call_has_nothing_to_explain(wording: Wording) -> None:
    assert denial_suffix(Decision(Outcome.ALLOW), INVOKE, wording=wording) == ""

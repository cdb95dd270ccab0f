from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.strategies import policies, requests
from tests.policy.support import ACCOUNT, USER, case_name, compiled, policy, principal, read_cases, request

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    CompiledPolicies,
    Kind,
    NamedPolicy,
    Outcome,
    PolicyType,
    Principal,
    combine,
    compile_policies,
    decide,
    parse_policy,
)

ALLOW = compiled(policy({}))
NOTHING = compiled()
EVERYTHING = compiled(policy({"Action": "*"}))
DENY = compiled(policy({"Effect": "Deny"}))
BY_NAME: dict[str | None, CompiledPolicies | None] = {"allow": ALLOW, "implicit_deny": NOTHING, None: None}


def caller(**changes: Any) -> CallerPolicies:
    defaults: dict[str, Any] = {
        "identity": NOTHING,
        "boundary": None,
        "session": None,
        "scp": (),
        "rcp": (),
        "is_root": False,
    }
    return CallerPolicies(**{**defaults, **changes})


@pytest.mark.parametrize("case", read_cases("authorization_flow"), ids=case_name)
def test_the_outcome_is_the_one_aws_prints(case: dict[str, Any]) -> None:
    outcome = combine(Outcome(case["identity"]), Outcome(case["resource"]), same_account=case["same_account"])
    assert outcome is Outcome(case["expect"])


@pytest.mark.parametrize("case", read_cases("authorization_flow"), ids=case_name)
def test_a_decision_keeps_the_table(case: dict[str, Any]) -> None:
    effects = {"allow": [{}], "implicit_deny": [], "explicit_deny": [{"Effect": "Deny"}]}
    identity = [policy(statement) for statement in effects[case["identity"]]]
    resource = [policy({"Principal": "*", **s}, kind=Kind.RESOURCE) for s in effects[case["resource"]]]
    decision = decide(
        request(),
        caller=caller(identity=compiled(*identity)),
        resource_policy=compiled(*resource),
        same_account=case["same_account"],
    )
    assert decision.outcome is Outcome(case["expect"])


@pytest.mark.parametrize("case", read_cases("resource_grants"), ids=case_name)
def test_how_the_resource_policy_names_the_caller_decides_what_it_makes_up_for(case: dict[str, Any]) -> None:
    named = case["named"]
    resource = policy({"Principal": "*" if named == "*" else {"AWS": named}}, kind=Kind.RESOURCE)
    decision = decide(
        request(caller=principal(case["caller"], case["issuer"])),
        caller=caller(
            identity=BY_NAME[case["identity"]], boundary=BY_NAME[case["boundary"]], session=BY_NAME[case["session"]]
        ),
        resource_policy=compiled(resource),
        same_account=case["same_account"],
    )
    assert (decision.outcome, decision.decided_by) == (Outcome(case["expect"]), PolicyType(case["decided_by"]))


@pytest.mark.parametrize("member", ["identity", "boundary", "session", "scp", "rcp"])
def test_a_deny_in_any_type_denies_and_is_named(member: str) -> None:
    changes: dict[str, Any] = {"identity": ALLOW, member: (ALLOW, DENY) if member in {"scp", "rcp"} else DENY}
    decision = decide(request(), caller=caller(**changes), resource_policy=None, same_account=True)
    assert decision.outcome is Outcome.EXPLICIT_DENY
    assert decision.decided_by is PolicyType(member)
    assert decision.statement is not None


@pytest.mark.parametrize("member", ["scp", "rcp"])
def test_every_level_of_an_organization_must_allow(member: str) -> None:
    changes: dict[str, Any] = {"identity": ALLOW, member: (ALLOW, NOTHING)}
    everybody = compiled(policy({"Principal": "*"}, kind=Kind.RESOURCE))
    decision = decide(request(), caller=caller(**changes), resource_policy=everybody, same_account=True)
    assert (decision.outcome, decision.decided_by) == (Outcome.IMPLICIT_DENY, PolicyType(member))
    changes[member] = (ALLOW, ALLOW)
    assert decide(request(), caller=caller(**changes), resource_policy=None, same_account=True).outcome is Outcome.ALLOW


def test_root_is_allowed_what_nothing_denies() -> None:
    asked = request(caller=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:root"))
    root = caller(is_root=True)
    assert decide(asked, caller=root, resource_policy=None, same_account=True).outcome is Outcome.ALLOW
    assert decide(asked, caller=root, resource_policy=None, same_account=False).outcome is Outcome.IMPLICIT_DENY
    guarded = caller(is_root=True, scp=(DENY,))
    assert decide(asked, caller=guarded, resource_policy=None, same_account=True).outcome is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("document", "expect"), [("allow", "allow"), ("deny", "explicit_deny"), (None, "implicit_deny")]
)
def test_without_a_caller_the_resource_policy_alone_decides(document: str | None, expect: str) -> None:
    resource = (
        None
        if document is None
        else compiled(policy({"Principal": "*", "Effect": document.title()}, kind=Kind.RESOURCE))
    )
    asked = request(caller=Principal.anonymous())
    decision = decide(asked, caller=None, resource_policy=resource, same_account=True)
    assert (decision.outcome, decision.decided_by) == (Outcome(expect), PolicyType.RESOURCE)


def test_not_principal_with_deny_hits_whoever_has_a_boundary() -> None:
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": [USER, ACCOUNT]}, "Action": "*", "Resource": "*"}
    document = parse_policy({"Version": "2012-10-17", "Statement": statement}, kind=Kind.RESOURCE)
    free, bounded = caller(identity=ALLOW), caller(identity=ALLOW, boundary=ALLOW)
    resource = compiled(document)
    assert decide(request(), caller=free, resource_policy=resource, same_account=True).outcome is Outcome.ALLOW
    decision = decide(request(), caller=bounded, resource_policy=resource, same_account=True)
    assert decision.outcome is Outcome.EXPLICIT_DENY


@settings(max_examples=150, deadline=None)
@given(policies(), requests(), st.booleans())
def test_a_caller_with_nothing_but_policies_of_its_own_is_decided_like_any_other(
    named: list[NamedPolicy], asked: AuthorizationRequest, same_account: bool
) -> None:
    own = compile_policies(named, actions=None)
    plain, guarded = caller(identity=own), caller(identity=own, scp=(EVERYTHING,))
    decisions = {
        decide(asked, caller=each, resource_policy=None, same_account=same_account) for each in (plain, guarded)
    }
    assert len(decisions) == 1

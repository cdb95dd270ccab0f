import json

import pytest

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    Kind,
    NamedPolicy,
    Outcome,
    Principal,
    RequestContext,
    compile_policies,
    parse_policy,
)
from yett.rules.sts.assume_role import choose_duration, inherit_tags, read_session_tags, weigh_assumption
from yett.rules.sts.errors import Fault, SessionRefused

ROLE = "arn:aws:iam::111111111111:role/r"
USER = "arn:aws:iam::{}:user/alice"
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}'
DENY = ALLOW.replace('"Allow"', '"Deny"')
A, N, D = Outcome.ALLOW, Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY


def caller(*documents: str) -> CallerPolicies:
    named = [NamedPolicy("own", parse_policy(text, kind=Kind.IDENTITY)) for text in documents]
    identity = compile_policies(named, actions=None)
    return CallerPolicies(identity=identity, boundary=None, session=None, scp=(), rcp=(), is_root=False)


# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
@pytest.mark.parametrize(
    ("account", "trusted", "own", "expected"),
    [
        ("111111111111", USER.format("111111111111"), (), A),  # named: that alone is enough
        ("111111111111", USER.format("111111111111"), (DENY,), D),
        ("111111111111", "arn:aws:iam::111111111111:root", (), N),  # the account: its policies must allow too
        ("111111111111", "arn:aws:iam::111111111111:root", (ALLOW,), A),
        ("111111111111", "arn:aws:iam::111111111111:user/bob", (ALLOW,), N),  # a trust policy must always allow
        ("222222222222", USER.format("222222222222"), (), N),  # of another account: both must allow
        ("222222222222", USER.format("222222222222"), (ALLOW,), A),
        ("222222222222", "arn:aws:iam::222222222222:root", (ALLOW,), A),
        ("222222222222", "arn:aws:iam::111111111111:root", (ALLOW,), N),
    ],
)
def test_trust_always_decides_and_the_callers_policies_where_it_delegates(
    account: str, trusted: str, own: tuple[str, ...], expected: Outcome
) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    request = AuthorizationRequest(
        action="sts:AssumeRole",
        resource=ROLE,
        principal=Principal.from_arn(USER.format(account)),
        resource_account="111111111111",
        context=RequestContext.of({}),
    )
    trust_policy = compile_policies([NamedPolicy("trust", parse_policy(trust, kind=Kind.TRUST))], actions=None)
    assert weigh_assumption(request, trust_policy=trust_policy, caller=caller(*own)).outcome is expected


@pytest.mark.parametrize(
    ("asked", "maximum", "is_chained", "expected"),
    [
        (None, 3600, False, 3600),
        (900, 3600, True, 900),
        (43200, 43200, False, 43200),
        (3601, 3600, False, Fault.OVER_ROLE_MAXIMUM),
        (3601, 43200, True, Fault.OVER_CHAINING_MAXIMUM),
        (3601, 3600, True, Fault.OVER_ROLE_MAXIMUM),
    ],
)
def test_a_session_lasts_as_long_as_role_and_chain_allow(
    asked: int | None, maximum: int, is_chained: bool, expected: int | Fault
) -> None:
    if isinstance(expected, int):
        assert choose_duration(asked, role_maximum_seconds=maximum, is_chained=is_chained) == expected
    else:
        with pytest.raises(SessionRefused) as refused:
            choose_duration(asked, role_maximum_seconds=maximum, is_chained=is_chained)
        assert refused.value.fault is expected


def test_tag_keys_differ_by_more_than_case() -> None:
    assert read_session_tags([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]) == {"a": "1", "b": "2"}
    with pytest.raises(SessionRefused) as refused:
        read_session_tags([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    assert refused.value.fault is Fault.DUPLICATE_TAG_KEY
    with pytest.raises(SessionRefused) as refused:
        read_session_tags([{"Key": "Aws:a", "Value": "1"}])
    assert refused.value.fault is Fault.RESERVED_TAG_KEY


def test_transitive_tags_go_on_down_a_chain() -> None:
    tags, transitive = inherit_tags({"b": "2", "c": "3"}, ("b",), inherited={"a": "1"})
    assert tags == {"a": "1", "b": "2", "c": "3"}
    assert transitive == ("a", "b")


@pytest.mark.parametrize(
    ("asked", "transitive", "fault"),
    [
        ({}, ("x",), Fault.TRANSITIVE_KEY_WITHOUT_TAG),
        ({"A": "2"}, (), Fault.TRANSITIVE_KEY_CONFLICT),
        ({}, ("a",), Fault.TRANSITIVE_KEY_CONFLICT),
    ],
)
def test_inherited_tags_are_not_overridden(asked: dict[str, str], transitive: tuple[str, ...], fault: Fault) -> None:
    with pytest.raises(SessionRefused) as refused:
        inherit_tags(asked, transitive, inherited={"a": "1"})
    assert refused.value.fault is fault

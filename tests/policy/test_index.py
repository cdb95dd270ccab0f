import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.support import ACCOUNT, METHOD, policy, request

from yett.policy import Kind, PolicyDocument, Principal, compile_policies, parse_policy
from yett.policy.document import NamedPolicy
from yett.policy.index import segments_of, whole_segments
from yett.policy.wildcard import glob


def candidates(document: PolicyDocument, **asked: object) -> int:
    found = compile_policies([NamedPolicy("p", document)], actions=None)._allows.find(request(**asked))  # type: ignore[arg-type]
    return len(found)


def test_statements_are_found_by_their_principal() -> None:
    document = policy(
        *({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/u{n}"}} for n in range(40)), kind=Kind.RESOURCE
    )
    assert candidates(document, caller=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/u3")) == 1
    assert candidates(document, caller=Principal.anonymous()) == 0


def test_statements_are_found_by_a_value_they_want() -> None:
    document = policy(*({"Condition": {"StringEquals": {"aws:username": f"u{n}"}}} for n in range(40)))
    assert candidates(document, context={"aws:username": "u3"}) == 1
    assert candidates(document) == 0


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:execute-api:*:*:*/GET/item{n:03}/*",
        "arn:aws:execute-api:us-east-1:*:item{n:03}/*",
        "arn:aws:execute-api:*/item{n:03}/7",
        "arn:aws:execute-api:*:*:abc/${{aws:username}}/*/item{n:03}/?",
        "arn:aws:execute-api:us-*-1:*:*:item{n:03}:*",
    ],
)
def test_statements_are_found_by_a_whole_segment_that_only_they_have(pattern: str) -> None:
    document = policy(*({"Resource": pattern.format(n=n)} for n in range(100)))
    assert candidates(document, resource=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/GET/item042/7") == 1
    assert candidates(document, resource=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/GET/item0420/7") == 0


@given(st.text(st.sampled_from("ab:/*?"), max_size=9), st.text(st.sampled_from("ab:/"), max_size=9))
def test_whatever_a_pattern_matches_has_its_whole_segments(pattern: str, text: str) -> None:
    if glob(pattern).matches(text):
        assert whole_segments(glob(pattern)) <= set(segments_of(text))


def test_statements_that_share_a_beginning_are_found_by_what_is_rare_in_them() -> None:
    document = policy(*({"Resource": f"arn:aws:execute-api:*:*:*/GET/item{n:03}"} for n in range(100)))
    resource = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/item042"
    assert candidates(document, resource=resource) <= 2


@pytest.mark.parametrize(
    "pattern", ["arn:aws:execute-api:*:*:*-thing{n:03}-*", "arn:aws:execute-api:*:*:*thing{n:03}?"]
)
def test_statements_without_a_whole_segment_are_found_by_a_few_characters(pattern: str) -> None:
    document = policy(*({"Resource": pattern.format(n=n)} for n in range(100)))
    resource = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/some-thing042-"
    assert 1 <= candidates(document, resource=resource) <= 2
    assert candidates(document, resource=METHOD) == 0


def test_statements_without_a_whole_segment_are_found_by_how_they_begin() -> None:
    document = policy(
        *({"Resource": f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/item{n:03}*"} for n in range(99))
    )
    resource = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/item042x/GET"
    assert candidates(document, resource=resource) == 1
    assert candidates(document, resource=METHOD) == 0


def test_statements_with_nothing_rare_in_them_are_tried_one_after_another() -> None:
    document = policy(*({"Resource": f"arn:aws:s3:::*{'?' * n}x"} for n in range(40)))
    assert candidates(document, resource="arn:aws:s3:::abcx") == 40


def test_a_statement_that_covers_everything_but_some_is_always_tried() -> None:
    negated = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}
    document = parse_policy({"Version": "2012-10-17", "Statement": negated}, kind=Kind.IDENTITY)
    assert candidates(document) == 1


def test_a_statement_of_a_trust_policy_is_always_tried() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    assert candidates(parse_policy({"Version": "2012-10-17", "Statement": statement}, kind=Kind.TRUST)) == 1

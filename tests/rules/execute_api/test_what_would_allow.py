import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.rules.execute_api.support import (
    ACCOUNT,
    OTHER,
    compiled,
    make_plan,
    make_request,
    method,
    resource,
    resource_policy,
    route,
    token_authorizer,
    user,
)

from yett.policy import CallerPolicies, Kind, Outcome
from yett.rules.execute_api.authorization_flow import decide_call, screen_denies
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.deployment import AuthorizationType, EndpointType
from yett.rules.execute_api.policy_changes import Cell, apply
from yett.rules.execute_api.what_would_allow import Proposal, what_would_allow
from yett.values.http import VpcOrigin
from yett.values.identity import ANONYMOUS, AuthorizerIdentity

KINDS = AuthorizationType
VPC = VpcOrigin(vpc="vpc-1a2b3c4d", endpoint=None)
OWN = frozenset({"policy"})
PATHS = ("/pets", "/pets/7", "/vault")
ADDRESSES = ("203.0.113.7", "198.51.100.1")
BASE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc123"


def standing_of(
    name: str,
    *statements: dict[str, Any],
    account: str = ACCOUNT,
    boundary: Sequence[dict[str, Any]] | None = None,
    session: Sequence[dict[str, Any]] | None = None,
    scp: Sequence[Sequence[dict[str, Any]]] = (),
    rcp: Sequence[Sequence[dict[str, Any]]] = (),
) -> Standing:
    return Standing(
        identity=user(name, account),
        caller_policies=CallerPolicies(
            identity=compiled(Kind.IDENTITY, *statements) if statements else compiled(Kind.IDENTITY, NOTHING),
            boundary=None if boundary is None else compiled(Kind.BOUNDARY, *boundary),
            session=None if session is None else compiled(Kind.SESSION, *session),
            scp=tuple(compiled(Kind.SCP, *level) for level in scp),
            rcp=tuple(compiled(Kind.RCP, *({"Principal": "*", **each} for each in level)) for level in rcp),
            is_root=False,
        ),
    )


NOTHING = {"Action": "s3:GetObject"}


def cells(
    *standings: Standing, kind: AuthorizationType = KINDS.AWS_IAM, policy: list[dict[str, Any]] | None = None
) -> list[Cell]:
    """Every path for every standing, and from every address where nobody is known."""
    plan = make_plan(
        *(
            resource(path, method("GET", kind, **({"authorizer_id": "auth1"} if kind is KINDS.CUSTOM else {})))
            for path in ("/pets", "/pets/{id}", "/vault")
        ),
        policy=None if policy is None else resource_policy(*policy),
        **({"authorizers": (token_authorizer(),)} if kind is KINDS.CUSTOM else {}),
    )
    return [
        Cell(
            name=f"{path} {number} {address}",
            question=route(plan, make_request("GET", path, source_ip=address), path).question,
            standing=standing,
        )
        for path in PATHS
        for number, standing in enumerate(standings)
        for address in (ADDRESSES if kind is KINDS.NONE else ADDRESSES[:1])
    ]


def outcome(cell: Cell) -> Outcome:
    return decide_call(cell.question, cell.standing).outcome


def propose(matrix: list[Cell], path: str, number: int = 0, address: str = ADDRESSES[0]) -> tuple[Proposal, ...]:
    (cell,) = [each for each in matrix if each.name == f"{path} {number} {address}"]
    others = [each for each in matrix if each is not cell]
    decision = decide_call(cell.question, cell.standing)
    proposals = what_would_allow(cell.question, cell.standing, decision, own_policies=OWN, others=others)
    for proposal in proposals:
        check(proposal, cell, others)
    return proposals


def check(proposal: Proposal, cell: Cell, others: list[Cell]) -> None:
    """With the changes made the refusal is an allow, and of the matrix only what is said changes."""
    assert outcome(apply(proposal.changes, cell, made_for=cell.standing)) is Outcome.ALLOW
    for other in others:
        after = apply(proposal.changes, other, made_for=cell.standing)
        was, became = outcome(other) is Outcome.ALLOW, outcome(after) is Outcome.ALLOW
        assert (other.name in proposal.also_allows) is (became and not was)
        assert (other.name in proposal.also_denies) is (was and not became)
    json.dumps(proposal.describe())


def only_that_cell(proposals: tuple[Proposal, ...]) -> bool:
    return bool(proposals) and all(not each.also_allows and not each.also_denies for each in proposals)


def test_an_allow_of_another_path_is_named_with_what_the_call_was() -> None:
    allow = {"Sid": "Invoke", "Resource": f"{BASE}/prod/GET/pets"}
    matrix = cells(standing_of("bob", allow), standing_of("eve"))
    proposals = propose(matrix, "/pets/7")
    assert only_that_cell(proposals)
    assert any(
        "statement Invoke of policy policy allows …/prod/GET/pets, the call was …/prod/GET/pets/7: add" in each.text
        for each in proposals
    )
    assert any("the caller's own policies" in each.text for each in proposals)


def test_a_deny_of_exactly_this_call_is_taken_out() -> None:
    deny = {"Effect": "Deny", "Resource": [f"{BASE}/prod/GET/vault", f"{BASE}/prod/GET/pets"]}
    proposals = propose(cells(standing_of("bob", {}, deny)), "/vault")
    assert only_that_cell(proposals)
    assert "take …/prod/GET/vault out of the Resource of this Deny" in proposals[0].text


def test_a_deny_of_everything_spares_the_one_call() -> None:
    proposals = propose(cells(standing_of("bob", {}, {"Effect": "Deny"}), standing_of("eve", {})), "/pets")
    assert only_that_cell(proposals)
    (change,) = proposals[0].changes
    assert change.replacement[0].resource is not None
    assert change.replacement[0].resource.negated


def test_a_resource_policys_deny_goes_on_for_everybody_else() -> None:
    deny = {"Effect": "Deny", "Sid": "Closed", "Resource": f"{BASE}/*"}
    matrix = cells(standing_of("bob", {}), standing_of("eve", {}), policy=[{}, deny])
    proposals = propose(matrix, "/pets")
    assert only_that_cell(proposals)
    assert "spares arn:aws:iam" in proposals[0].text


def test_an_address_that_is_kept_out_is_spared_for_one_method_only() -> None:
    deny = {"Effect": "Deny", "Resource": f"{BASE}/*", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    matrix = cells(Standing(identity=ANONYMOUS), kind=KINDS.NONE, policy=[{}, deny])
    proposals = propose(matrix, "/pets")
    assert only_that_cell(proposals)
    assert "address 203.0.113.7" in proposals[0].text


def test_a_caller_within_a_vpc_is_let_in_by_the_address_there() -> None:
    deny = {"Effect": "Deny", "Condition": {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}}
    for policy in ([{}, deny], [{"Resource": f"{BASE}/elsewhere"}]):
        matrix = [
            structs.replace(cell, question=structs.replace(cell.question, facts=structs.replace(facts, vpc_origin=VPC)))
            for cell in cells(Standing(identity=ANONYMOUS), kind=KINDS.NONE, policy=policy)
            for facts in [cell.question.facts]
        ]
        assert propose(matrix, "/pets")


def test_where_no_narrow_change_does_what_else_would_open_is_said() -> None:
    deny = {"Effect": "Deny", "Resource": f"{BASE}/prod/GET/p*"}
    proposals = propose(cells(standing_of("bob", {}, deny)), "/pets")
    assert [each.also_allows for each in proposals] == [(f"/pets/7 0 {ADDRESSES[0]}",)]


def test_across_accounts_both_sides_are_changed() -> None:
    proposals = propose(cells(standing_of("bob", account=OTHER), standing_of("eve", account=OTHER)), "/pets")
    assert only_that_cell(proposals)
    assert {change.type.value for change in proposals[0].changes} == {"identity", "resource"}


def test_a_boundary_and_an_organization_that_are_silent_are_told_apart() -> None:
    bounded = standing_of("bob", {}, boundary=(NOTHING,))
    proposals = propose(cells(bounded), "/pets")
    assert only_that_cell(proposals)
    assert {change.type.value for each in proposals for change in each.changes} >= {"boundary"}
    guarded = standing_of("bob", {}, scp=(({},), (NOTHING,)))
    proposals = propose(cells(guarded, structs.replace(guarded, identity=user("eve"))), "/pets")
    assert only_that_cell(proposals)
    assert [(change.type.value, change.level) for change in proposals[0].changes] == [("scp", 1)]


def test_a_session_and_a_resource_control_that_are_silent_are_told_apart() -> None:
    within = standing_of("bob", {}, session=(NOTHING,))
    proposals = propose(cells(within, standing_of("eve", {})), "/pets")
    assert only_that_cell(proposals)
    assert {change.type.value for change in proposals[0].changes} == {"session"}
    guarded = standing_of("bob", {}, rcp=((NOTHING,),))
    proposals = propose(cells(guarded, structs.replace(guarded, identity=user("eve"))), "/pets")
    assert only_that_cell(proposals)
    assert [(change.type.value, change.level) for change in proposals[0].changes] == [("rcp", 0)]


@pytest.mark.parametrize("written", ["test/GET/pets", "prod/POST/pets", "prod/GET/pets/", "prod/get/pets"])
def test_a_stage_or_method_that_is_another_in_the_arn_is_named_beside_the_calls(written: str) -> None:
    matrix = cells(standing_of("bob", {"Sid": "Invoke", "Resource": f"{BASE}/{written}"}), standing_of("eve"))
    proposals = propose(matrix, "/pets")
    assert only_that_cell(proposals)
    said = f"statement Invoke of policy policy allows …/{written}, the call was …/prod/GET/pets: add {BASE}"
    assert any(each.text.startswith(said) for each in proposals)


def test_what_an_authorizer_answers_is_its_functions_to_change() -> None:
    answered = Standing(
        identity=AuthorizerIdentity(authorizer_id="auth1", principal_id="p", context={}),
        authorizer_policy=compiled(Kind.AUTHORIZER, {"Resource": f"{BASE}/prod/GET/pets"}),
    )
    proposals = propose(cells(answered, kind=KINDS.CUSTOM), "/vault")
    assert only_that_cell(proposals)
    assert all("the authorizer answers" in each.text for each in proposals)


def test_a_deny_that_spares_the_authorizer_a_call_is_lifted_for_the_address() -> None:
    deny = {"Effect": "Deny", "Sid": "Closed", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    (cell, *_) = cells(Standing(identity=ANONYMOUS), kind=KINDS.CUSTOM, policy=[{}, deny])
    decision = screen_denies(cell.question)
    assert decision is not None
    proposals = what_would_allow(cell.question, cell.standing, decision, own_policies=OWN)
    for proposal in proposals:
        changed = apply(proposal.changes, cell, made_for=cell.standing)
        assert screen_denies(changed.question) is None
    assert "it spares address 203.0.113.7" in proposals[0].text


def test_more_denies_than_people_can_follow_are_theirs_to_sort_out() -> None:
    denies = [{"Effect": "Deny", "Sid": f"No{number}"} for number in range(7)]
    assert propose(cells(standing_of("bob", {}, *denies)), "/pets") == ()


def test_a_private_api_without_a_policy_gets_one() -> None:
    (cell, *others) = cells(Standing(identity=ANONYMOUS), kind=KINDS.NONE)
    private = [
        structs.replace(
            each,
            question=structs.replace(
                each.question, plan=structs.replace(each.question.plan, endpoint_type=EndpointType.PRIVATE)
            ),
        )
        for each in (cell, *others)
    ]
    assert only_that_cell(propose(private, "/pets"))


def test_what_is_allowed_needs_nothing() -> None:
    assert propose(cells(standing_of("bob", {})), "/pets") == ()


def test_wildcards_in_a_path_are_meant_as_they_stand() -> None:
    plan = make_plan(resource("/{proxy+}", method("GET", KINDS.AWS_IAM)))
    question = route(plan, make_request("GET", "/*"), "/*").question
    standing = standing_of("bob")
    (proposal,) = what_would_allow(question, standing, decide_call(question, standing), own_policies=OWN)
    other = Cell(name="", question=route(plan, make_request("GET", "/vault"), "/vault").question, standing=standing)
    assert outcome(apply(proposal.changes, other, made_for=standing)) is Outcome.IMPLICIT_DENY


STATEMENTS = st.lists(
    st.builds(
        lambda effect, value, condition: {"Effect": effect, "Resource": value, **condition},
        st.sampled_from(["Allow", "Deny"]),
        st.sampled_from(
            [
                "*",
                f"{BASE}/*",
                f"{BASE}/prod/GET/pets",
                f"{BASE}/prod/GET/pets/*",
                f"{BASE}/*/GET/vault",
                f"{BASE}/prod/P*",
            ]
        ),
        st.sampled_from(
            [
                {},
                {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
                {"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
                {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/eve"}}},
            ]
        ),
    ),
    max_size=3,
)


@settings(max_examples=40, deadline=None)
@given(
    bob=STATEMENTS,
    eve=STATEMENTS,
    resources=st.none() | STATEMENTS.filter(bool),
    account=st.sampled_from([ACCOUNT, OTHER]),
    is_signed=st.booleans(),
)
def test_every_proposal_does_what_it_says_and_every_refusal_has_one(
    bob: list[dict[str, Any]],
    eve: list[dict[str, Any]],
    resources: list[dict[str, Any]] | None,
    account: str,
    is_signed: bool,
) -> None:
    if is_signed:
        matrix = cells(standing_of("bob", *bob, account=account), standing_of("eve", *eve), policy=resources)
    else:
        matrix = cells(Standing(identity=ANONYMOUS), kind=KINDS.NONE, policy=resources)
    for path in PATHS:
        (cell,) = [each for each in matrix if each.name == f"{path} 0 {ADDRESSES[0]}"]
        proposals = propose(matrix, path)
        assert bool(proposals) is (outcome(cell) is not Outcome.ALLOW)


@settings(max_examples=60, deadline=None)
@given(
    own=STATEMENTS,
    boundary=st.none() | STATEMENTS.filter(bool),
    session=st.none() | STATEMENTS.filter(bool),
    scp=st.lists(STATEMENTS.filter(bool), max_size=2),
    rcp=st.lists(STATEMENTS.filter(bool), max_size=1),
    resources=st.none() | STATEMENTS.filter(bool),
)
def test_of_every_kind_of_policy_a_proposal_does_what_it_says(
    own: list[dict[str, Any]],
    boundary: list[dict[str, Any]] | None,
    session: list[dict[str, Any]] | None,
    scp: list[list[dict[str, Any]]],
    rcp: list[list[dict[str, Any]]],
    resources: list[dict[str, Any]] | None,
) -> None:
    """Whatever takes part. More denies against one call than are for a machine to sort out get no proposal."""
    bob = standing_of("bob", *own, boundary=boundary, session=session, scp=scp, rcp=rcp)
    matrix = cells(bob, standing_of("eve", {}, scp=scp, rcp=rcp), policy=resources)
    for path in PATHS:
        propose(matrix, path)  # which carries each one out


@settings(max_examples=40, deadline=None)
@given(answered=STATEMENTS.filter(bool), resources=st.none() | STATEMENTS.filter(bool))
def test_of_what_an_authorizer_answers_a_proposal_does_what_it_says(
    answered: list[dict[str, Any]], resources: list[dict[str, Any]] | None
) -> None:
    standings = [
        Standing(
            identity=AuthorizerIdentity(authorizer_id="auth1", principal_id=name, context={}),
            authorizer_policy=compiled(Kind.AUTHORIZER, *statements),
        )
        for name, statements in (("bob", answered), ("eve", [{}]))
    ]
    matrix = cells(*standings, kind=KINDS.CUSTOM, policy=resources)
    for path in PATHS:
        (cell,) = [each for each in matrix if each.name == f"{path} 0 {ADDRESSES[0]}"]
        assert bool(propose(matrix, path)) is (outcome(cell) is not Outcome.ALLOW)

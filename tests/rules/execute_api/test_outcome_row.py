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
    pool_authorizer,
    resource,
    resource_policy,
    route,
    token_authorizer,
    user,
)

from yett.policy import CallerPolicies, Kind, Outcome, combine
from yett.rules.execute_api.authorization_flow import decide_call, screen_denies
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType, EndpointType
from yett.rules.execute_api.outcome_row import OutcomeRow, Table, find_row
from yett.values.identity import ANONYMOUS, PrincipalType

A, N, D = Outcome.ALLOW, Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY
KINDS = AuthorizationType
SAYS = {"allow": {}, "deny": {"Effect": "Deny"}, "nothing": {"Action": "s3:GetObject"}}


def question(kind: AuthorizationType, policy: dict[str, Any] | None = None, **more: Any) -> Question:
    authorizer_id = {KINDS.CUSTOM: "auth1", KINDS.COGNITO_USER_POOLS: "auth2"}.get(kind)
    guarded = method("GET", kind, authorizer_id=authorizer_id)
    authorizers = (token_authorizer(), pool_authorizer())
    plan = make_plan(resource("/pets", guarded), policy=policy, authorizers=authorizers, **more)
    return route(plan, make_request("GET", "/pets"), "/pets").question


def standing(account: str = ACCOUNT, *, is_root: bool = False, federated: bool = False, **sides: Any) -> Standing:
    own = {
        name: None if sides.get(name) is None else compiled(Kind(name), SAYS[sides[name]])
        for name in ("identity", "boundary", "session")
    }
    levels = {name: tuple(compiled(Kind(name), SAYS[each]) for each in sides.get(name, ())) for name in ("scp", "rcp")}
    identity_based = own["identity"]
    assert identity_based is not None
    identity = user("bob", account)
    if federated:
        arn = f"arn:aws:sts::{account}:federated-user/bob"
        identity = structs.replace(
            identity, principal_type=PrincipalType.FEDERATED_USER, arn=arn, principal_arn=arn, user_name=None
        )
    policies = CallerPolicies(
        identity=identity_based,
        boundary=own["boundary"],
        session=own["session"],
        scp=levels["scp"],
        rcp=levels["rcp"],
        is_root=is_root,
    )
    return Standing(identity=identity, caller_policies=policies)


@pytest.mark.parametrize(
    ("account", "own", "policy", "row"),
    [
        (ACCOUNT, {"identity": "allow"}, None, (Table.A, A, N, A)),
        (ACCOUNT, {"identity": "deny"}, "allow", (Table.A, D, A, D)),
        (ACCOUNT, {"identity": "nothing"}, "allow", (Table.A, N, A, A)),
        (OTHER, {"identity": "allow"}, "nothing", (Table.B, A, N, N)),
        (OTHER, {"identity": "nothing"}, "allow", (Table.B, N, A, N)),
        (ACCOUNT, {"identity": "allow", "boundary": "nothing"}, None, (Table.A, N, N, N)),
        (ACCOUNT, {"identity": "allow", "scp": ["allow", "nothing"]}, "allow", (Table.ORGANIZATION, A, A, N)),
        (ACCOUNT, {"identity": "allow", "rcp": ["nothing"]}, "deny", (Table.A, A, D, D)),
    ],
)
def test_a_signed_call_is_read_from_the_table_of_its_accounts(
    account: str, own: dict[str, Any], policy: str | None, row: tuple[object, ...]
) -> None:
    given = None if policy is None else resource_policy(SAYS[policy])
    assert find_row(question(KINDS.AWS_IAM, given), standing(account, **own)) == OutcomeRow(
        table=row[0],
        caller=row[1],
        resource=row[2],
        outcome=row[3],  # type: ignore[arg-type]
    )


def test_a_method_that_nothing_restricts_has_no_row() -> None:
    assert find_row(question(KINDS.NONE), Standing(identity=ANONYMOUS)) is None


def test_a_signed_method_without_an_iam_caller_has_no_row() -> None:
    assert find_row(question(KINDS.AWS_IAM), Standing(identity=ANONYMOUS)) is None


def test_where_nobody_is_authenticated_by_policies_the_resource_policy_decides_alone() -> None:
    for kind in (KINDS.NONE, KINDS.COGNITO_USER_POOLS):
        asked = question(kind, resource_policy(SAYS["nothing"]))
        assert find_row(asked, Standing(identity=ANONYMOUS)) == OutcomeRow(
            table=Table.RESOURCE_POLICY, caller=None, resource=N, outcome=N
        )
    private = question(KINDS.NONE, endpoint_type=EndpointType.PRIVATE)
    assert find_row(private, Standing(identity=ANONYMOUS)) == OutcomeRow(
        table=Table.RESOURCE_POLICY, caller=None, resource=N, outcome=N
    )


def test_a_deny_that_spares_the_authorizer_a_call_leaves_its_side_out() -> None:
    asked = question(KINDS.CUSTOM, resource_policy(SAYS["deny"]))
    assert screen_denies(asked) is not None
    assert find_row(asked, None) == OutcomeRow(table=Table.A, caller=None, resource=D, outcome=D)


def test_an_authorizers_answer_is_the_callers_side() -> None:
    asked = question(KINDS.CUSTOM, resource_policy(SAYS["allow"]))
    answered = Standing(identity=ANONYMOUS, authorizer_policy=compiled(Kind.IDENTITY, SAYS["nothing"]))
    assert find_row(asked, answered) == OutcomeRow(table=Table.A, caller=N, resource=A, outcome=A)


SAID = st.sampled_from(sorted(SAYS))


@settings(max_examples=300)
@given(
    account=st.sampled_from([ACCOUNT, OTHER]),
    policy=st.none() | SAID,
    principal=st.sampled_from(["*", ACCOUNT, OTHER, "bob"]),
    identity=SAID,
    boundary=st.none() | SAID,
    session=st.none() | SAID,
    scp=st.lists(SAID, max_size=2),
    rcp=st.lists(SAID, max_size=1),
    is_root=st.booleans(),
    federated=st.booleans(),
)
def test_the_row_never_disagrees_with_what_was_decided(
    account: str, policy: str | None, principal: str, is_root: bool, federated: bool, **sides: Any
) -> None:
    caller = standing(account, is_root=is_root, federated=federated, **sides)
    named = {"Principal": "*" if principal == "*" else {"AWS": principal}}
    if principal == "bob":
        named = {"Principal": {"AWS": caller.identity.arn}}  # type: ignore[union-attr]
    asked = question(KINDS.AWS_IAM, None if policy is None else resource_policy({**SAYS[policy], **named}))
    row = find_row(asked, caller)
    assert row is not None
    assert row.caller is not None
    assert row.outcome is decide_call(asked, caller).outcome
    if row.table is not Table.ORGANIZATION:
        assert row.outcome is combine(row.caller, row.resource, same_account=account == ACCOUNT)

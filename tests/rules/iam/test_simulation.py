import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy import Kind, Outcome, Principal, RequestContext, evaluate, parse_policy
from yett.policy.request import AuthorizationRequest
from yett.rules.iam.simulation import Simulation, Simulator, Source, context_keys

ACCOUNT, OTHER = "123456789012", "999999999999"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
A, N, D = Outcome.ALLOW, Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY


def statement(effect: str, action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def source(*statements: dict[str, Any], name: str = "own", kind: Kind = Kind.IDENTITY) -> Source:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return Source(id=name, type="none", text=text, document=parse_policy(text, kind=kind))


def simulator(*identity: Source, context: dict[str, str] | None = None, **more: Any) -> Simulator:
    return Simulator(
        Simulation(
            identity=identity,
            principal=Principal.from_arn(ALICE),
            account=ACCOUNT,
            context=RequestContext.of(context or {}),
            **more,
        )
    )


def names(answer: Any) -> list[str]:
    return [each.source.id for each in answer.matched]


def test_a_denial_names_the_denies_alone() -> None:
    both = simulator(source(statement("Allow"), name="a"), source(statement("Deny", "s3:*"), name="d"))
    denied = both.ask("s3:GetObject", "*")
    assert (denied.outcome, names(denied)) == (D, ["d"])
    allowed = both.ask("iam:GetUser", "*")
    assert (allowed.outcome, names(allowed)) == (A, ["a"])
    assert simulator().ask("s3:GetObject", "*").outcome is N


def test_a_boundary_and_the_organization_each_say_their_word() -> None:
    boundary = source(statement("Allow", "s3:*"), kind=Kind.BOUNDARY)
    levels = ((source(statement("Allow"), kind=Kind.SCP),), (source(statement("Allow", "s3:Get*"), kind=Kind.SCP),))
    bound = simulator(source(statement("Allow")), boundary=boundary, organization=levels)
    expected = {
        "s3:GetObject": (A, True, True),
        "s3:PutObject": (N, True, False),
        "iam:GetUser": (N, False, False),
    }
    for action, values in expected.items():
        answer = bound.ask(action, "*")
        assert (answer.outcome, answer.within_boundary, answer.within_organization) == values
    plain = simulator(source(statement("Allow"))).ask("s3:GetObject", "*")
    assert (plain.within_boundary, plain.within_organization) == (None, None)


def test_across_accounts_both_sides_must_allow_and_each_is_told() -> None:
    resource = source(statement("Allow", Principal={"AWS": ALICE}), name="ResourcePolicy", kind=Kind.RESOURCE)
    arn = f"arn:aws:sqs:us-east-1:{OTHER}:queue"
    one_sided = simulator(resource=resource).ask("sqs:SendMessage", arn)
    assert (one_sided.outcome, one_sided.details) == (N, {"IAM Policy": N, "Resource Policy": A})
    both = simulator(source(statement("Allow")), resource=resource).ask("sqs:SendMessage", arn)
    assert (both.outcome, names(both)) == (A, ["own", "ResourcePolicy"])
    here = simulator(resource=resource).ask("sqs:SendMessage", arn.replace(OTHER, ACCOUNT))
    assert (here.outcome, here.details) == (A, None)
    owned = simulator(resource=resource, owner=OTHER).ask("s3:GetObject", "arn:aws:s3:::bucket/key")
    assert owned.outcome is N
    alone = simulator(source(statement("Allow"))).ask("sqs:SendMessage", arn)
    assert (alone.outcome, alone.details) == (A, None)


@pytest.mark.parametrize(
    ("own", "context", "missing"),
    [
        (statement("Allow", Condition={"StringEquals": {"aws:Foo": "x"}}), {}, ("aws:Foo",)),
        (statement("Allow", Condition={"StringEquals": {"aws:Foo": "x"}}), {"AWS:foo": "y"}, ()),
        (statement("Allow", "iam:*", Condition={"StringEquals": {"aws:Foo": "x"}}), {}, ()),
        (statement("Allow", resource="arn:aws:s3:::${aws:username}/*"), {}, ("aws:username",)),
        (statement("Allow", resource="arn:aws:s3:::${aws:username, 'x'}/*"), {}, ()),
        (statement("Deny", Condition={"StringNotEquals": {"aws:Foo": "x"}}), {}, ("aws:Foo",)),
    ],
)
def test_keys_that_statements_about_the_action_ask_for_are_missed(
    own: dict[str, Any], context: dict[str, str], missing: tuple[str, ...]
) -> None:
    assert simulator(source(own), context=context).ask("s3:GetObject", "*").missing == missing


def test_every_key_of_conditions_and_variables_is_listed_once() -> None:
    first = statement("Allow", Condition={"StringEquals": {"aws:Foo": "${aws:Bar}"}, "Null": {"AWS:FOO": "true"}})
    second = statement("Deny", resource="arn:aws:s3:::${aws:username}")
    assert context_keys([source(first, second).document]) == ("aws:Foo", "aws:bar", "aws:username")


STATEMENTS = st.lists(
    st.builds(
        statement,
        st.sampled_from(["Allow", "Deny"]),
        st.sampled_from(["*", "s3:*", "s3:GetObject", "iam:*"]),
        st.sampled_from(["*", "arn:aws:s3:::a", "arn:aws:s3:::b*"]),
    ),
    min_size=1,
    max_size=5,
)


@given(STATEMENTS, st.sampled_from(["s3:GetObject", "s3:PutObject", "iam:GetUser"]))
def test_a_simulation_says_what_an_evaluation_says(statements: list[dict[str, Any]], action: str) -> None:
    own = source(*statements)
    answer = simulator(own).ask(action, "arn:aws:s3:::a")
    request = AuthorizationRequest(
        action=action,
        resource="arn:aws:s3:::a",
        principal=Principal.from_arn(ALICE),
        resource_account=ACCOUNT,
        context=RequestContext.of({}),
    )
    assert answer.outcome is evaluate([own.document], request).outcome
    assert bool(answer.matched) is (answer.outcome is not N)

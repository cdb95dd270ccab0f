import json
from collections.abc import Mapping

import pytest
from msgspec import structs
from tests.rules.execute_api.support import user

from yett.policy import (
    AuthorizationRequest,
    CallerPolicies,
    Decision,
    Kind,
    NamedPolicy,
    Outcome,
    PolicyType,
    Principal,
    RequestContext,
    compile_policies,
    decide,
    parse_policy,
)
from yett.rules.sts.authorization_message import Denial, render_denial
from yett.values.errors import Refusal

NONE = compile_policies([], actions=None)


def named(name: str, *statements: Mapping[str, object]) -> NamedPolicy:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return NamedPolicy(name, parse_policy(document, kind=Kind.IDENTITY))


def compiled(name: str, *statements: Mapping[str, object]) -> object:
    return compile_policies([named(name, *statements)], actions=None)


def untold() -> None:
    raise Refusal("nobody knows")


def denial(**policies: object) -> Denial:
    """A denial of iam:ListUsers by these policies."""
    identity = user()
    held = {"identity": NONE, "boundary": None, "session": None, "scp": (), "rcp": (), "is_root": False, **policies}
    request = AuthorizationRequest(
        action="iam:ListUsers",
        resource="*",
        principal=Principal.iam(identity),
        resource_account=identity.account,
        context=RequestContext.of({"aws:SourceIp": "::1", "dynamodb:LeadingKeys": untold, "aws:None": None}),
    )
    caller = CallerPolicies(**held)  # type: ignore[arg-type]
    decision = decide(request, caller=caller, resource_policy=None, same_account=True)
    assert decision.outcome is not Outcome.ALLOW
    return Denial(request=request, decision=decision, identity=identity, policies=caller)


def matched(found: Denial) -> list[str]:
    message = render_denial(found, conditions=None, statements=True)
    return [each["statementId"] for each in message["matchedStatements"]["items"]]  # type: ignore[index]


DENY = {"Sid": "No", "Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::a"}
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize("place", ["identity", "boundary", "session"])
def test_a_statement_of_the_caller_s_own_side_is_told(place: str) -> None:
    found = denial(**{"identity": compiled("a", ALLOW), place: compiled("b", ALLOW, DENY)})
    assert matched(found) == ["No"]
    (statement,) = render_denial(found, conditions=None, statements=True)["matchedStatements"]["items"]  # type: ignore[index]
    assert statement["actions"] == {"items": [{"value": "s3:*"}]}
    assert statement["resources"] == {"items": [{"value": "arn:aws:s3:::a"}]}


def test_among_many_policies_the_one_that_denied_is_found() -> None:
    other, another = ({**DENY, "Sid": sid, "NotAction": "iam:*"} for sid in ("Other", "Another"))
    policies = [named("a", ALLOW, other), named("b", other, another), named("b", other, DENY), named("c", DENY)]
    assert matched(denial(identity=compile_policies(policies, actions=None))) == ["No"]


@pytest.mark.parametrize("place", ["scp", "rcp"])
def test_a_guardrail_s_is_not(place: str) -> None:
    found = denial(**{"identity": compiled("a", ALLOW), place: (compiled("b", ALLOW, DENY),)})
    assert found.decision.outcome is Outcome.EXPLICIT_DENY
    assert matched(found) == []


def test_a_resource_policy_s_is_not() -> None:
    found = denial(identity=compiled("a", DENY))
    assert found.decision.statement is not None
    by_resource = Decision(Outcome.EXPLICIT_DENY, PolicyType.RESOURCE, found.decision.statement)
    assert matched(structs.replace(found, decision=by_resource)) == []


def test_what_nobody_can_tell_and_what_is_absent_is_left_out() -> None:
    message = render_denial(denial(), conditions=None, statements=True)
    assert message["context"]["conditions"]["items"] == [  # type: ignore[index]
        {"key": "aws:sourceip", "values": {"items": [{"value": "::1"}]}}
    ]
    assert render_denial(denial(), conditions=0, statements=True)["context"]["conditions"] == {"items": []}  # type: ignore[index]


def test_a_message_can_do_without_statements() -> None:
    message = render_denial(denial(identity=compiled("a", DENY)), conditions=None, statements=False)
    assert (message["explicitDeny"], message["matchedStatements"]) == (True, {"items": []})

import json

from tests.policy.support import STATEMENT

from yett.policy import Kind, NamedPolicy, parse_policy
from yett.policy.document import name_policies


def test_a_statement_without_an_array_stays_without_one() -> None:
    lone = parse_policy({"Version": "2012-10-17", "Statement": STATEMENT}, kind=Kind.IDENTITY)
    listed = parse_policy({"Version": "2012-10-17", "Statement": [STATEMENT]}, kind=Kind.IDENTITY)
    assert json.loads(lone.render())["Statement"] == STATEMENT
    assert json.loads(listed.render())["Statement"] == [STATEMENT]


def test_everything_that_was_written_is_rendered() -> None:
    statement = {
        "Sid": "x",
        "Effect": "Deny",
        "NotPrincipal": {"AWS": ["123456789012", "*"], "Service": "lambda.amazonaws.com"},
        "NotAction": ["a:b", "c:d"],
        "NotResource": "arn:aws:s3:::x",
        "Condition": {"StringLike": {"a": ["b", "c"], "d": "e"}, "Bool": {"f": "true"}},
    }
    document = {"Version": "2012-10-17", "Id": "name", "Statement": [statement]}
    assert json.loads(parse_policy(document, kind=Kind.RESOURCE).render()) == document


def test_a_policy_without_a_name_is_called_by_its_id() -> None:
    document = parse_policy({"Id": "i", "Statement": STATEMENT}, kind=Kind.AUTHORIZER)
    assert [item.name for item in name_policies([document, NamedPolicy("n", document)])] == ["i", "n"]

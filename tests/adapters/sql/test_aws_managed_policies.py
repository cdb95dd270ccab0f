import json

from moto.iam.aws_managed_policies import aws_managed_policies_data

from yett.adapters.sql.aws_managed_policies import aws_managed_policies
from yett.policy import Kind, parse_policy


def plain(document: dict[str, list[dict[str, object]]]) -> list[str]:
    """Statements without their names, elements in any order."""

    def element(value: object) -> object:
        return sorted(value) if isinstance(value, list) else [value] if isinstance(value, str) else value

    statements = [{key: element(each[key]) for key in each if key != "Sid"} for each in document["Statement"]]
    return sorted(json.dumps(each, sort_keys=True) for each in statements)


def test_every_one_is_a_policy() -> None:
    for policy in aws_managed_policies().values():
        parse_policy(policy.document, kind=Kind.IDENTITY)


def test_they_say_what_another_listing_of_the_same_version_says() -> None:
    listed = json.loads(aws_managed_policies_data)
    compared = 0
    for policy in aws_managed_policies().values():
        other = listed.get(policy.name)
        if other is not None and other["DefaultVersionId"] == policy.default_version_id:
            assert plain(json.loads(policy.document)) == plain(other["Document"]), policy.arn
            assert other["Path"] == policy.path
            compared += 1
    assert compared

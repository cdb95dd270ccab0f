import json
from datetime import datetime

from moto.iam.aws_managed_policies import aws_managed_policies_data

from yett.adapters.sql.aws_managed_policies import aws_managed_policies
from yett.policy import Kind, parse_policy


def test_every_one_is_a_policy() -> None:
    for policy in aws_managed_policies().values():
        parse_policy(policy.document, kind=Kind.IDENTITY)


def test_they_say_to_the_letter_what_another_listing_says() -> None:
    listed = json.loads(aws_managed_policies_data)
    for policy in aws_managed_policies().values():
        other = listed[policy.name]
        assert (policy.path, policy.default_version_id) == (other["Path"], other["DefaultVersionId"]), policy.arn
        assert policy.created_at == datetime.fromisoformat(other["CreateDate"]), policy.arn
        assert policy.updated_at == datetime.fromisoformat(other["UpdateDate"]), policy.arn
        document = json.loads(policy.document)
        statements = other["Document"]["Statement"]
        assert document["Version"] == other["Document"]["Version"]
        assert document["Statement"] == (statements if isinstance(statements, list) else [statements]), policy.arn

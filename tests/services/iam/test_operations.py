import pytest
from tests.services.aws import ACCOUNT, Aws, allow

from yett.services.perform import faults_of, table_of
from yett.wire import service_model


@pytest.mark.parametrize("service", ["iam", "sts", "organizations"])
def test_every_operation_is_offered_or_has_a_reason_and_a_permission(service: str) -> None:
    table = table_of(service)
    assert faults_of(service, table) == []
    assert set(service_model(service).operations) == set(table.operations) | set(table.not_offered)


async def test_a_key_is_looked_up_by_whoever_may_see_its_user(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:GetAccessKeyLastUsed", f"arn:aws:iam::{ACCOUNT}:user/dev/*"))
    bob = await aws.user("bob", path="/dev/")
    await aws.do("iam:GetAccessKeyLastUsed", alice, AccessKeyId=bob.identity.access_key_id)
    for key in (alice.identity.access_key_id, "AKIA" + "A" * 16):
        assert (await aws.refused("iam:GetAccessKeyLastUsed", alice, AccessKeyId=key))[0] == "AccessDenied"

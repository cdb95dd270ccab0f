import base64
import json
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.services.aws import ACCOUNT, Aws, allow, deny, policy

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.rules.sts.authorization_message import FEWER_CONDITIONS
from yett.services.call import ServiceError
from yett.services.sts.authorization_message import encode_denial

INVALID = ("InvalidAuthorizationMessageException", "Message is not valid")


async def denial_of(aws: Aws, operation: str, caller: Caller, **params: Any) -> str:
    """The message of a refusal."""
    with pytest.raises(ServiceError) as refused:
        await aws.do(operation, caller, **params)
    assert refused.value.denial is not None
    message = encode_denial(refused.value.denial, aws.ports, now=aws.time)
    assert message is not None
    return message


async def decoded(aws: Aws, message: str) -> dict[str, Any]:
    answer = await aws.do("sts:DecodeAuthorizationMessage", EncodedMessage=message)
    found: dict[str, Any] = json.loads(answer["DecodedMessage"])
    return found


def conditions(message: dict[str, Any]) -> dict[str, list[str]]:
    return {
        each["key"]: [value["value"] for value in each["values"]["items"]]
        for each in message["context"]["conditions"]["items"]
    }


async def test_what_nothing_allowed_is_told_with_its_context(aws: Aws) -> None:
    alice = await aws.user("alice")
    tags = [{"Key": "team", "Value": "red"}]
    await aws.do("iam:CreateUser", UserName="bob", Path="/x/", Tags=tags)
    message = await decoded(aws, await denial_of(aws, "iam:GetUser", alice, UserName="bob"))
    assert {name: message[name] for name in ("allowed", "explicitDeny")} == {"allowed": False, "explicitDeny": False}
    assert message["matchedStatements"] == message["failures"] == {"items": []}
    assert message["context"]["principal"] == {
        "id": alice.identity.user_id,
        "name": "alice",
        "arn": alice.identity.arn,
    }
    assert message["context"]["action"] == "iam:GetUser"
    assert message["context"]["resource"] == f"arn:aws:iam::{ACCOUNT}:user/x/bob"
    known = conditions(message)
    assert known["aws:resourcetag/team"] == ["red"]
    assert known["aws:sourceip"] == ["127.0.0.1"]
    assert known["aws:username"] == ["alice"]


async def test_the_statement_that_denied_is_told(aws: Aws) -> None:
    condition = {"IpAddress": {"aws:SourceIp": ["127.0.0.0/8", "10.0.0.0/8"]}}
    alice = await aws.user("alice", allow("*"), deny(["iam:List*", "iam:Get*"], Sid="NoLooking", Condition=condition))
    message = await decoded(aws, await denial_of(aws, "iam:ListUsers", alice))
    assert message["explicitDeny"] is True
    assert message["matchedStatements"]["items"] == [
        {
            "statementId": "NoLooking",
            "effect": "DENY",
            "principals": {"items": [{"value": alice.identity.user_id}]},
            "principalGroups": {"items": []},
            "actions": {"items": [{"value": "iam:List*"}, {"value": "iam:Get*"}]},
            "resources": {"items": [{"value": "*"}]},
            "conditions": {
                "items": [
                    {
                        "key": "aws:SourceIp",
                        "values": {"items": [{"value": "127.0.0.0/8"}, {"value": "10.0.0.0/8"}]},
                    }
                ]
            },
        }
    ]


async def test_of_two_policies_of_one_name_the_one_that_denied_is_told(aws: Aws) -> None:
    await aws.user("alice", deny("iam:ListRoles", Sid="Roles"))
    await aws.do("iam:CreateGroup", GroupName="devs")
    document = policy(deny("iam:ListUsers", Sid="Users"))
    await aws.do("iam:PutGroupPolicy", GroupName="devs", PolicyName="own", PolicyDocument=document)
    await aws.do("iam:AddUserToGroup", GroupName="devs", UserName="alice")
    alice = await aws.ports.callers.user(f"arn:aws:iam::{ACCOUNT}:user/alice")
    assert alice is not None
    message = await decoded(aws, await denial_of(aws, "iam:ListUsers", alice))
    (statement,) = message["matchedStatements"]["items"]
    assert statement["statementId"] == "Users"


async def test_a_guardrail_denies_without_being_shown(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    made = await aws.do("organizations:CreateAccount", AccountName="a", Email="a@b.co")
    status = await aws.do(
        "organizations:DescribeCreateAccountStatus", CreateAccountRequestId=made["CreateAccountStatus"]["Id"]
    )
    member = status["CreateAccountStatus"]["AccountId"]
    (root,) = (await aws.do("organizations:ListRoots"))["Roots"]
    kind = "SERVICE_CONTROL_POLICY"
    await aws.do("organizations:EnablePolicyType", RootId=root["Id"], PolicyType=kind)
    content = policy({"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*", "Sid": "Guard"})
    scp = await aws.do("organizations:CreatePolicy", Name="p", Description="", Type=kind, Content=content)
    target = {"PolicyId": scp["Policy"]["PolicySummary"]["Id"], "TargetId": member}
    await aws.do("organizations:AttachPolicy", **target)
    caller = await aws.ports.callers.root(member)
    message = await denial_of(aws, "iam:ListUsers", caller)
    told = json.loads(
        (await aws.do("sts:DecodeAuthorizationMessage", caller, EncodedMessage=message))["DecodedMessage"]
    )
    assert (told["explicitDeny"], told["matchedStatements"]) == (True, {"items": []})


async def test_decoding_needs_permission_and_the_account_s_own_message(aws: Aws) -> None:
    alice = await aws.user("alice")
    message = await denial_of(aws, "iam:ListUsers", alice)
    assert (await aws.refused("sts:DecodeAuthorizationMessage", alice, EncodedMessage=message))[0] == "AccessDenied"
    bob = await aws.user("bob", allow("sts:DecodeAuthorizationMessage"))
    assert (await aws.do("sts:DecodeAuthorizationMessage", bob, EncodedMessage=message))["DecodedMessage"]
    other = await aws.ports.callers.root("999999999999")
    assert await aws.refused("sts:DecodeAuthorizationMessage", other, EncodedMessage=message) == INVALID


async def test_a_message_is_good_for_a_day(aws: Aws) -> None:
    message = await denial_of(aws, "iam:ListUsers", await aws.user("alice"))
    aws.pass_time(hours=24)
    assert (await decoded(aws, message))["allowed"] is False
    aws.pass_time(seconds=1)
    assert await aws.refused("sts:DecodeAuthorizationMessage", EncodedMessage=message) == INVALID


@pytest.mark.parametrize("message", ["A", "A" * 10_240, "eyJhbGciOiJub25lIn0", "\n", "é"])
async def test_what_is_no_message_is_refused(aws: Aws, message: str) -> None:
    assert await aws.refused("sts:DecodeAuthorizationMessage", EncodedMessage=message) == INVALID


async def test_one_that_is_too_long_or_empty_breaks_the_model(aws: Aws) -> None:
    for message in ("", "A" * 10_241):
        assert (await aws.refused("sts:DecodeAuthorizationMessage", EncodedMessage=message))[0] == "ValidationError"


def opaque(noise: random.Random, amount: int) -> str:
    """Text that does not get shorter when it is compressed, but for what base 64 adds."""
    return base64.b64encode(noise.randbytes(amount)).decode()


async def test_a_denial_of_which_nothing_fits_has_no_message(aws: Aws) -> None:
    class Narrow:
        """A port for which everything is too long."""

        asked = 0

        def seal(self, text: str, *, account: str) -> None:
            self.asked += 1

    alice = await aws.user("alice")
    with pytest.raises(ServiceError) as refused:
        await aws.do("iam:ListUsers", alice)
    assert refused.value.denial is not None
    narrow = Narrow()
    ports = cast(Ports, SimpleNamespace(authorization_messages=narrow))
    assert encode_denial(refused.value.denial, ports, now=aws.time) is None
    assert narrow.asked == 2 * len(FEWER_CONDITIONS)


async def test_a_denial_that_would_be_too_long_is_told_in_part(aws: Aws) -> None:
    noise = random.Random(1)
    alice = await aws.user("alice", deny([f"iam:{noise.randbytes(20).hex()}", "iam:*"], Sid="Long"))
    tags = [{"Key": opaque(noise, 90), "Value": opaque(noise, 189)} for _ in range(50)]
    await aws.do("iam:TagUser", UserName="alice", Tags=tags)
    alice = await aws.resolve(alice.identity.access_key_id)
    message = await decoded(aws, await denial_of(aws, "iam:ListUsers", alice))
    assert message["explicitDeny"] is True
    assert message["context"]["action"] == "iam:ListUsers"
    assert len(conditions(message)) in FEWER_CONDITIONS  # of more than fifty
    assert conditions(message)["aws:username"] == ["alice"]
    assert message["matchedStatements"]["items"][0]["statementId"] == "Long"

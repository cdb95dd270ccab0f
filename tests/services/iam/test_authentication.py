"""Who signed a request: botocore signs, authentication tells."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.services.aws import Aws, trust

from yett.ports.callers import CredentialFault, CredentialsRefused
from yett.services.iam import authentication
from yett.services.iam.authentication import authenticate
from yett.sigv4 import Fault, SignatureRefused, verify
from yett.values.http import Headers, HttpRequest


async def key_of(aws: Aws, name: str = "alice") -> dict[str, str]:
    await aws.do("iam:CreateUser", UserName=name)
    key: dict[str, str] = (await aws.do("iam:CreateAccessKey", UserName=name))["AccessKey"]
    return key


async def who(aws: Aws, request: HttpRequest, **more: Any) -> str:
    options = {"service": "iam", "region": "us-east-1", "skew_seconds": 900, **more}
    return (await authenticate(request, aws.ports, **options)).identity.arn


async def test_a_signature_tells_its_user_and_is_noted(aws: Aws) -> None:
    key = await key_of(aws)
    request = aws.signed(key)
    for _ in range(2):  # from the store, then from memory
        assert (await who(aws, request)).endswith(":user/alice")
    used = await aws.do("iam:GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])
    assert used["AccessKeyLastUsed"]["ServiceName"] == "iam"
    assert used["AccessKeyLastUsed"]["LastUsedDate"] == request.received_at


async def test_a_session_is_told_by_its_token(aws: Aws) -> None:
    alice = await aws.user("alice")
    role = await aws.role("r", trust({"AWS": alice.identity.arn}))
    aws.time = aws.signed({"AccessKeyId": "A", "SecretAccessKey": "B"}).received_at
    answer = await aws.do("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="ss")
    credentials = answer["Credentials"]
    assert (await who(aws, aws.signed(credentials))).endswith(":assumed-role/r/ss")
    bare = {name: value for name, value in credentials.items() if name != "SessionToken"}
    with pytest.raises(CredentialsRefused) as refused:
        await who(aws, aws.signed(bare))
    assert refused.value.fault is CredentialFault.SESSION_TOKEN_INVALID


async def test_a_signature_of_a_session_is_a_use_of_its_role(aws: Aws) -> None:
    alice = await aws.user("alice")
    role = await aws.role("r", trust({"AWS": alice.identity.arn}))
    aws.time = aws.signed({"AccessKeyId": "A", "SecretAccessKey": "B"}).received_at
    answer = await aws.do("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="ss")

    async def told() -> list[Any]:
        details = await aws.do("iam:GetAccountAuthorizationDetails", Filter=["Role"])
        return [
            (await aws.do("iam:GetRole", RoleName="r"))["Role"]["RoleLastUsed"],
            details["RoleDetailList"][0]["RoleLastUsed"],
        ]

    assert await told() == [{}, {}]  # to be assumed is no use yet
    for _ in range(2):  # from the store, then from memory
        request = aws.signed(answer["Credentials"])
        await who(aws, request)
        assert await told() == [{"LastUsedDate": request.received_at, "Region": "us-east-1"}] * 2
    assert "RoleLastUsed" not in (await aws.do("iam:ListRoles"))["Roles"][0]
    aws.pass_time(days=399)
    assert (await told())[0] != {}
    aws.pass_time(days=2)
    assert await told() == [{}, {}]


async def test_a_session_of_a_user_is_no_use_of_a_role_or_key(aws: Aws) -> None:
    alice = await aws.user("alice")
    aws.time = aws.signed({"AccessKeyId": "A", "SecretAccessKey": "B"}).received_at
    answer = await aws.do("sts:GetSessionToken", alice)
    await who(aws, aws.signed(answer["Credentials"]))
    used = await aws.do("iam:GetAccessKeyLastUsed", AccessKeyId=alice.identity.access_key_id)
    assert "LastUsedDate" not in used["AccessKeyLastUsed"]


async def test_what_was_changed_after_signing_is_refused(aws: Aws) -> None:
    request = aws.signed(await key_of(aws))
    await who(aws, request)
    with pytest.raises(SignatureRefused) as refused:
        await who(aws, msgspec.structs.replace(request, body=b"Action=DeleteUser"))
    assert refused.value.fault is Fault.MISMATCH


async def test_another_secret_is_refused(aws: Aws) -> None:
    key = await key_of(aws)
    with pytest.raises(SignatureRefused) as refused:
        await who(aws, aws.signed({**key, "SecretAccessKey": "x" * 40}))
    assert refused.value.fault is Fault.MISMATCH


async def test_an_unknown_key_is_verified_all_the_same_and_refused(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    def count(*arguments: Any, **options: Any) -> Any:
        verified.append("once")
        return verify(*arguments, **options)

    monkeypatch.setattr(authentication, "verify", count)
    # Not even whoever signs with the decoy's own secret comes in.
    for secret in ("x" * 40, authentication.DECOY.reveal()):
        with pytest.raises(CredentialsRefused) as refused:
            await who(aws, aws.signed({"AccessKeyId": "AKIAUNKNOWN", "SecretAccessKey": secret}))
        assert refused.value.fault is CredentialFault.UNKNOWN_ACCESS_KEY
    assert len(verified) == 2


async def test_an_unsigned_request_is_nobodys(aws: Aws) -> None:
    request = msgspec.structs.replace(aws.signed(await key_of(aws)), headers=Headers((("Host", "localhost"),)))
    with pytest.raises(SignatureRefused) as refused:
        await who(aws, request)
    assert refused.value.fault is Fault.NONE_PRESENT


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"service": "sts"}, Fault.CREDENTIAL_SCOPE), ({"region": "eu-west-1"}, Fault.CREDENTIAL_SCOPE)],
)
async def test_a_signature_for_another_use_is_refused(aws: Aws, options: dict[str, str], fault: Fault) -> None:
    with pytest.raises(SignatureRefused) as refused:
        await who(aws, aws.signed(await key_of(aws)), **options)
    assert refused.value.fault is fault


async def test_an_old_signature_is_refused(aws: Aws) -> None:
    request = aws.signed(await key_of(aws))
    late = msgspec.structs.replace(request, received_at=request.received_at + timedelta(seconds=902))
    with pytest.raises(SignatureRefused) as refused:
        await who(aws, late)
    assert refused.value.fault is Fault.EXPIRED

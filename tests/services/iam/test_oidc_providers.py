from typing import Any

import pytest
from msgspec import structs
from tests.services.aws import ACCOUNT, Aws, allow, deny

URL = "https://issuer.example/tenant"
ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example/tenant"
THUMBPRINT = "a" * 40


async def create(aws: Aws, **more: Any) -> str:
    made = await aws.do("iam:CreateOpenIDConnectProvider", **{"Url": URL, "ClientIDList": ["app"], **more})
    return str(made["OpenIDConnectProviderArn"])


async def get(aws: Aws, arn: str = ARN) -> dict[str, Any]:
    return await aws.do("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)


async def test_a_provider_is_kept_as_it_was_given(aws: Aws) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    assert await create(aws, ThumbprintList=[THUMBPRINT], Tags=tags) == ARN
    assert await get(aws) == {
        "Url": "issuer.example/tenant",
        "ClientIDList": ["app"],
        "ThumbprintList": [THUMBPRINT],
        "CreateDate": aws.time,
        "Tags": tags,
    }
    assert (await aws.do("iam:ListOpenIDConnectProviders"))["OpenIDConnectProviderList"] == [{"Arn": ARN}]
    assert (await aws.do("iam:GetAccountSummary"))["SummaryMap"]["Providers"] == 1


async def test_a_slash_or_another_case_makes_another_provider(aws: Aws) -> None:
    arns = [await create(aws, Url=url) for url in (URL, URL + "/", "https://issuer.example/Tenant")]
    listed = (await aws.do("iam:ListOpenIDConnectProviders"))["OpenIDConnectProviderList"]
    assert sorted(each["Arn"] for each in listed) == sorted(set(arns))
    assert len(listed) == 3
    assert await aws.refused("iam:CreateOpenIDConnectProvider", Url=URL) == (
        "EntityAlreadyExists",
        f"Provider with url {URL} already exists.",
    )


INVALID = "Invalid Open ID Connect Provider URL"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("issuer.example", ("ValidationError", INVALID)),
        ("https://", ("ValidationError", INVALID)),
        ("https://issuer.example:port", ("ValidationError", INVALID)),
        ("http://issuer.example", ("InvalidInput", f"{INVALID}. The URL must begin with https://.")),
        ("https://me@issuer.example", ("InvalidInput", f"{INVALID}.")),
        ("https://issuer.example?tenant", ("InvalidInput", f"{INVALID}.")),
        ("https://issuer.example#tenant", ("InvalidInput", f"{INVALID}.")),
        ("https://issuer.example:8443", ("InvalidInput", f"{INVALID}.")),
        ("https://issuer.example/*", ("InvalidInput", f"{INVALID}.")),
    ],
)
async def test_a_url_that_is_no_issuers_is_refused(aws: Aws, url: str, expected: tuple[str, str]) -> None:
    settings = structs.replace(aws.ports.settings, permits_private_upstreams=False)
    aws.ports.settings = settings  # type: ignore[misc]
    assert await aws.refused("iam:CreateOpenIDConnectProvider", Url=url) == expected


async def test_a_loopback_listener_takes_local_issuers(aws: Aws) -> None:
    arn = await create(aws, Url="http://localhost:4566/us-east-1_abc")
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/localhost:4566/us-east-1_abc"
    assert (await get(aws, arn))["Url"] == "localhost:4566/us-east-1_abc"


async def test_client_ids_come_and_go_without_complaint(aws: Aws) -> None:
    await create(aws)
    named: dict[str, Any] = {"OpenIDConnectProviderArn": ARN}
    for _ in range(2):
        await aws.do("iam:AddClientIDToOpenIDConnectProvider", ClientID="other", **named)
    assert (await get(aws))["ClientIDList"] == ["app", "other"]
    for _ in range(2):
        await aws.do("iam:RemoveClientIDFromOpenIDConnectProvider", ClientID="app", **named)
    assert (await get(aws))["ClientIDList"] == ["other"]


async def test_the_quotas_hold(aws: Aws) -> None:
    over = ("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
    ids = [str(number) for number in range(101)]
    assert await aws.refused("iam:CreateOpenIDConnectProvider", Url=URL, ClientIDList=ids) == over
    await create(aws, ClientIDList=ids[:100])
    named: dict[str, Any] = {"OpenIDConnectProviderArn": ARN}
    assert await aws.refused("iam:AddClientIDToOpenIDConnectProvider", ClientID="one-more", **named) == over
    await aws.do("iam:AddClientIDToOpenIDConnectProvider", ClientID="99", **named)
    thumbprints = [str(number) * 40 for number in range(6)]
    await aws.do("iam:UpdateOpenIDConnectProviderThumbprint", ThumbprintList=thumbprints[:5], **named)
    assert (await get(aws))["ThumbprintList"] == thumbprints[:5]
    code, _ = await aws.refused("iam:UpdateOpenIDConnectProviderThumbprint", ThumbprintList=thumbprints, **named)
    assert code == "InvalidInput"
    code, _ = await aws.refused("iam:UpdateOpenIDConnectProviderThumbprint", ThumbprintList=["short"], **named)
    assert code == "ValidationError"
    for number in range(99):
        await create(aws, Url=f"{URL}{number}")
    assert (await aws.refused("iam:CreateOpenIDConnectProvider", Url="https://x.example"))[0] == "LimitExceeded"


async def test_tags_come_and_go_and_are_weighed(aws: Aws) -> None:
    await create(aws)
    named: dict[str, Any] = {"OpenIDConnectProviderArn": ARN}
    await aws.do("iam:TagOpenIDConnectProvider", Tags=[{"Key": "team", "Value": "a"}], **named)
    assert (await aws.do("iam:ListOpenIDConnectProviderTags", **named))["Tags"] == [{"Key": "team", "Value": "a"}]
    condition = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    alice = await aws.user("alice", allow("iam:*OpenIDConnectProvider*", ARN, Condition=condition))
    await aws.do("iam:GetOpenIDConnectProvider", alice, **named)
    await aws.do("iam:UntagOpenIDConnectProvider", TagKeys=["TEAM"], **named)
    assert (await aws.refused("iam:GetOpenIDConnectProvider", alice, **named))[0] == "AccessDenied"
    empty: tuple[tuple[str, dict[str, Any]], ...] = (
        ("TagOpenIDConnectProvider", {"Tags": []}),
        ("UntagOpenIDConnectProvider", {"TagKeys": []}),
    )
    for operation, params in empty:
        assert (await aws.refused(f"iam:{operation}", **params, **named))[0] == "InvalidInput"


async def test_a_provider_that_is_not_there_is_deleted_and_otherwise_not_found(aws: Aws) -> None:
    await create(aws)
    for _ in range(2):
        await aws.do("iam:DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)
    assert await aws.refused("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN) == (
        "NoSuchEntity",
        f"OpenIDConnect Provider not found for arn {ARN}",
    )
    code, _ = await aws.refused(
        "iam:UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=ARN, ThumbprintList=[]
    )
    assert code == "NoSuchEntity"
    code, _ = await aws.refused("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn="x" * 20)
    assert code == "ValidationError"
    code, _ = await aws.refused("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN.replace("oidc", "saml"))
    assert code == "ValidationError"


async def test_making_one_needs_the_permission_on_its_arn(aws: Aws) -> None:
    alice = await aws.user("alice", allow("iam:CreateOpenIDConnectProvider", ARN))
    await aws.do("iam:CreateOpenIDConnectProvider", alice, Url=URL)
    assert (await aws.refused("iam:CreateOpenIDConnectProvider", alice, Url=f"{URL}2"))[0] == "AccessDenied"
    other = ARN.replace(ACCOUNT, "999999999999")
    assert (await aws.refused("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=other))[0] == "AccessDenied"


@pytest.mark.parametrize(("part", "other"), [("arn:aws:", "arn:aws-cn:"), (":iam::", ":iam:us-east-1:")])
async def test_no_other_way_to_write_an_arn_steps_past_a_deny(aws: Aws, part: str, other: str) -> None:
    await create(aws)
    alice = await aws.user("alice", allow("iam:*"), deny("iam:*", ARN))
    named: dict[str, Any] = {"OpenIDConnectProviderArn": ARN.replace(part, other)}
    further: dict[str, Any] = {"AddClientIDToOpenIDConnectProvider": {"ClientID": "mine"}}
    for name in ("GetOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider", "DeleteOpenIDConnectProvider"):
        assert (await aws.refused(f"iam:{name}", alice, **named, **further.get(name, {})))[0] == "NoSuchEntity"
    found = await aws.do("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=ARN)
    assert "mine" not in found["ClientIDList"]

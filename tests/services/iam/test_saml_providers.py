from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.identity_provider import IdentityProvider, ec_key, pem_of, rsa_key
from tests.services.aws import ACCOUNT, START, Aws, allow, deny

from yett.ports.iam_store import SamlProvider

ARN = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
NAMED: dict[str, Any] = {"SAMLProviderArn": ARN}
IDP = IdentityProvider()
UNPARSED = ("InvalidInput", "Could not parse metadata.")
MISSING = ("NoSuchEntity", f"Manifest not found for arn {ARN}")


async def create(aws: Aws, name: str = "idp", **more: Any) -> dict[str, Any]:
    return await aws.do("iam:CreateSAMLProvider", Name=name, **{"SAMLMetadataDocument": IDP.metadata(), **more})


async def test_a_provider_is_kept_as_its_metadata_was_given(aws: Aws) -> None:
    assert await create(aws, Tags=[{"Key": "team", "Value": "a"}]) == {
        "SAMLProviderArn": ARN,
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    found = await aws.do("iam:GetSAMLProvider", **NAMED)
    assert found.pop("SAMLProviderUUID").startswith("SAMLSP")
    assert found == {
        "SAMLMetadataDocument": IDP.metadata(),
        "CreateDate": START,
        "ValidUntil": START.replace(year=2126),
        "Tags": [{"Key": "team", "Value": "a"}],
        "AssertionEncryptionMode": "Allowed",
        "PrivateKeyList": [],
    }
    listed = await aws.do("iam:ListSAMLProviders")
    assert listed["SAMLProviderList"] == [{"Arn": ARN, "ValidUntil": START.replace(year=2126), "CreateDate": START}]
    assert (await aws.do("iam:GetAccountSummary"))["SummaryMap"]["Providers"] == 1


async def test_the_end_of_the_metadata_is_the_provider_s(aws: Aws) -> None:
    await create(aws, SAMLMetadataDocument=IDP.metadata(valid_until="2027-01-01T00:00:00Z"))
    assert (await aws.do("iam:GetSAMLProvider", **NAMED))["ValidUntil"] == datetime(2027, 1, 1, tzinfo=UTC)


async def test_a_hundred_years_after_a_leap_day_is_a_day_that_there_is(aws: Aws) -> None:
    aws.time = datetime(2028, 2, 29, tzinfo=UTC)
    await create(aws)
    assert (await aws.do("iam:GetSAMLProvider", **NAMED))["ValidUntil"] == datetime(2128, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "document",
    [
        "x" * 1000,
        IDP.metadata().replace("IDPSSODescriptor", "SPSSODescriptor"),
        IDP.metadata(valid_until="2026-01-02T03:04:05Z"),
        "<!DOCTYPE x>" + IDP.metadata(),
    ],
)
async def test_what_is_no_metadata_of_a_provider_is_refused(aws: Aws, document: str) -> None:
    assert await aws.refused("iam:CreateSAMLProvider", Name="idp", SAMLMetadataDocument=document) == UNPARSED
    await create(aws)
    assert await aws.refused("iam:UpdateSAMLProvider", SAMLMetadataDocument=document, **NAMED) == UNPARSED
    assert (await aws.do("iam:GetSAMLProvider", **NAMED))["SAMLMetadataDocument"] == IDP.metadata()


async def test_the_model_bounds_names_and_documents(aws: Aws) -> None:
    for wrong in ({"Name": "a b"}, {"Name": "a" * 129}, {"SAMLMetadataDocument": "<a/>"}):
        params: dict[str, Any] = {"Name": "idp", "SAMLMetadataDocument": IDP.metadata(), **wrong}
        assert (await aws.refused("iam:CreateSAMLProvider", **params))[0] == "ValidationError"


async def test_a_name_is_taken_whatever_its_case(aws: Aws) -> None:
    await create(aws)
    params: dict[str, Any] = {"Name": "IDP", "SAMLMetadataDocument": IDP.metadata()}
    assert await aws.refused("iam:CreateSAMLProvider", **params) == (
        "EntityAlreadyExists",
        "Provider with name IDP already exists.",
    )


async def test_an_account_has_a_hundred_providers(aws: Aws) -> None:
    provider = SamlProvider(
        account=ACCOUNT,
        name="p",
        path="/",
        id="SAMLSP",
        created_at=START,
        metadata="",
        entity_id="",
        certificates=(),
        valid_until=START,
    )
    for number in range(100):
        await aws.ports.iam_store.add(SamlProvider(**{**as_members(provider), "name": f"p{number}"}))
    code, message = await aws.refused("iam:CreateSAMLProvider", Name="idp", SAMLMetadataDocument=IDP.metadata())
    assert (code, message) == ("LimitExceeded", "Cannot exceed quota for SAMLProvidersPerAccount: 100")


def as_members(provider: SamlProvider) -> dict[str, Any]:
    return {name: getattr(provider, name) for name in provider.__struct_fields__}


async def test_an_update_replaces_the_metadata_and_what_it_says(aws: Aws) -> None:
    await create(aws)
    other = IdentityProvider("https://other.example/saml", rsa_key(1))
    assert await aws.do("iam:UpdateSAMLProvider", SAMLMetadataDocument=other.metadata(), **NAMED) == NAMED
    kept = await aws.ports.iam_store.find(SamlProvider, ACCOUNT, "idp")
    assert kept is not None
    assert (kept.entity_id, kept.metadata) == ("https://other.example/saml", other.metadata())
    assert len(kept.certificates) == 1
    assert await aws.do("iam:UpdateSAMLProvider", AssertionEncryptionMode="Allowed", **NAMED) == NAMED
    assert await aws.refused("iam:UpdateSAMLProvider", **NAMED) == (
        "InvalidInput",
        "Unable to update identity provider. No updates are defined for metadata or encryption assertion.",
    )


async def test_private_keys_come_and_go_and_are_shown_to_nobody(aws: Aws) -> None:
    await create(aws, AddPrivateKey=pem_of(rsa_key(50)), AssertionEncryptionMode="Required")
    found = await aws.do("iam:GetSAMLProvider", **NAMED)
    assert found["AssertionEncryptionMode"] == "Required"
    [first] = found["PrivateKeyList"]
    assert set(first) == {"KeyId", "Timestamp"}
    aws.pass_time(seconds=5)
    await aws.do("iam:UpdateSAMLProvider", AddPrivateKey=pem_of(rsa_key(51)), **NAMED)
    keys = (await aws.do("iam:GetSAMLProvider", **NAMED))["PrivateKeyList"]
    assert [key["Timestamp"] for key in keys] == [START, aws.time]
    assert await aws.refused("iam:UpdateSAMLProvider", AddPrivateKey=pem_of(rsa_key(1)), **NAMED) == (
        "LimitExceeded",
        "Private key limit of 2 is reached.",
    )
    await aws.do("iam:UpdateSAMLProvider", RemovePrivateKey=first["KeyId"], **NAMED)
    [left] = (await aws.do("iam:GetSAMLProvider", **NAMED))["PrivateKeyList"]
    assert left == keys[1]
    assert await aws.refused("iam:UpdateSAMLProvider", RemovePrivateKey=left["KeyId"], **NAMED) == (
        "InvalidInput",
        "Failed to remove private key.",
    )
    await aws.do("iam:UpdateSAMLProvider", RemovePrivateKey=left["KeyId"], AssertionEncryptionMode="Allowed", **NAMED)
    assert (await aws.do("iam:GetSAMLProvider", **NAMED))["PrivateKeyList"] == []


async def test_encryption_is_required_only_of_a_provider_with_a_key(aws: Aws) -> None:
    await create(aws, AssertionEncryptionMode="Allowed")
    document = {"SAMLMetadataDocument": IDP.metadata()}
    no_key = (
        "InvalidInput",
        "Unable to set assertion encryption mode to Required because no private key is provided.",
    )
    both = {"AddPrivateKey": pem_of(rsa_key(50)), "RemovePrivateKey": "A" * 22}
    assert await aws.refused("iam:UpdateSAMLProvider", **both, **NAMED) == (
        "InvalidInput",
        "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters.",
    )
    assert await aws.refused("iam:UpdateSAMLProvider", RemovePrivateKey="A" * 22, **NAMED) == (
        "InvalidInput",
        "Failed to remove private key because the Key ID does not match a private key.",
    )
    for operation, params in (
        ("iam:CreateSAMLProvider", {"Name": "other", **document}),
        ("iam:UpdateSAMLProvider", {**NAMED, **document}),
    ):
        assert await aws.refused(operation, AssertionEncryptionMode="Required", **params) == no_key
        for wrong in ("-----BEGIN PRIVATE KEY-----", pem_of(ec_key())):
            assert await aws.refused(operation, AddPrivateKey=wrong, **params) == (
                "InvalidInput",
                "Invalid private key.",
            )


async def test_tags_come_and_go(aws: Aws) -> None:
    await create(aws)
    await aws.do("iam:TagSAMLProvider", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], **NAMED)
    await aws.do("iam:TagSAMLProvider", Tags=[{"Key": "A", "Value": "3"}], **NAMED)
    page = await aws.do("iam:ListSAMLProviderTags", MaxItems=1, **NAMED)
    assert page["IsTruncated"] is True
    rest = await aws.do("iam:ListSAMLProviderTags", Marker=page["Marker"], **NAMED)
    assert [*page["Tags"], *rest["Tags"]] == [{"Key": "A", "Value": "3"}, {"Key": "b", "Value": "2"}]
    await aws.do("iam:UntagSAMLProvider", TagKeys=["B"], **NAMED)
    assert (await aws.do("iam:ListSAMLProviderTags", **NAMED))["Tags"] == [{"Key": "A", "Value": "3"}]
    for operation, params in (("iam:TagSAMLProvider", {"Tags": []}), ("iam:UntagSAMLProvider", {"TagKeys": []})):
        assert (await aws.refused(operation, **params, **NAMED))[0] == "InvalidInput"


async def test_a_provider_that_is_gone_or_of_another_account_is_not_found(aws: Aws) -> None:
    await create(aws)
    await aws.do("iam:DeleteSAMLProvider", **NAMED)
    for operation in ("iam:GetSAMLProvider", "iam:DeleteSAMLProvider", "iam:ListSAMLProviderTags"):
        assert await aws.refused(operation, **NAMED) == MISSING
    assert await aws.refused("iam:UpdateSAMLProvider", SAMLMetadataDocument=IDP.metadata(), **NAMED) == MISSING
    assert await aws.refused("iam:UpdateSAMLProvider", RemovePrivateKey="A" * 22, **NAMED) == MISSING
    foreign = ARN.replace(ACCOUNT, "999999999999")
    root = await aws.ports.callers.root("999999999999")
    await aws.do("iam:CreateSAMLProvider", root, Name="idp", SAMLMetadataDocument=IDP.metadata())
    assert (await aws.refused("iam:GetSAMLProvider", SAMLProviderArn=foreign))[0] == "AccessDenied"
    for arn in (ARN.replace("saml", "oidc"), "no-arn-at-all-but-long-enough"):
        assert (await aws.refused("iam:GetSAMLProvider", SAMLProviderArn=arn))[0] == "ValidationError"


async def test_each_operation_asks_for_its_action_on_the_provider(aws: Aws) -> None:
    own = allow(["iam:CreateSAMLProvider", "iam:GetSAMLProvider", "iam:TagSAMLProvider"], ARN)
    keeper = await aws.user("keeper", own)
    document = IDP.metadata()
    await aws.do("iam:CreateSAMLProvider", keeper, Name="idp", SAMLMetadataDocument=document, Tags=[])
    await aws.do("iam:GetSAMLProvider", keeper, **NAMED)
    refusals = {
        "iam:CreateSAMLProvider": {"Name": "other", "SAMLMetadataDocument": document},
        "iam:UpdateSAMLProvider": {"SAMLMetadataDocument": document, **NAMED},
        "iam:DeleteSAMLProvider": NAMED,
        "iam:ListSAMLProviders": {},
        "iam:ListSAMLProviderTags": NAMED,
        "iam:UntagSAMLProvider": {"TagKeys": ["a"], **NAMED},
    }
    for operation, params in refusals.items():
        assert (await aws.refused(operation, keeper, **params))[0] == "AccessDenied"


async def test_a_provider_s_tags_are_condition_keys(aws: Aws) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/team": "a", "iam:ResourceTag/team": "a"}}
    reader = await aws.user("reader", allow("iam:GetSAMLProvider", Condition=condition))
    await create(aws, Tags=[{"Key": "team", "Value": "a"}])
    await aws.do("iam:GetSAMLProvider", reader, **NAMED)
    await aws.do("iam:UntagSAMLProvider", TagKeys=["team"], **NAMED)
    assert (await aws.refused("iam:GetSAMLProvider", reader, **NAMED))[0] == "AccessDenied"
    assert (await aws.refused("iam:GetSAMLProvider", reader, SAMLProviderArn="x" * 20))[0] == "AccessDenied"


OTHERWISE = [
    ARN.replace("idp", "IDP"),
    ARN.replace("arn:aws:", "arn:aws-cn:"),
    ARN.replace(":iam::", ":iam:us-east-1:"),
]


@pytest.mark.parametrize("arn", OTHERWISE)
@pytest.mark.parametrize(
    "operation", ["GetSAMLProvider", "UpdateSAMLProvider", "TagSAMLProvider", "DeleteSAMLProvider"]
)
async def test_no_other_way_to_write_an_arn_steps_past_a_deny(aws: Aws, operation: str, arn: str) -> None:
    await create(aws)
    alice = await aws.user("alice", allow("iam:*"), deny("iam:*", ARN))
    further: dict[str, Any] = {
        "UpdateSAMLProvider": {"SAMLMetadataDocument": IdentityProvider(key=rsa_key(1)).metadata()},
        "TagSAMLProvider": {"Tags": [{"Key": "team", "Value": "a"}]},
    }
    refused = await aws.refused(f"iam:{operation}", alice, SAMLProviderArn=arn, **further.get(operation, {}))
    assert refused == ("NoSuchEntity", f"Manifest not found for arn {arn}")
    assert (await aws.do("iam:GetSAMLProvider", **NAMED))["SAMLMetadataDocument"] == IDP.metadata()

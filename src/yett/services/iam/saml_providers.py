"""SAML providers: whose assertions roles of the account may be assumed with.

OBSERVED: the texts, in AWS's page of troubleshooting and in reports of clients:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
"""

from datetime import datetime
from typing import Final

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import AssertionEncryptionMode, Dependents, SamlPrivateKey, SamlProvider, TooMany
from yett.rules.iam.limits import PRIVATE_KEYS_PER_SAML_PROVIDER
from yett.rules.iam.quotas import SAML_PROVIDERS
from yett.services.call import Call
from yett.services.iam.entities import Answer, Params, add_tags, describe_tags, draw_unique_id, read_tags
from yett.services.iam.errors import (
    account_quota_exceeded,
    already_exists,
    invalid_input,
    limit_exceeded,
)
from yett.services.iam.federated_providers import (
    ProviderKind,
    change_provider,
    check_arn,
    find_provider,
    list_provider_tags,
    name_of,
    not_found,
    tag_provider,
    untag_provider,
)
from yett.tokens import TokenRefused
from yett.tokens.saml.encryption import read_private_key
from yett.tokens.saml.metadata import IdentityProviderMetadata, parse_metadata
from yett.values.secret import Secret

SAML: Final = ProviderKind(
    entity=SamlProvider,
    resource="saml-provider/",
    member="SAMLProviderArn",
    missing="Manifest not found for arn {arn}",
    tags_quota="TagsPerSAMLProvider",
)
UUID: Final = "SAMLSP"  # OBSERVED: https://github.com/hashicorp/terraform-provider-aws/issues/45699
UNPARSED: Final = "Could not parse metadata."
NO_UPDATE: Final = "Unable to update identity provider. No updates are defined for metadata or encryption assertion."
NO_PRIVATE_KEY: Final = "Unable to set assertion encryption mode to Required because no private key is provided."
INVALID_KEY: Final = "Invalid private key."
NO_SUCH_KEY: Final = "Failed to remove private key because the Key ID does not match a private key."
LAST_KEY: Final = "Failed to remove private key."
TOO_MANY_KEYS: Final = f"Private key limit of {PRIVATE_KEYS_PER_SAML_PROVIDER} is reached."
ADD_AND_REMOVE: Final = (
    "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."
)
KEY_ID: Final = "SAMLPK"  # UNCERTAIN: how ids of private keys begin
# OBSERVED, in the issue above: what a provider has whose metadata names no end.
YEARS: Final = 100
KEY_MEMBERS: Final = ("AddPrivateKey", "RemovePrivateKey")


async def create_saml_provider(call: Call, params: Params) -> Answer:
    """Register an identity provider by its metadata document.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
    """
    metadata = read_metadata(call, params["SAMLMetadataDocument"])
    created_at = call.now.replace(microsecond=0)
    provider = SamlProvider(
        account=call.account,
        name=params["Name"],
        path="/",
        id=draw_unique_id(call, UUID),
        created_at=created_at,
        tags=add_tags({}, read_tags(params.get("Tags", ())), SAML.tags_quota),
        metadata=params["SAMLMetadataDocument"],
        entity_id=metadata.entity_id,
        certificates=metadata.certificates,
        valid_until=end_of(metadata, created_at),
    )
    provider = change_encryption(provider, params, added=read_key(call, params))
    try:
        await call.ports.iam_store.add(provider, at_most=SAML_PROVIDERS.bound)
    except TooMany as error:
        raise account_quota_exceeded(SAML_PROVIDERS) from error
    except AlreadyExists as error:
        # UNCERTAIN: the text
        raise already_exists(f"Provider with name {provider.name} already exists.") from error
    answer: dict[str, object] = {"SAMLProviderArn": provider.arn}
    return answer | ({"Tags": describe_tags(provider.tags)} if provider.tags else {})


def read_metadata(call: Call, document: str) -> IdentityProviderMetadata:
    """What the document says.

    Raises:
        ServiceError: InvalidInput, when it is none of an identity provider, or is over already.
    """
    try:
        metadata = parse_metadata(document)
    except TokenRefused as refused:
        raise invalid_input(UNPARSED) from refused
    # UNCERTAIN: what AWS says of metadata whose time is over.
    if metadata.valid_until is not None and metadata.valid_until <= call.now:
        raise invalid_input(UNPARSED)
    return metadata


def end_of(metadata: IdentityProviderMetadata, since: datetime) -> datetime:
    """Until when the metadata counts."""
    if metadata.valid_until is not None:
        return metadata.valid_until
    leap_day = (since.month, since.day) == (2, 29)
    return since.replace(year=since.year + YEARS, day=28 if leap_day else since.day)


def read_key(call: Call, params: Params) -> SamlPrivateKey | None:
    """The private key that is to be added, if one is.

    Raises:
        ServiceError: InvalidInput, when it is none.
    """
    pem = params.get("AddPrivateKey")
    if pem is None:
        return None
    try:
        read_private_key(pem)
    except TokenRefused as refused:
        raise invalid_input(INVALID_KEY) from refused
    return SamlPrivateKey(id=draw_unique_id(call, KEY_ID), added_at=call.now.replace(microsecond=0), pem=Secret(pem))


def change_encryption(provider: SamlProvider, params: Params, *, added: SamlPrivateKey | None) -> SamlProvider:
    """The provider with what is said of encryption: a key added or removed, and whether assertions must be encrypted.

    Raises:
        ServiceError: InvalidInput, for a key that is not there or the last of a provider that needs one; LimitExceeded.
    """
    removed = params.get("RemovePrivateKey")
    keys = provider.private_keys + (() if added is None else (added,))
    if len(keys) > PRIVATE_KEYS_PER_SAML_PROVIDER:
        raise limit_exceeded(TOO_MANY_KEYS)  # UNCERTAIN: the code
    if removed is not None and all(key.id != removed for key in keys):
        raise invalid_input(NO_SUCH_KEY)
    left = tuple(key for key in keys if key.id != removed)
    mode = AssertionEncryptionMode(params.get("AssertionEncryptionMode", provider.encryption_mode))
    if mode is AssertionEncryptionMode.REQUIRED and not left:
        raise invalid_input(LAST_KEY if removed is not None else NO_PRIVATE_KEY)
    return msgspec.structs.replace(provider, private_keys=left, encryption_mode=mode)


async def get_saml_provider(call: Call, params: Params) -> Answer:
    """Describe a provider, its metadata document as it was given.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html
    """
    provider = await find_provider(SAML, call, params)
    return {
        "SAMLProviderUUID": provider.id,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created_at,
        "ValidUntil": provider.valid_until,
        "Tags": describe_tags(provider.tags),
        "AssertionEncryptionMode": provider.encryption_mode.value,
        "PrivateKeyList": [{"KeyId": key.id, "Timestamp": key.added_at} for key in provider.private_keys],
    }


async def list_saml_providers(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """List all providers.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviders.html
    """
    found = await call.ports.iam_store.page(
        SamlProvider, call.account, path_prefix="/", after="", limit=SAML_PROVIDERS.bound
    )
    return {
        "SAMLProviderList": [
            {"Arn": provider.arn, "ValidUntil": provider.valid_until, "CreateDate": provider.created_at}
            for provider in found
        ]
    }


async def update_saml_provider(call: Call, params: Params) -> Answer:
    """Replace the metadata document, even by that of another entity; change how assertions are encrypted.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSAMLProvider.html
    """
    document = params.get("SAMLMetadataDocument")
    if document is None and params.get("AssertionEncryptionMode") is None and not has_keys(params):
        raise invalid_input(NO_UPDATE)
    if all(params.get(name) is not None for name in KEY_MEMBERS):
        raise invalid_input(ADD_AND_REMOVE)
    metadata = None if document is None else read_metadata(call, document)
    added = read_key(call, params)

    def change(provider: SamlProvider) -> SamlProvider:
        changed = change_encryption(provider, params, added=added)
        if metadata is None or document is None:
            return changed
        return msgspec.structs.replace(
            changed,
            metadata=document,
            entity_id=metadata.entity_id,
            certificates=metadata.certificates,
            valid_until=end_of(metadata, call.now.replace(microsecond=0)),
        )

    changed = await change_provider(SAML, call, params, change)
    return {"SAMLProviderArn": changed.arn}


def has_keys(params: Params) -> bool:
    """Whether a private key is to be added or removed."""
    return any(params.get(name) is not None for name in KEY_MEMBERS)


async def delete_saml_provider(call: Call, params: Params) -> Answer:
    """Delete a provider. Roles that trust it stay, and nobody can come by it.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSAMLProvider.html
    """

    def check(provider: SamlProvider, _: Dependents) -> None:
        check_arn(SAML, provider, params)

    if not await call.ports.iam_store.remove(SamlProvider, call.account, name_of(SAML, call, params), check):
        raise not_found(SAML, params)
    return {}


async def tag_saml_provider(call: Call, params: Params) -> Answer:
    """Put tags on.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagSAMLProvider.html
    """
    return await tag_provider(SAML, call, params)


async def untag_saml_provider(call: Call, params: Params) -> Answer:
    """Take tags off.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagSAMLProvider.html
    """
    return await untag_provider(SAML, call, params)


async def list_saml_provider_tags(call: Call, params: Params) -> Answer:
    """List tags.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviderTags.html
    """
    return await list_provider_tags(SAML, call, params)

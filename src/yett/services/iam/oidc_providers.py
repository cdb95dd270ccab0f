"""OpenID Connect providers: whose tokens roles of the account may be assumed with.

OBSERVED: the texts, in recorded answers of the service and in reports of its clients (spec 07, section 5).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import OidcProvider
from yett.rules.iam.limits import CLIENT_IDS_PER_PROVIDER, OIDC_PROVIDERS, THUMBPRINTS_PER_PROVIDER
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import (
    Answer,
    Params,
    add_tags,
    describe_tags,
    draw_unique_id,
    page_tags,
    read_tags,
)
from yett.services.iam.errors import (
    already_exists,
    invalid_input,
    no_such_entity,
    quota_exceeded,
    validation_error,
)
from yett.services.iam.tags import without
from yett.values.arn import Arn, NotAnArn

RESOURCE: Final = "oidc-provider/"
INVALID_URL: Final = "Invalid Open ID Connect Provider URL"
NO_TAGS: Final = "The list of tags must not be empty."  # UNCERTAIN: the text
TAGS: Final = "TagsPerOpenIdConnectProvider"


async def create_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Register an issuer of tokens. Its URL is kept as it is: a slash at the end makes another provider.

    Nothing is fetched now, and the thumbprints bind nobody: its keys are fetched over verified TLS.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
    """
    url = params["Url"]
    store = call.ports.iam_store
    client_ids = tuple(dict.fromkeys(params.get("ClientIDList", ())))
    provider = OidcProvider(
        account=call.account,
        name=read_url(url, is_local=call.ports.settings.permits_private_upstreams),
        path="/",
        id=draw_unique_id(call, ""),  # shown to nobody
        created_at=call.now.replace(microsecond=0),
        tags=add_tags({}, read_tags(params.get("Tags", ())), TAGS),
        url=url,
        client_ids=check_client_ids(client_ids),
        thumbprints=check_thumbprints(params.get("ThumbprintList", ())),
    )
    if await store.count(OidcProvider, call.account) >= OIDC_PROVIDERS:
        raise quota_exceeded("OpenIdConnectProvidersPerAccount", OIDC_PROVIDERS)
    try:
        await store.add(provider)
    except AlreadyExists as error:
        raise already_exists(f"Provider with url {url} already exists.") from error
    answer: dict[str, object] = {"OpenIDConnectProviderArn": provider.arn}
    return answer | ({"Tags": describe_tags(provider.tags)} if provider.tags else {})


def read_url(url: str, *, is_local: bool) -> str:
    """The provider's name: its URL without the scheme.

    HTTP and ports are for development (*is_local*): AWS takes neither.

    Raises:
        ServiceError: ValidationError or InvalidInput, when it cannot be an issuer's.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise validation_error(INVALID_URL) from error
    if not parts.scheme or not parts.hostname:
        raise validation_error(INVALID_URL)
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise invalid_input(f"{INVALID_URL}. The URL must begin with https://.")
    has_more = "@" in parts.netloc or "?" in url or "#" in url
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(' *\\"<>{}$')
    if has_more or not is_plain or (port is not None and not is_local):
        raise invalid_input(f"{INVALID_URL}.")
    return url.partition("://")[2]


def check_client_ids(client_ids: tuple[str, ...]) -> tuple[str, ...]:
    """The client ids, which are no more than a provider may have.

    Raises:
        ServiceError: LimitExceeded.
    """
    if len(client_ids) > CLIENT_IDS_PER_PROVIDER:
        raise quota_exceeded("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_PER_PROVIDER)
    return client_ids


def check_thumbprints(thumbprints: Sequence[str]) -> tuple[str, ...]:
    """The thumbprints, which are no more than a provider may have.

    Raises:
        ServiceError: InvalidInput.
    """
    if len(thumbprints) > THUMBPRINTS_PER_PROVIDER:
        raise invalid_input("Thumbprint list must contain fewer than 5 entries.")  # five are taken all the same
    return tuple(thumbprints)


async def get_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Describe a provider; its URL without the scheme, as AWS answers it.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html
    """
    provider = await find_provider(call, params)
    answer: dict[str, object] = {
        "Url": provider.name,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created_at,
    }
    return answer | ({"Tags": describe_tags(provider.tags)} if provider.tags else {})


async def list_open_id_connect_providers(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """List the ARNs of all providers.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviders.html
    """
    found = await call.ports.iam_store.page(OidcProvider, call.account, path_prefix="/", after="", limit=OIDC_PROVIDERS)
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in found]}


async def delete_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Delete a provider; one that is not there is deleted already.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
    """
    await call.ports.iam_store.remove(OidcProvider, call.account, name_of(call, params), lambda *_: None)
    return {}


async def update_open_id_connect_provider_thumbprint(call: Call, params: Params) -> Answer:
    """Replace the thumbprints.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
    """
    thumbprints = check_thumbprints(params["ThumbprintList"])
    await change_provider(call, params, lambda each: msgspec.structs.replace(each, thumbprints=thumbprints))
    return {}


async def add_client_id_to_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Take tokens for one more audience; one that is there already changes nothing.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
    """

    def change(provider: OidcProvider) -> OidcProvider:
        if params["ClientID"] in provider.client_ids:
            return provider
        client_ids = check_client_ids((*provider.client_ids, params["ClientID"]))
        return msgspec.structs.replace(provider, client_ids=client_ids)

    await change_provider(call, params, change)
    return {}


async def remove_client_id_from_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Take tokens for an audience no more; one that is not there changes nothing.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html
    """

    def change(provider: OidcProvider) -> OidcProvider:
        left = tuple(each for each in provider.client_ids if each != params["ClientID"])
        return msgspec.structs.replace(provider, client_ids=left)

    await change_provider(call, params, change)
    return {}


async def tag_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Put tags on.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagOpenIDConnectProvider.html
    """
    if not params["Tags"]:
        raise invalid_input(NO_TAGS)
    added = read_tags(params["Tags"])
    await change_provider(
        call, params, lambda each: msgspec.structs.replace(each, tags=add_tags(each.tags, added, TAGS))
    )
    return {}


async def untag_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Take tags off.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagOpenIDConnectProvider.html
    """
    if not params["TagKeys"]:
        raise invalid_input(NO_TAGS)
    await change_provider(
        call, params, lambda each: msgspec.structs.replace(each, tags=without(each.tags, params["TagKeys"]))
    )
    return {}


async def list_open_id_connect_provider_tags(call: Call, params: Params) -> Answer:
    """List tags.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviderTags.html
    """
    provider = await find_provider(call, params)
    return page_tags(provider.tags, params)


def name_of(call: Call, params: Params) -> str:
    """The name in the ARN of one of the account's providers.

    Raises:
        ServiceError: ValidationError, when it is no ARN of a provider; NoSuchEntity, when of another account.
    """
    text = params["OpenIDConnectProviderArn"]
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise validation_error("Invalid ARN:  Could not be parsed!") from error
    if arn.service != "iam" or not arn.resource.startswith(RESOURCE):
        raise validation_error("Invalid ARN:  Could not be parsed!")
    if arn.account != call.account:
        raise not_found(text)
    return arn.resource.removeprefix(RESOURCE)


def not_found(arn: str) -> ServiceError:
    """There is no such provider."""
    return no_such_entity(f"OpenIDConnect Provider not found for arn {arn}")


async def find_provider(call: Call, params: Params) -> OidcProvider:
    """The provider of the ARN, or AWS's NoSuchEntity."""
    provider = await call.ports.iam_store.find(OidcProvider, call.account, name_of(call, params))
    if provider is None:
        raise not_found(params["OpenIDConnectProviderArn"])
    return provider


async def tags_of(call: Call, params: Params) -> Mapping[str, str]:
    """The tags that a call's provider has now; none if there is no such provider."""
    try:
        provider = await call.ports.iam_store.find(OidcProvider, call.account, name_of(call, params))
    except ServiceError:
        return {}  # refused in due course
    return {} if provider is None else provider.tags


async def change_provider(call: Call, params: Params, change: Callable[[OidcProvider], OidcProvider]) -> None:
    """Have the provider changed, or raise AWS's NoSuchEntity."""
    changed = await call.ports.iam_store.update(OidcProvider, call.account, name_of(call, params), change)
    if changed is None:
        raise not_found(params["OpenIDConnectProviderArn"])

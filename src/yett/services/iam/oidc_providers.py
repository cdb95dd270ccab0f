"""OpenID Connect providers: whose tokens roles of the account may be assumed with.

OBSERVED: the texts, in recorded answers of the service and in reports of its clients (spec 07, section 5).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from yett.ports.errors import AlreadyExists
from yett.ports.iam_store import Dependents, OidcProvider, TooMany
from yett.rules.iam.limits import CLIENT_IDS_PER_PROVIDER, THUMBPRINTS_PER_PROVIDER
from yett.rules.iam.quotas import OIDC_PROVIDERS
from yett.services.call import Call
from yett.services.iam.entities import (
    Answer,
    Params,
    add_tags,
    describe_tags,
    draw_unique_id,
    read_tags,
)
from yett.services.iam.errors import (
    account_quota_exceeded,
    already_exists,
    invalid_input,
    quota_exceeded,
    validation_error,
)
from yett.services.iam.federated_providers import (
    ProviderKind,
    change_provider,
    check_arn,
    find_provider,
    list_provider_tags,
    name_of,
    tag_provider,
    untag_provider,
)

OIDC: Final = ProviderKind(
    entity=OidcProvider,
    resource="oidc-provider/",
    member="OpenIDConnectProviderArn",
    missing="OpenIDConnect Provider not found for arn {arn}",
    tags_quota="TagsPerOpenIdConnectProvider",
)
INVALID_URL: Final = "Invalid Open ID Connect Provider URL"


async def create_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Register an issuer of tokens. Its URL is kept as it is: a slash at the end makes another provider.

    Nothing is fetched now, and the thumbprints bind nobody: its keys are fetched over verified TLS.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
    """
    url = params["Url"]
    client_ids = tuple(dict.fromkeys(params.get("ClientIDList", ())))
    provider = OidcProvider(
        account=call.account,
        name=read_url(url, is_local=call.ports.settings.permits_private_upstreams),
        path="/",
        id=draw_unique_id(call, ""),  # shown to nobody
        created_at=call.now.replace(microsecond=0),
        tags=add_tags({}, read_tags(params.get("Tags", ())), OIDC.tags_quota),
        url=url,
        client_ids=check_client_ids(client_ids),
        thumbprints=check_thumbprints(params.get("ThumbprintList", ())),
    )
    try:
        await call.ports.iam_store.add(provider, at_most=OIDC_PROVIDERS.bound)
    except TooMany as error:
        raise account_quota_exceeded(OIDC_PROVIDERS) from error
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
    provider = await find_provider(OIDC, call, params)
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
    found = await call.ports.iam_store.page(
        OidcProvider, call.account, path_prefix="/", after="", limit=OIDC_PROVIDERS.bound
    )
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in found]}


async def delete_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Delete a provider; one that is not there is deleted already.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
    """

    def check(provider: OidcProvider, _: Dependents) -> None:
        check_arn(OIDC, provider, params)

    await call.ports.iam_store.remove(OidcProvider, call.account, name_of(OIDC, call, params), check)
    return {}


async def update_open_id_connect_provider_thumbprint(call: Call, params: Params) -> Answer:
    """Replace the thumbprints.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
    """
    thumbprints = check_thumbprints(params["ThumbprintList"])
    await change_provider(OIDC, call, params, lambda each: msgspec.structs.replace(each, thumbprints=thumbprints))
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

    await change_provider(OIDC, call, params, change)
    return {}


async def remove_client_id_from_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Take tokens for an audience no more; one that is not there changes nothing.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html
    """

    def change(provider: OidcProvider) -> OidcProvider:
        left = tuple(each for each in provider.client_ids if each != params["ClientID"])
        return msgspec.structs.replace(provider, client_ids=left)

    await change_provider(OIDC, call, params, change)
    return {}


async def tag_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Put tags on.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagOpenIDConnectProvider.html
    """
    return await tag_provider(OIDC, call, params)


async def untag_open_id_connect_provider(call: Call, params: Params) -> Answer:
    """Take tags off.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagOpenIDConnectProvider.html
    """
    return await untag_provider(OIDC, call, params)


async def list_open_id_connect_provider_tags(call: Call, params: Params) -> Answer:
    """List tags.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviderTags.html
    """
    return await list_provider_tags(OIDC, call, params)

"""What OpenID Connect and SAML providers have in common: each is named by its ARN, and has tags."""

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from yett.ports.iam_store import OidcProvider, SamlProvider
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import Answer, Params, add_tags, page_tags, read_tags
from yett.services.iam.errors import invalid_input, no_such_entity, validation_error
from yett.services.iam.tags import without
from yett.values.arn import Arn, NotAnArn

P = TypeVar("P", OidcProvider, SamlProvider)

NO_TAGS: Final = "The list of tags must not be empty."  # UNCERTAIN: the text
UNPARSED_ARN: Final = "Invalid ARN:  Could not be parsed!"


class ProviderKind(Struct, Generic[P], frozen=True, kw_only=True):
    """One of the two kinds, as IAM speaks of it."""

    entity: type[P]
    resource: str  # how the resource of its ARNs begins
    member: str  # of an operation's input: the ARN
    missing: str  # AWS's text for one that is not there, with a place for its ARN
    tags_quota: str


def name_of(kind: ProviderKind[P], call: Call, params: Params) -> str:
    """The name in the ARN of one of the account's providers.

    Raises:
        ServiceError: ValidationError, when it is no ARN of a provider; NoSuchEntity, when of another account.
    """
    text = params[kind.member]
    try:
        arn = Arn.parse(text)
    except NotAnArn as error:
        raise validation_error(UNPARSED_ARN) from error
    if arn.service != "iam" or not arn.resource.startswith(kind.resource):
        raise validation_error(UNPARSED_ARN)
    if arn.account != call.account:
        raise not_found(kind, params)
    return arn.resource.removeprefix(kind.resource)


def not_found(kind: ProviderKind[P], params: Params) -> ServiceError:
    """There is no such provider."""
    return no_such_entity(kind.missing.format(arn=params[kind.member]))


async def find_provider(kind: ProviderKind[P], call: Call, params: Params) -> P:
    """The provider of the ARN, or AWS's NoSuchEntity."""
    provider = await call.ports.iam_store.find(kind.entity, call.account, name_of(kind, call, params))
    if provider is None:
        raise not_found(kind, params)
    check_arn(kind, provider, params)
    return provider


def check_arn(kind: ProviderKind[P], provider: P, params: Params) -> None:
    """Refuse any other way to write the provider's ARN: policies were asked about the very text of the call.

    Raises:
        ServiceError: NoSuchEntity.
    """
    if provider.arn != params[kind.member]:
        raise not_found(kind, params)


async def change_provider(kind: ProviderKind[P], call: Call, params: Params, change: Callable[[P], P]) -> P:
    """The provider as *change* made it, or AWS's NoSuchEntity."""

    def change_this(provider: P) -> P:
        check_arn(kind, provider, params)
        return change(provider)

    changed = await call.ports.iam_store.update(kind.entity, call.account, name_of(kind, call, params), change_this)
    if changed is None:
        raise not_found(kind, params)
    return changed


async def tags_of(kind: ProviderKind[P], call: Call, params: Params) -> Mapping[str, str]:
    """The tags that a call's provider has now; none if there is no such provider."""
    try:
        return (await find_provider(kind, call, params)).tags
    except ServiceError:
        return {}  # refused in due course


async def tag_provider(kind: ProviderKind[P], call: Call, params: Params) -> Answer:
    """Put tags on."""
    if not params["Tags"]:
        raise invalid_input(NO_TAGS)
    added = read_tags(params["Tags"])

    def change(provider: P) -> P:
        return msgspec.structs.replace(provider, tags=add_tags(provider.tags, added, kind.tags_quota))

    await change_provider(kind, call, params, change)
    return {}


async def untag_provider(kind: ProviderKind[P], call: Call, params: Params) -> Answer:
    """Take tags off."""
    if not params["TagKeys"]:
        raise invalid_input(NO_TAGS)

    def change(provider: P) -> P:
        return msgspec.structs.replace(provider, tags=without(provider.tags, params["TagKeys"]))

    await change_provider(kind, call, params, change)
    return {}


async def list_provider_tags(kind: ProviderKind[P], call: Call, params: Params) -> Answer:
    """List tags."""
    return page_tags((await find_provider(kind, call, params)).tags, params)

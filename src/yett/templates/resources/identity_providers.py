"""AWS::IAM::OIDCProvider and AWS::IAM::SAMLProvider: whose word roles of the template trust.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from collections.abc import Mapping
from typing import Any, Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.fitting import fit
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, exists, gone, names

SERVICE: Final = "iam"
OIDC: Final = "OpenIDConnectProvider"
SAML: Final = "SAMLProvider"
NAME_CHARACTERS: Final = 128


def named(kind: str, arn: str) -> dict[str, Any]:
    """The member that says which provider is meant."""
    return {f"{kind}Arn": arn}


async def change_tags(actor: Actor, kind: str, wanted: Wanted, old: ResourceRecord) -> None:
    """Make a provider's tags from what they were to what they shall be."""
    new = {str(tag["Key"]): str(tag["Value"]) for tag in wanted.properties.get("Tags", ())}
    before = {str(tag["Key"]): str(tag["Value"]) for tag in old.properties.get("Tags", ())}
    folded = {key.lower() for key in new}
    who = named(kind, old.physical_id)
    if left := [key for key in before if key.lower() not in folded]:
        await actor.do(SERVICE, f"Untag{kind}", who | {"TagKeys": left})
    if added := [{"Key": key, "Value": value} for key, value in new.items() if before.get(key) != value]:
        await actor.do(SERVICE, f"Tag{kind}", who | {"Tags": added})


async def create_oidc_provider(actor: Actor, wanted: Wanted) -> Made:
    """A provider of this URL."""
    operation = f"Create{OIDC}"
    arn = str((await actor.do(SERVICE, operation, fit(SERVICE, operation, wanted.properties)))[f"{OIDC}Arn"])
    return Made(physical_id=arn, attributes={"Arn": arn})


async def update_oidc_provider(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """Audiences, thumbprints and tags in place; another URL is another provider."""
    if wanted.properties.get("Url") != old.properties.get("Url"):
        return None
    who = named(OIDC, old.physical_id)
    new, before = (list(each.get("ClientIdList", ())) for each in (wanted.properties, old.properties))
    for client_id in new:
        if client_id not in before:
            await actor.do(SERVICE, f"AddClientIDTo{OIDC}", who | {"ClientID": str(client_id)})
    for client_id in before:
        if client_id not in new:
            await actor.do(SERVICE, f"RemoveClientIDFrom{OIDC}", who | {"ClientID": str(client_id)})
    thumbprints = wanted.properties.get("ThumbprintList", [])
    if thumbprints != old.properties.get("ThumbprintList", []):
        operation = f"Update{OIDC}Thumbprint"
        await actor.do(SERVICE, operation, fit(SERVICE, operation, who | {"ThumbprintList": thumbprints}))
    await change_tags(actor, OIDC, wanted, old)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def delete_oidc_provider(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, f"Delete{OIDC}", named(OIDC, old.physical_id))


async def find_oidc_provider(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    host = str(wanted.properties.get("Url", "")).partition("://")[2]
    arn = f"arn:aws:iam::{actor.account}:oidc-provider/{host}"
    return (arn,) if await exists(actor, SERVICE, f"Get{OIDC}", named(OIDC, arn)) else ()


def saml_name(actor: Actor, wanted: Wanted) -> str:
    """The provider's name, as given or made."""
    return str(wanted.properties.get("Name") or actor.name(wanted.logical_id, limit=NAME_CHARACTERS))


async def create_saml_provider(actor: Actor, wanted: Wanted) -> Made:
    """A provider with this metadata."""
    operation = f"Create{SAML}"
    given = {**wanted.properties, "Name": saml_name(actor, wanted)}
    arn = str((await actor.do(SERVICE, operation, fit(SERVICE, operation, given)))[f"{SAML}Arn"])
    found = await actor.do(SERVICE, f"Get{SAML}", named(SAML, arn))
    return Made(physical_id=arn, attributes={"Arn": arn, "SamlProviderUUID": str(found["SAMLProviderUUID"])})


async def update_saml_provider(actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """Metadata and tags in place; another name is another provider."""
    if wanted.properties.get("Name") != old.properties.get("Name"):
        return None
    operation = f"Update{SAML}"
    given = {name: one for name, one in wanted.properties.items() if name not in {"Name", "Tags"}}
    if any(old.properties.get(name) != one for name, one in given.items()):
        await actor.do(SERVICE, operation, fit(SERVICE, operation, named(SAML, old.physical_id) | given))
    await change_tags(actor, SAML, wanted, old)
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def delete_saml_provider(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, f"Delete{SAML}", named(SAML, old.physical_id))


async def find_saml_provider(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    arn = f"arn:aws:iam::{actor.account}:saml-provider/{saml_name(actor, wanted)}"
    return (arn,) if await exists(actor, SERVICE, f"Get{SAML}", named(SAML, arn)) else ()


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::IAM::OIDCProvider": ResourceType(
        reads=names("Url ClientIdList ThumbprintList Tags"),
        create=create_oidc_provider,
        update=update_oidc_provider,
        delete=delete_oidc_provider,
        find=find_oidc_provider,
    ),
    # A private key has no place in a template: AddPrivateKey is for the API.
    "AWS::IAM::SAMLProvider": ResourceType(
        reads=names("Name SamlMetadataDocument Tags"),
        create=create_saml_provider,
        update=update_saml_provider,
        delete=delete_saml_provider,
        find=find_saml_provider,
    ),
}

"""AWS::Logs::LogGroup: a name that access logs go by. There is nothing to make: its file begins with its first line."""

from collections.abc import Mapping
from typing import Final

from yett.ports.stack_store import ResourceRecord
from yett.templates.resources.actor import Actor, Made, ResourceType, Wanted, names

NAME_CHARACTERS: Final = 512  # source: the API reference of CloudWatch Logs, CreateLogGroup


async def create_log_group(actor: Actor, wanted: Wanted) -> Made:
    """Its name, and its ARN as CloudFormation gives it."""
    name = str(wanted.properties.get("LogGroupName") or actor.name(wanted.logical_id, limit=NAME_CHARACTERS))
    arn = f"arn:aws:logs:{actor.region}:{actor.account}:log-group:{name}:*"
    return Made(physical_id=name, attributes={"Arn": arn})


async def update_log_group(_actor: Actor, wanted: Wanted, old: ResourceRecord) -> Made | None:
    """Another name is another log group."""
    if wanted.properties.get("LogGroupName") != old.properties.get("LogGroupName"):
        return None
    return Made(physical_id=old.physical_id, attributes=old.attributes)


async def delete_log_group(_actor: Actor, _old: ResourceRecord) -> None:
    """Its lines stay: whoever asks what was called may ask after the API is gone."""


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Logs::LogGroup": ResourceType(
        reads=names("LogGroupName"),
        ignores=names(
            "RetentionInDays KmsKeyId LogGroupClass DataProtectionPolicy FieldIndexPolicies ResourcePolicyDocument "
            "DeletionProtectionEnabled Tags"
        ),
        create=create_log_group,
        update=update_log_group,
        delete=delete_log_group,
        find=None,
    ),
}

"""AWS::DynamoDB::Table."""

from collections.abc import Mapping
from typing import Final

from yett.ports.stack_store import ResourceRecord
from yett.services.call import ServiceError
from yett.templates.fitting import fit
from yett.templates.resources.actor import MISSING, Actor, Made, ResourceType, Wanted, exists, gone, names

SERVICE: Final = "dynamodb"


async def create_table(actor: Actor, wanted: Wanted) -> Made:
    name = wanted.properties.get("TableName") or wanted.former_id or actor.name(wanted.logical_id, limit=255)
    params = fit(SERVICE, "CreateTable", {**wanted.properties, "TableName": name})
    await actor.do(SERVICE, "CreateTable", params)
    arn = f"arn:aws:dynamodb:{actor.region}:{actor.account}:table/{name}"
    return Made(physical_id=str(name), attributes={"Arn": arn})


async def find_table(actor: Actor, wanted: Wanted) -> tuple[str, ...]:
    given = wanted.properties.get("TableName") or wanted.former_id
    name = str(given or actor.name(wanted.logical_id, limit=255))
    return (name,) if await exists(actor, SERVICE, "DescribeTable", {"TableName": name}) else ()


async def delete_table(actor: Actor, old: ResourceRecord) -> None:
    await gone(actor, SERVICE, "DeleteTable", {"TableName": old.physical_id})


async def is_there(actor: Actor, old: ResourceRecord) -> bool:
    """The embedded backend forgets its tables when it ends."""
    try:
        await actor.do(SERVICE, "DescribeTable", {"TableName": old.physical_id})
    except ServiceError as error:
        if MISSING.search(error.code):
            return False
        raise
    return True


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::DynamoDB::Table": ResourceType(
        reads=names("TableName AttributeDefinitions KeySchema BillingMode ProvisionedThroughput GlobalSecondaryIndexes")
        | names("LocalSecondaryIndexes Tags DeletionProtectionEnabled TableClass"),
        # Not ignored is ResourcePolicy: it says who may.
        ignores=names("TimeToLiveSpecification PointInTimeRecoverySpecification SSESpecification StreamSpecification")
        | names("ContributorInsightsSpecification OnDemandThroughput WarmThroughput KinesisStreamSpecification"),
        create=create_table,
        delete=delete_table,
        find=find_table,
        is_there=is_there,
    ),
}

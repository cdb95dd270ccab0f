import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.control_plane.support import ACCOUNT, OTHER, call, make_caller, make_ports, serving, statement, trail_of
from tests.control_plane.test_door import refused

from yett.adapters.dynamodb import CHILD, RemoteDynamoDb
from yett.adapters.upstream.client import PooledUpstream
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.upstream import LOCAL_DEVELOPMENT

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/"
ADMIN = make_caller(statement("Allow", "*"), name="admin")
NEIGHBOUR = make_caller(statement("Allow", "*"), name="neighbour", account=OTHER)
SCHEMA: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
BINARY = {"id": {"S": "1"}, "b": {"B": b"\x00\xff"}, "n": {"N": "1.5"}, "l": {"L": [{"M": {"x": {"NULL": True}}}]}}


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    """moto's DynamoDB in a process of its own; ends when its standard input closes."""
    process = subprocess.Popen([sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.wait(10)


def ports_of(backend: str, *callers: Caller) -> Ports:
    return make_ports(
        *callers, dynamodb=RemoteDynamoDb(backend, network_rule=LOCAL_DEVELOPMENT), upstream=PooledUpstream()
    )


async def test_what_is_permitted_is_relayed_and_comes_back_whole(backend: str) -> None:
    ports = ports_of(backend, ADMIN)
    async with serving(ports) as api:
        tables = api.client("dynamodb", ADMIN)
        made = await call(tables.create_table, TableName="whole", **SCHEMA)
        assert made["TableDescription"]["TableArn"] == f"{TABLE}whole"
        await call(tables.put_item, TableName="whole", Item=BINARY)
        assert (await call(tables.get_item, TableName="whole", Key={"id": {"S": "1"}}))["Item"] == BINARY
        status, code, _ = await refused(
            tables.put_item, TableName="whole", Item=BINARY, ConditionExpression="attribute_not_exists(id)"
        )
        assert (status, code) == (400, "ConditionalCheckFailedException")
        assert (await refused(tables.describe_table, TableName="none"))[1] == "ResourceNotFoundException"
    assert trail_of(ports) == [
        ("dynamodb:CreateTable", f"{TABLE}whole", "allowed"),
        ("dynamodb:DescribeTable", f"{TABLE}none", "allowed"),
    ]


async def test_accounts_and_regions_do_not_see_each_other(backend: str) -> None:
    async with serving(ports_of(backend, ADMIN, NEIGHBOUR)) as api:
        await call(api.client("dynamodb", ADMIN).create_table, TableName="mine", **SCHEMA)
        for other in (api.client("dynamodb", NEIGHBOUR), api.client("dynamodb", ADMIN, region="eu-west-1")):
            assert (await call(other.list_tables))["TableNames"] == []
        # Naming the other account's table by its ARN helps nobody: that account has not consented.
        found = await refused(api.client("dynamodb", NEIGHBOUR).scan, TableName=f"{TABLE}mine")
        assert found[1] == "AccessDeniedException"


async def test_each_table_and_index_that_a_request_names_must_be_permitted(backend: str) -> None:
    actions = ["GetItem", "PutItem", "BatchGetItem", "BatchWriteItem", "Query", "Scan"]
    reader = make_caller(statement("Allow", [f"dynamodb:{a}" for a in actions], f"{TABLE}open"), name="reader")
    ports = ports_of(backend, ADMIN, reader)
    async with serving(ports) as api:
        admin, tables = api.client("dynamodb", ADMIN), api.client("dynamodb", reader)
        for name in ("open", "closed"):
            await call(admin.create_table, TableName=name, **SCHEMA)
        key = {"id": {"S": "1"}}
        assert "Item" not in await call(tables.get_item, TableName="open", Key=key)
        await call(tables.transact_write_items, TransactItems=[{"Put": {"TableName": "open", "Item": key}}])
        assert (await call(tables.scan, TableName="open"))["Count"] == 1
        item = {"PutRequest": {"Item": key}}
        attempts: list[tuple[Any, dict[str, Any], str]] = [
            (tables.get_item, {"TableName": "closed", "Key": key}, "table/closed"),
            (tables.delete_item, {"TableName": "open", "Key": key}, "table/open"),
            (tables.batch_write_item, {"RequestItems": {"open": [item], "closed": [item]}}, "table/closed"),
            (tables.batch_get_item, {"RequestItems": {"closed": {"Keys": [key]}}}, "table/closed"),
            (tables.scan, {"TableName": "open", "IndexName": "by-name"}, "table/open/index/by-name"),
            (
                tables.transact_write_items,
                {
                    "TransactItems": [
                        {"Put": {"TableName": "open", "Item": key}},
                        {"Delete": {"TableName": "open", "Key": key}},
                    ]
                },
                "table/open",
            ),
            (tables.list_tables, {}, "*"),
        ]
        for function, params, resource in attempts:
            status, code, text = await refused(function, **params)
            assert (status, code) == (400, "AccessDeniedException")
            wanted = "*" if resource == "*" else TABLE.removesuffix("table/") + resource
            assert f"on resource: {wanted} " in text
        # Nothing of a refused batch was written.
        assert (await call(admin.scan, TableName="closed"))["Count"] == 0
    assert [outcome for _, _, outcome in trail_of(ports)].count("AccessDenied") == len(attempts)


async def test_a_statement_that_hides_its_table_is_not_relayed(backend: str) -> None:
    async with serving(ports_of(backend, ADMIN)) as api:
        tables = api.client("dynamodb", ADMIN)
        found = await refused(tables.execute_statement, Statement='SELECT * FROM "t"')
        assert found[1] == "UnsupportedOperationException"
        assert "PartiQL" in found[2]


async def test_a_policy_on_leading_keys_refuses_rather_than_being_guessed_at(backend: str) -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}
    tenant = make_caller(statement("Allow", "dynamodb:*", "*", Condition=condition), name="tenant")
    async with serving(ports_of(backend, tenant)) as api:
        found = await refused(api.client("dynamodb", tenant).get_item, TableName="t", Key={"id": {"S": "theirs"}})
    assert found[1] == "AccessDeniedException"
    assert "dynamodb:LeadingKeys" in found[2]


async def test_conditions_on_what_is_known_are_weighed(backend: str) -> None:
    condition = {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}
    writer = make_caller(statement("Allow", "dynamodb:PutItem", "*", Condition=condition), name="writer")
    async with serving(ports_of(backend, ADMIN, writer)) as api:
        await call(api.client("dynamodb", ADMIN).create_table, TableName="together", **SCHEMA)
        tables, item = api.client("dynamodb", writer), {"TableName": "together", "Item": {"id": {"S": "1"}}}
        await call(tables.transact_write_items, TransactItems=[{"Put": item}])
        assert (await refused(tables.put_item, **item))[1] == "AccessDeniedException"


async def test_a_backend_that_is_away_is_said_to_be() -> None:
    async with serving(ports_of("http://127.0.0.1:9", ADMIN)) as api:
        found = await refused(api.client("dynamodb", ADMIN).list_tables)
    assert found[:2] == (503, "ServiceUnavailableException")

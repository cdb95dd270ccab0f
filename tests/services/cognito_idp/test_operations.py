from tests.services.cognito_idp.world import ACCOUNT, REGION, World

from yett.services.cognito_idp.operations import NOT_OFFERED, OPERATIONS, place_of_unsigned
from yett.services.perform import faults_of, table_of
from yett.services.permissions.cognito_idp import PERMISSIONS


async def test_the_tables_fit_the_service_model_and_every_operation_is_in_one(world: World) -> None:
    assert faults_of("cognito-idp", table_of("cognito-idp")) == []
    assert set(world.model.operation_names) == set(OPERATIONS) | set(NOT_OFFERED)
    assert set(PERMISSIONS) == set(OPERATIONS)


async def test_an_unsigned_call_is_about_the_account_of_its_pool(world: World) -> None:
    pool = await world.do("CreateUserPool", PoolName="p", account="999999999999", region="eu-west-1")
    pool_id = pool["UserPool"]["Id"]
    made = await world.do(
        "CreateUserPoolClient", UserPoolId=pool_id, ClientName="c", account="999999999999", region="eu-west-1"
    )
    client_id = made["UserPoolClient"]["ClientId"]
    place = await place_of_unsigned("InitiateAuth", {"ClientId": client_id}, world.ports)
    assert place == ("999999999999", "eu-west-1") != (ACCOUNT, REGION)
    for params in ({}, {"ClientId": "none"}, {"AccessToken": "a.b.c"}):
        assert await place_of_unsigned("GetUser", params, world.ports) is None

"""Lambda authorizers and user pools in front of a REST API, with boto3 and tokens as clients have them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.sdk.making import ECHO, Api, let_gateway_invoke, make_function, mock, proxy, unique
from tests.sdk.running import RunningServer

PASSWORD = "Correct-horse-7"

AUTHORIZER = """
import uuid
def handler(event, context):
    token = event["authorizationToken"]
    if token == "nobody":
        raise Exception("Unauthorized")
    if token == "broken":
        return {"principalId": "me"}
    resource = event["methodArn"] if token == "this-method" else event["methodArn"].split("/")[0] + "/*"
    effect = "Deny" if token == "deny" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": policy, "context": {"call": str(uuid.uuid4()), "number": 1}}
"""


def guarded_api(running: RunningServer, *, ttl: int = 300) -> Api:
    """An API whose ``/echo`` and ``/other`` ask a TOKEN authorizer."""
    authorizer_function, echo = make_function(running, AUTHORIZER), make_function(running, ECHO)
    api = Api(running)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="tokens",
        type="TOKEN",
        authorizerUri=proxy(running, authorizer_function)["uri"],
        identitySource="method.request.header.Authorization",
        authorizerResultTtlInSeconds=ttl,
    )["id"]
    api.method("/echo", proxy(running, echo), authorizationType="CUSTOM", authorizerId=authorizer)
    api.method("/other", mock(), authorizationType="CUSTOM", authorizerId=authorizer)
    api.deploy()
    let_gateway_invoke(running, echo, api)
    let_gateway_invoke(running, authorizer_function, api)
    return api


def call_as(running: RunningServer, api: Api, token: str, path: str = "/prod/echo") -> tuple[int, str | None, object]:
    answer = running.call(api.id, path, headers={"Authorization": token})
    return answer.status, answer.error_type, answer.json


def test_an_authorizer_says_who_calls_and_its_policy_is_cached(running: RunningServer) -> None:
    api = guarded_api(running)
    first = running.call(api.id, "/prod/echo", headers={"Authorization": "good"}).json
    second = running.call(api.id, "/prod/echo", headers={"Authorization": "good"}).json
    authorizer = first["requestContext"]["authorizer"]
    assert (authorizer["principalId"], authorizer["number"]) == ("me", "1")
    assert second["requestContext"]["authorizer"]["call"] == authorizer["call"]
    another = running.call(api.id, "/prod/echo", headers={"Authorization": "better"}).json
    assert another["requestContext"]["authorizer"]["call"] != authorizer["call"]


def test_a_cached_policy_that_names_one_method_refuses_the_next(running: RunningServer) -> None:
    api = guarded_api(running)
    assert call_as(running, api, "this-method")[0] == 200
    message = (
        "User is not authorized to access this resource because no identity-based policy allows the "
        "execute-api:Invoke action"
    )
    assert call_as(running, api, "this-method", "/prod/other") == (403, "AccessDeniedException", {"Message": message})


def test_an_authorizers_refusals_and_failures_have_awss_answers(running: RunningServer) -> None:
    api = guarded_api(running)
    unauthorized = (401, "UnauthorizedException", {"message": "Unauthorized"})
    assert call_as(running, api, "nobody") == unauthorized
    assert call_as(running, api, "") == unauthorized
    assert call_as(running, api, "broken") == (500, "AuthorizerConfigurationException", {"message": None})
    message = "User is not authorized to access this resource with an explicit deny in an identity-based policy"
    assert call_as(running, api, "deny") == (403, "AccessDeniedException", {"Message": message})


def test_many_calls_at_once_with_one_token_ask_the_authorizer_once(running: RunningServer) -> None:
    api = guarded_api(running)
    with ThreadPoolExecutor(12) as threads:
        events = list(
            threads.map(
                lambda _: running.call(api.id, "/prod/echo", headers={"Authorization": "crowd"}).json, range(12)
            )
        )
    assert len({event["requestContext"]["authorizer"]["call"] for event in events}) == 1


def test_without_a_ttl_the_authorizer_is_asked_each_time(running: RunningServer) -> None:
    api = guarded_api(running, ttl=0)
    events = [running.call(api.id, "/prod/echo", headers={"Authorization": "good"}).json for _ in range(2)]
    assert len({event["requestContext"]["authorizer"]["call"] for event in events}) == 2


def test_a_user_pools_tokens_open_the_methods_that_they_are_for(running: RunningServer) -> None:
    cognito = running.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool["Id"], Username="alice", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool["Id"], Username="alice", Password=PASSWORD, Permanent=True)
    signed_in = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD}
    )["AuthenticationResult"]
    echo = make_function(running, ECHO)
    api = Api(running)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool["Arn"]],
        identitySource="method.request.header.Authorization",
    )["id"]
    guard = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer}
    api.method("/me", proxy(running, echo), **guard)
    api.method("/scoped", mock(), **guard, authorizationScopes=["aws.cognito.signin.user.admin"])
    api.method("/elsewhere", mock(), **guard, authorizationScopes=["shop/read"])
    api.deploy()
    let_gateway_invoke(running, echo, api)

    id_token, access_token = signed_in["IdToken"], signed_in["AccessToken"]
    unauthorized = (401, "UnauthorizedException", {"message": "Unauthorized"})
    for presented in (id_token, f"Bearer {id_token}"):
        status, _, event = call_as(running, api, presented, "/prod/me")
        assert status == 200
        claims = event["requestContext"]["authorizer"]["claims"]  # type: ignore[index]
        assert claims["cognito:username"] == "alice"
        assert claims["token_use"] == "id"
        assert all(isinstance(value, str) for value in claims.values())
    assert call_as(running, api, access_token, "/prod/me") == unauthorized
    assert call_as(running, api, access_token, "/prod/scoped")[0] == 200
    assert call_as(running, api, id_token, "/prod/scoped") == unauthorized
    assert call_as(running, api, access_token, "/prod/elsewhere") == unauthorized

    # Another library reads the key set that we serve, and makes tokens that we must not take.
    keys = jwt.PyJWKClient(f"{running.server.url}/{pool['Id']}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(id_token)
    read = jwt.decode(id_token, key.key, algorithms=["RS256"], audience=client)
    forged = jwt.encode(read, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": key.key_id})
    assert call_as(running, api, forged, "/prod/me") == unauthorized
    assert call_as(running, api, jwt.encode(read, None, "none"), "/prod/me") == unauthorized
    late = {**read, "exp": int(time.time()) - 60}
    assert (
        call_as(running, api, jwt.encode(late, "x" * 32, "HS256", headers={"kid": key.key_id}), "/prod/me")
        == unauthorized
    )


def test_a_functions_role_decides_what_it_may_do_with_dynamodb(running: RunningServer) -> None:
    dynamodb = running.client("dynamodb")
    table = unique("table")
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    source = f"""
import boto3, botocore.exceptions
def handler(event, context):
    try:
        boto3.client("dynamodb").put_item(TableName="{table}", Item={{"id": {{"S": "1"}}}})
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "written"
"""
    function_arn = make_function(running, source)
    invoke = running.client("lambda").invoke
    assert json.load(invoke(FunctionName=function_arn)["Payload"]) == "AccessDeniedException"
    role = running.client("lambda").get_function_configuration(FunctionName=function_arn)["Role"].rpartition("/")[2]
    region, account = running.settings.region, running.settings.account
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:PutItem",
        "Resource": f"arn:aws:dynamodb:{region}:{account}:table/{table}",
    }
    running.client("iam").put_role_policy(
        RoleName=role,
        PolicyName="put",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    assert json.load(invoke(FunctionName=function_arn)["Payload"]) == "written"
    assert dynamodb.get_item(TableName=table, Key={"id": {"S": "1"}})["Item"] == {"id": {"S": "1"}}

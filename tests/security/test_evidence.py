"""Good evidence in the wrong place or time: another pool, client, use, stage, API or account, or too late."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sdk.making import ECHO, Api, let_gateway_invoke, make_function, make_user, mock, proxy, unique
from tests.sdk.running import RunningServer

from yett.execute_api.decisions import Decisions
from yett.execute_api.door import ExecuteApi
from yett.values.http import Headers, HttpRequest, HttpResponse

PASSWORD = "Correct-horse-7"
OPEN_SESAME = """
import uuid
def handler(event, context):
    api = event["methodArn"].split("/")[0]
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": api + "/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "me", "policyDocument": policy, "context": {"call": str(uuid.uuid4())}}
"""


class Pool:
    """A user pool with a scope, two clients and alice."""

    def __init__(self, running: RunningServer) -> None:
        self.cognito = running.client("cognito-idp")
        pool = self.cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]
        self.id, self.arn = pool["Id"], pool["Arn"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        self.clients = [
            self.cognito.create_user_pool_client(UserPoolId=self.id, ClientName=name, ExplicitAuthFlows=flows)[
                "UserPoolClient"
            ]["ClientId"]
            for name in ("first", "second")
        ]
        self.cognito.admin_create_user(UserPoolId=self.id, Username="alice", MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(UserPoolId=self.id, Username="alice", Password=PASSWORD, Permanent=True)

    def sign_in(self, client: int = 0) -> dict[str, str]:
        return dict(
            self.cognito.initiate_auth(
                ClientId=self.clients[client],
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
            )["AuthenticationResult"]
        )


@pytest.fixture(scope="module")
def pools(running: RunningServer) -> tuple[Pool, Pool]:
    return Pool(running), Pool(running)


def guarded_by(running: RunningServer, pool: Pool, **more: Any) -> Api:
    """An API whose ``/id`` wants an ID token of the pool, and ``/scoped`` an access token with a scope."""
    api = Api(running)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool.arn],
        identitySource="method.request.header.Authorization",
        **more,
    )["id"]
    by = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer}
    api.method("/id", mock(), **by)
    api.method("/scoped", mock(), authorizationScopes=["aws.cognito.signin.user.admin"], **by)
    api.method("/wider", mock(), authorizationScopes=["orders/write"], **by)
    api.deploy()
    return api


def statuses(running: RunningServer, api: Api, token: str) -> list[int]:
    return [
        running.call(api.id, f"/prod/{path}", headers={"Authorization": token}).status
        for path in ("id", "scoped", "wider")
    ]


def test_a_token_opens_what_it_is_for_and_nothing_else(running: RunningServer, pools: tuple[Pool, Pool]) -> None:
    a, b = pools
    at_a, at_b = guarded_by(running, a), guarded_by(running, b)
    signed_in = a.sign_in()
    for _ in range(2):  # the second time from what was remembered
        assert statuses(running, at_a, signed_in["IdToken"]) == [200, 401, 401]
        assert statuses(running, at_a, signed_in["AccessToken"]) == [401, 200, 401]
        assert statuses(running, at_a, signed_in["RefreshToken"]) == [401, 401, 401]
        assert statuses(running, at_b, signed_in["IdToken"]) == [401, 401, 401]
        assert statuses(running, at_b, signed_in["AccessToken"]) == [401, 401, 401]


def test_a_token_for_another_client_of_the_pool_is_refused_where_the_client_is_named(
    running: RunningServer, pools: tuple[Pool, Pool]
) -> None:
    pool = pools[0]
    api = guarded_by(running, pool, identityValidationExpression=pool.clients[0])
    assert statuses(running, api, pool.sign_in(0)["IdToken"])[0] == 200
    assert statuses(running, api, pool.sign_in(1)["IdToken"])[0] == 401


def test_a_token_that_was_touched_is_refused(running: RunningServer, pools: tuple[Pool, Pool]) -> None:
    pool, api = pools[0], guarded_by(running, pools[0])
    token = pool.sign_in()["IdToken"]
    header, payload, signature = token.split(".")
    other = pools[1].sign_in()["IdToken"].split(".")
    flipped = payload[:-2] + ("A" if payload[-2] != "A" else "B") + payload[-1]
    forged = [
        f"{header}.{flipped}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{other[0]}.{payload}.{signature}",
        f"{header}.{payload}.{other[2]}",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        f"{token}.{signature}",
        f"{token}=",
    ]
    assert {statuses(running, api, each)[0] for each in forged} == {401}
    assert statuses(running, api, token)[0] == 200


def test_a_pool_that_is_gone_vouches_for_nobody(running: RunningServer) -> None:
    pool = Pool(running)
    api = guarded_by(running, pool)
    token = pool.sign_in()["IdToken"]
    assert statuses(running, api, token)[0] == 200
    pool.cognito.delete_user_pool(UserPoolId=pool.id)
    assert statuses(running, api, token)[0] in {401, 500}


# -- time


@pytest.fixture(scope="module")
def door(running: RunningServer) -> ExecuteApi:
    """The front door on the server's own ports, for requests that come at any time."""
    return ExecuteApi(running.server.ports, Decisions())


def at(
    running: RunningServer, door: ExecuteApi, api: Api, path: str, headers: dict[str, str], *, late: timedelta
) -> int:
    """The status of a request that comes *late*."""
    host = f"{api.id}.execute-api.localhost"
    lines = Headers.of([("Host", f"{host}:{running.server.port}"), *headers.items()])
    request = HttpRequest(
        method="GET", target=path, path=path, query="", headers=lines, body=b"", host=host, source_ip="127.0.0.1",
        scheme="http", request_id=str(uuid.uuid4()), received_at=datetime.now(UTC) + late,
    )  # fmt: skip
    answered: HttpResponse = running.run(door.answer(request))
    return answered.status


def test_a_token_expires_though_it_was_remembered(
    running: RunningServer, pools: tuple[Pool, Pool], door: ExecuteApi
) -> None:
    api = guarded_by(running, pools[0])
    headers = {"Authorization": pools[0].sign_in()["IdToken"]}
    answers = [
        at(running, door, api, "/prod/id", headers, late=timedelta(minutes=late)) for late in (0, 59, 61, 0, 1440)
    ]
    assert answers == [200, 200, 401, 200, 401]


def test_an_authorizer_s_answer_expires(running: RunningServer, door: ExecuteApi) -> None:
    api, function = authorized_api(running, ttl=60)
    headers = {"Authorization": "sesame"}
    assert at(running, door, api, "/prod/open", headers, late=timedelta()) == 200
    running.client("lambda").remove_permission(FunctionName=function, StatementId="gateway")
    assert at(running, door, api, "/prod/open", headers, late=timedelta(seconds=50)) == 200  # as on AWS
    assert at(running, door, api, "/prod/open", headers, late=timedelta(seconds=61)) == 500


def test_a_signature_is_good_for_its_moment_and_not_for_another_request(
    running: RunningServer, door: ExecuteApi
) -> None:
    api = Api(running)
    api.method("/open", mock(), authorizationType="AWS_IAM")
    api.method("/other", mock(), authorizationType="AWS_IAM")
    api.deploy()
    sent = AWSRequest("GET", f"http://{api.id}.execute-api.localhost:{running.server.port}/prod/open")
    sent.headers["Host"] = f"{api.id}.execute-api.localhost:{running.server.port}"
    SigV4Auth(running.root, "execute-api", running.settings.region).add_auth(sent)
    headers = {name: value for name, value in sent.headers.items() if name != "Host"}
    assert at(running, door, api, "/prod/open", headers, late=timedelta()) == 200
    assert at(running, door, api, "/prod/open", headers, late=timedelta(minutes=6)) == 403
    assert at(running, door, api, "/prod/open", headers, late=-timedelta(minutes=6)) == 403
    assert at(running, door, api, "/prod/other", headers, late=timedelta()) == 403


# -- Lambda authorizers


def authorized_api(running: RunningServer, *, ttl: int = 300, policy: str = OPEN_SESAME) -> tuple[Api, str]:
    """An API with two TOKEN authorizers of one function, at ``/open`` and ``/also``; and the function."""
    function, echo = make_function(running, policy), make_function(running, ECHO)
    api = Api(running)
    for path, name in (("/open", "one"), ("/also", "two")):
        authorizer = api.client.create_authorizer(
            restApiId=api.id,
            name=name,
            type="TOKEN",
            authorizerUri=proxy(running, function)["uri"],
            identitySource="method.request.header.Authorization",
            authorizerResultTtlInSeconds=ttl,
        )["id"]
        api.method(path, proxy(running, echo), authorizationType="CUSTOM", authorizerId=authorizer)
    api.deploy()
    let_gateway_invoke(running, echo, api)
    let_gateway_invoke(running, function, api)
    return api, function


def call_id(running: RunningServer, api: Api, path: str) -> str:
    """Which of the authorizer's answers opened the call."""
    answer = running.call(api.id, path, headers={"Authorization": "sesame"})
    assert answer.status == 200, answer
    return str(answer.json["requestContext"]["authorizer"]["call"])


def test_an_authorizer_s_answer_stays_with_its_stage_authorizer_and_deployment(running: RunningServer) -> None:
    api, _ = authorized_api(running)
    api.client.create_deployment(restApiId=api.id, stageName="test")
    first = call_id(running, api, "/prod/open")
    assert call_id(running, api, "/prod/open") == first
    others = [call_id(running, api, "/test/open"), call_id(running, api, "/prod/also")]
    api.deploy()
    others.append(call_id(running, api, "/prod/open"))
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="prod")
    others.append(call_id(running, api, "/prod/open"))
    assert len({first, *others}) == 5


STAGE_BOUND = OPEN_SESAME.replace('event["methodArn"].split("/")[0]', '"/".join(event["methodArn"].split("/")[:2])')


def test_a_policy_for_one_stage_opens_no_other(running: RunningServer) -> None:
    """An answer that names its stage is weighed against the ARN of the call that it is used for."""
    api, _ = authorized_api(running, policy=STAGE_BOUND.replace("uuid.uuid4()", "1"))
    api.client.create_deployment(restApiId=api.id, stageName="test")
    for stage in ("prod", "test", "prod"):
        assert running.call(api.id, f"/{stage}/open", headers={"Authorization": "sesame"}).status == 200
    other, _ = authorized_api(running, policy=f"API = '{api.id}'" + OPEN_SESAME.replace(
        'event["methodArn"].split("/")[0]', 'event["methodArn"].rsplit(":", 1)[0] + ":" + API'
    ))  # fmt: skip
    assert running.call(other.id, "/prod/open", headers={"Authorization": "sesame"}).status == 403


def test_a_function_of_another_account_or_for_another_api_is_not_invoked(running: RunningServer) -> None:
    """The confused deputy: API Gateway may invoke the function, but not on behalf of this API."""
    function = make_function(running, ECHO)
    theirs, ours = Api(running), Api(running)
    for api in (theirs, ours):
        api.method("/open", proxy(running, function))
        api.deploy()
    let_gateway_invoke(running, function, theirs)
    assert running.call(theirs.id, "/prod/open").status == 200
    assert running.call(ours.id, "/prod/open").status == 500


# -- what changes counts at once


def test_what_is_taken_away_is_gone_with_the_next_call(running: RunningServer) -> None:
    iam = running.client("iam")
    api = Api(running)
    api.method("/open", mock(), authorizationType="AWS_IAM")
    api.deploy()
    allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    arn, credentials = make_user(running, allow)
    name = arn.rpartition("/")[2]

    def status() -> int:
        return running.call(api.id, "/prod/open", signed_by=credentials).status

    def put(effect: str) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Effect": effect}]})
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)

    answers = [status()]
    for change in (
        lambda: put("Deny"),
        lambda: put("Allow"),
        lambda: iam.update_access_key(UserName=name, AccessKeyId=credentials.access_key, Status="Inactive"),
        lambda: iam.update_access_key(UserName=name, AccessKeyId=credentials.access_key, Status="Active"),
        lambda: iam.delete_user_policy(UserName=name, PolicyName="inline"),
        lambda: put("Allow"),
        lambda: iam.delete_access_key(UserName=name, AccessKeyId=credentials.access_key),
    ):
        change()
        answers.append(status())
    assert answers == [200, 403, 200, 403, 200, 403, 200, 403]


def test_credentials_of_two_principals_do_not_mix(running: RunningServer) -> None:
    """The key of one with the session token or secret of another."""
    api = Api(running)
    api.method("/open", mock(), authorizationType="AWS_IAM")
    api.deploy()
    _, eve = make_user(running, {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    _, bob = make_user(running, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    sessions = [running.client("sts", who).get_session_token()["Credentials"] for who in (eve, bob)]
    mine, theirs = (
        Credentials(each["AccessKeyId"], each["SecretAccessKey"], each["SessionToken"]) for each in sessions
    )
    mixed = [
        Credentials(theirs.access_key, mine.secret_key, mine.token),
        Credentials(mine.access_key, mine.secret_key, theirs.token),
        Credentials(theirs.access_key, mine.secret_key, theirs.token),
        Credentials(theirs.access_key, theirs.secret_key),
        Credentials(bob.access_key, bob.secret_key, mine.token),
        Credentials(bob.access_key, eve.secret_key),
    ]
    assert running.call(api.id, "/prod/open", signed_by=theirs).status == 200
    assert [running.call(api.id, "/prod/open", signed_by=each).status for each in mixed] == [403] * len(mixed)


def test_many_at_once_do_not_get_each_other_s_standing(running: RunningServer) -> None:
    """Calls of two tokens interleaved on the server's loop: each sees its own principal."""
    api, _ = authorized_api(
        running, policy=OPEN_SESAME.replace('"principalId": "me"', '"principalId": event["authorizationToken"]')
    )
    host = f"{api.id}.execute-api.localhost"
    door = ExecuteApi(running.server.ports, Decisions())

    async def ask(token: str) -> tuple[str, str]:
        request = HttpRequest(
            method="GET", target="/prod/open", path="/prod/open", query="", body=b"", host=host, scheme="http",
            headers=Headers.of([("Host", host), ("Authorization", token)]), source_ip="127.0.0.1",
            request_id=str(uuid.uuid4()), received_at=datetime.now(UTC),
        )  # fmt: skip
        answer = await door.answer(request)
        return token, json.loads(answer.body)["requestContext"]["authorizer"]["principalId"]

    async def all_at_once() -> list[tuple[str, str]]:
        return await asyncio.gather(*(ask(f"token-{number % 7}") for number in range(70)))

    assert all(token == principal for token, principal in running.run(all_at_once()))

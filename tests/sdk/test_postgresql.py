"""The whole server on PostgreSQL: what owners make, what callers get, and that it outlives the server."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.databases import emptied, postgresql_url
from tests.sdk.making import ECHO, Api, let_gateway_invoke, make_function, make_user, mock, proxy, unique
from tests.sdk.running import RunningServer

__all__ = ["postgresql_url"]

PASSWORD = "Correct-horse-7"


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_what_was_made_and_deployed_is_there_for_the_next_server(
    postgresql_url: str, tmp_path: Path, scheme: str
) -> None:
    url = emptied(postgresql_url).replace("postgresql", scheme, 1)
    with RunningServer(tmp_path / "home", database_url=url) as running:
        function_arn = make_function(running, ECHO)
        api = Api(running)
        api.method("/health", mock(), authorizationType="AWS_IAM")
        api.method("/pets/{petId}", proxy(running, function_arn))
        api.deploy()
        let_gateway_invoke(running, function_arn, api)
        arn, user = make_user(
            running,
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{api.id}/*"},
        )
        pool, client = make_pool_with_ann(running)
        check(running, api, user)
    assert not (tmp_path / "home" / "yett.db").exists()
    with RunningServer(tmp_path / "home", database_url=url) as running:
        check(running, api, user)
        assert running.client("sts", user).get_caller_identity()["Arn"] == arn
        tokens = running.client("cognito-idp").admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        )
        assert tokens["AuthenticationResult"]["IdToken"]
        with pytest.raises(ClientError, match="EntityAlreadyExists"):
            running.client("iam").create_user(UserName=arn.rpartition("/")[2].upper())
        with pytest.raises(ClientError, match="AccessDenied"):
            running.client("apigateway", user).get_rest_apis()


def make_pool_with_ann(running: RunningServer) -> tuple[str, str]:
    cognito = running.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=PASSWORD, Permanent=True)
    return pool, client


def check(running: RunningServer, api: Api, user: object) -> None:
    """The API answers as its methods say."""
    assert running.call(api.id, "/prod/pets/7").json["pathParameters"] == {"petId": "7"}
    assert running.call(api.id, "/prod/health").status == 403
    assert running.call(api.id, "/prod/health", signed_by=user).json == {"ok": True}  # type: ignore[arg-type]

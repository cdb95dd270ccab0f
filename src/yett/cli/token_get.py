"""`yett token get`: a user pool's token, for the next command on the line."""

import base64
import secrets
import urllib.parse
import urllib.request
from typing import Any, Final

import boto3
import click
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from yett.cli.client import Access, find_access, send

PASSWORD_FLOWS: Final = {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}


@click.command("get")
@click.option("--user-pool", required=True, metavar="ID", help="The user pool's id.")
@click.option("--client", "client_id", metavar="ID", help="The app client; without it the first one that fits.")
@click.option("--username", help="Who signs in; without it the pool's first user.")
@click.option("--password", help="The user's password.")
@click.option("--reset-password", is_flag=True, help="Give the user a new random password first, then sign in with it.")
@click.option("--access", is_flag=True, help="The access token instead of the ID token.")
@click.option("--scope", "scopes", multiple=True, help="No user: an application's access token with these scopes.")
def get(
    *,
    user_pool: str,
    client_id: str | None,
    username: str | None,
    password: str | None,
    reset_password: bool,
    access: bool,
    scopes: tuple[str, ...],
) -> None:
    """Print a token of a user pool: a user's, or with --scope an application's by client credentials."""
    server = find_access()
    cognito = _client(server)
    try:
        if scopes:
            click.echo(_by_client_credentials(server, cognito, user_pool, client_id, scopes))
            return
        client = _find_client(cognito, user_pool, client_id, lambda each: bool(PASSWORD_FLOWS & _flows(each)))
        name = username or _first_user(cognito, user_pool)
        if reset_password:
            password = f"Aa1!{secrets.token_urlsafe(18)}"
            cognito.admin_set_user_password(UserPoolId=user_pool, Username=name, Password=password, Permanent=True)
        if password is None:
            raise click.UsageError("give --password, or --reset-password to make a new one")
        result = cognito.admin_initiate_auth(
            UserPoolId=user_pool,
            ClientId=client["ClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
    except (ClientError, BotoCoreError) as error:
        raise click.ClickException(str(error)) from error
    if "AuthenticationResult" not in result:
        raise click.ClickException(f"the user has to answer the challenge {result['ChallengeName']} first")
    click.echo(result["AuthenticationResult"]["AccessToken" if access else "IdToken"])


def _client(access: Access) -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=access.url,
        region_name=access.region,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key.reveal(),
        aws_session_token=access.session_token.reveal() if access.session_token else None,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def _find_client(cognito: Any, user_pool: str, client_id: str | None, fits: Any) -> dict[str, Any]:
    """The client of this id, or the pool's first that fits.

    Raises:
        click.ClickException: None does.
    """
    ids = (
        [client_id]
        if client_id
        else [
            each["ClientId"]
            for page in cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=user_pool)
            for each in page["UserPoolClients"]
        ]
    )
    for each in ids:
        described = cognito.describe_user_pool_client(UserPoolId=user_pool, ClientId=each)["UserPoolClient"]
        if client_id or fits(described):
            return dict(described)
    raise click.ClickException(f"user pool `{user_pool}` has no app client that allows this: name one with --client")


def _flows(client: dict[str, Any]) -> set[str]:
    return set(client.get("ExplicitAuthFlows", ()))


def _first_user(cognito: Any, user_pool: str) -> str:
    users = cognito.list_users(UserPoolId=user_pool, Limit=1)["Users"]
    if not users:
        raise click.ClickException(
            f"user pool `{user_pool}` has no user yet: `aws cognito-idp admin-create-user` makes one"
        )
    return str(users[0]["Username"])


def _by_client_credentials(
    server: Access, cognito: Any, user_pool: str, client_id: str | None, scopes: tuple[str, ...]
) -> str:
    """An access token from the pool's own token endpoint."""
    client = _find_client(
        cognito, user_pool, client_id, lambda each: "client_credentials" in each.get("AllowedOAuthFlows", ())
    )
    domain = cognito.describe_user_pool(UserPoolId=user_pool)["UserPool"].get("Domain")
    if not domain:
        raise click.ClickException(f"user pool `{user_pool}` has no domain, so no token endpoint")
    parts = urllib.parse.urlsplit(server.gateway_url or server.url)
    basic = base64.b64encode(f"{client['ClientId']}:{client.get('ClientSecret', '')}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - find_access gave the URL
        f"{server.gateway_url or server.url}/oauth2/token",
        data=urllib.parse.urlencode({"grant_type": "client_credentials", "scope": " ".join(scopes)}).encode(),
        headers={
            "Host": f"{domain}.auth.localhost:{parts.port or 80}",
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    answer = send(request)
    members = msgspec.json.decode(answer.body)
    if answer.status != 200:
        raise click.ClickException(f"the token endpoint answered {answer.status}: {members.get('error')}")
    return str(members["access_token"])

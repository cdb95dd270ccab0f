"""SECRET_HASH: proof that whoever signs a user in holds the app client's secret."""

import base64
import hmac

from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.errors import not_authorized


def compute_secret_hash(client_secret: str, username: str, client_id: str) -> str:
    """Base64 of HMAC-SHA256 over username and client id.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash
    """
    return base64.b64encode(hmac.digest(client_secret.encode(), f"{username}{client_id}".encode(), "sha256")).decode()


def check_secret_hash(client: AppClient, given: str | None, *usernames: str) -> None:
    """Refuse a missing or wrong SECRET_HASH; one over any of *usernames* is right. Without a secret none is due.

    Raises:
        UserPoolRefused: NotAuthorizedException.
    """
    if client.secret is None:
        return
    if not given:
        raise not_authorized(f"Client {client.id} is configured with secret but SECRET_HASH was not received")
    secret = client.secret.reveal()
    right = [
        hmac.compare_digest(compute_secret_hash(secret, name, client.id).encode(), given.encode("utf-8", "replace"))
        for name in usernames
    ]
    if not any(right):
        raise not_authorized(f"Unable to verify secret hash for client {client.id}")

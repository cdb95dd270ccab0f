"""The claims of ID and access tokens, and which of a user's tokens are still good."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.attributes import SchemaAttribute
from yett.rules.cognito_idp.groups import Group, ordered, preferred_role, roles
from yett.rules.cognito_idp.sessions import SignIn
from yett.rules.cognito_idp.user_pool import UserPool
from yett.rules.cognito_idp.users import User

OAUTH_VERSION: Final = 2  # the ``version`` of access tokens that an OAuth endpoint issues
ADDRESS: Final = "address"
BOOLEANS: Final = frozenset({"email_verified", "phone_number_verified"})
# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html
SCOPE_ATTRIBUTES: Final = {
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
}


def readable_attributes(client: AppClient, schema: Iterable[SchemaAttribute]) -> frozenset[str]:
    """What the app client may read of a user.

    UNCERTAIN: the API reference gives a client without ReadAttributes the standard attributes; CDK says custom ones
    too, and so it is OBSERVED.
    """
    if client.read_attributes is not None:
        return frozenset(client.read_attributes)
    return frozenset(attribute.name for attribute in schema if not attribute.developer_only)


def writable_attributes(client: AppClient, schema: Iterable[SchemaAttribute]) -> frozenset[str]:
    """What the app client may write of a user: all but what is written for it, unless it was told which."""
    if client.write_attributes is not None:
        return frozenset(client.write_attributes)
    return frozenset(attribute.name for attribute in schema if not attribute.developer_only) - BOOLEANS


def common_claims(
    user: User, sign_in: SignIn, client: AppClient, groups: Iterable[Group], *, issuer: str, jti: str, now: datetime
) -> dict[str, object]:
    """The claims that ID and access tokens share."""
    claims: dict[str, object] = {"sub": user.sub, "iss": issuer}
    names = [group.name for group in ordered(groups)]
    if names:
        claims["cognito:groups"] = names
    if client.revocation:
        claims["origin_jti"] = sign_in.origin_jti
    claims.update(
        event_id=sign_in.event_id,
        auth_time=int(sign_in.authenticated_at.timestamp()),
        iat=int(now.timestamp()),
        jti=jti,
    )
    return claims


def id_token_claims(
    pool: UserPool,
    user: User,
    sign_in: SignIn,
    client: AppClient,
    groups: tuple[Group, ...],
    *,
    issuer: str,
    jti: str,
    now: datetime,
) -> dict[str, object]:
    """The claims of an ID token.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
    """
    claims = common_claims(user, sign_in, client, groups, issuer=issuer, jti=jti, now=now)
    claims["aud"] = client.id
    claims["cognito:username"] = user.username
    claims["token_use"] = "id"  # noqa: S105
    claims["exp"] = int((now + client.id_token_life).timestamp())
    if role_arns := roles(groups):
        claims["cognito:roles"] = list(role_arns)
        if preferred := preferred_role(groups):
            claims["cognito:preferred_role"] = preferred
    visible = readable_attributes(client, pool.schema)
    if sign_in.is_oauth:
        visible &= scoped_attributes(sign_in.scopes, visible)
    claims.update(attribute_claims(user.attributes, visible))
    return claims


def access_token_claims(
    user: User,
    sign_in: SignIn,
    client: AppClient,
    groups: tuple[Group, ...],
    *,
    issuer: str,
    jti: str,
    now: datetime,
) -> dict[str, object]:
    """The claims of an access token.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    """
    claims = common_claims(user, sign_in, client, groups, issuer=issuer, jti=jti, now=now)
    if sign_in.is_oauth:
        claims["version"] = OAUTH_VERSION
    claims["client_id"] = client.id
    claims["token_use"] = "access"  # noqa: S105
    claims["scope"] = " ".join(sign_in.scopes)
    claims["exp"] = int((now + client.access_token_life).timestamp())
    claims["username"] = user.username
    return claims


def machine_token_claims(
    client: AppClient, scopes: tuple[str, ...], *, issuer: str, jti: str, now: datetime
) -> dict[str, object]:
    """The claims of an access token by client credentials: the client is its own subject; no user, no groups.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    """
    moment = int(now.timestamp())
    return {
        "sub": client.id,
        "token_use": "access",
        "scope": " ".join(scopes),
        "auth_time": moment,
        "iss": issuer,
        "exp": int((now + client.access_token_life).timestamp()),
        "iat": moment,
        "version": OAUTH_VERSION,
        "jti": jti,
        "client_id": client.id,
    }


def scoped_attributes(scopes: Iterable[str], readable: frozenset[str]) -> frozenset[str]:
    """The attributes that OAuth scopes open: ``profile`` all that are readable, ``email`` and ``phone`` theirs."""
    granted = set(scopes)
    if "profile" in granted:
        return readable
    opened = frozenset().union(*(names for scope, names in SCOPE_ATTRIBUTES.items() if scope in granted))
    return readable & opened


def attribute_claims(attributes: Mapping[str, str], visible: frozenset[str]) -> dict[str, object]:
    """User attributes as claims: ``*_verified`` are booleans, ``address`` an object, all others text."""
    claims: dict[str, object] = {}
    for name, value in attributes.items():
        if name not in visible:
            continue
        if name in BOOLEANS:
            claims[name] = value == "true"
        elif name == ADDRESS:
            claims[name] = {"formatted": value}
        else:
            claims[name] = value
    return claims


def user_info(user: User, visible: frozenset[str]) -> dict[str, object]:
    """What ``/oauth2/userInfo`` answers: attributes as text, booleans too.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html
    """
    seen = {name: value for name, value in user.attributes.items() if name in visible}
    return {"sub": user.sub, **seen, "username": user.username}

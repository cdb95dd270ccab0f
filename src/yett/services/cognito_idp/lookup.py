"""Finding what an operation's parameters name: pool, app client, user; and whose account an unsigned call is about."""

import base64
import binascii
from typing import Final

from yett.ports.bundle import Ports
from yett.rules.cognito_idp.app_client import AppClient
from yett.rules.cognito_idp.errors import invalid_parameter
from yett.rules.cognito_idp.limits import PAGE
from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool
from yett.rules.cognito_idp.users import User
from yett.services.call import Call
from yett.services.cognito_idp.errors import Params, client_not_found, pool_not_found, user_not_found
from yett.tokens import TokenRefused, peek

CLIENT_ID: Final = "ClientId"


async def get_pool(call: Call, pool_id: str) -> UserPool:
    """The pool of this id in the caller's account and Region.

    Raises:
        UserPoolRefused: There is none; a pool of another account does not exist either.
    """
    place = PoolPlace(call.account, call.region, pool_id)
    pool = await call.ports.user_pool_store.find_pool(place)
    if pool is None:
        raise pool_not_found(pool_id)
    return pool


async def get_client(call: Call, pool: UserPool, client_id: str) -> AppClient:
    """The app client of this id in the pool.

    Raises:
        UserPoolRefused: There is none.
    """
    client = await call.ports.user_pool_store.clients.find(pool.place, client_id)
    if client is None:
        raise client_not_found(client_id)
    return client


async def get_pool_of_client(call: Call, client_id: str) -> tuple[UserPool, AppClient]:
    """The app client of this id, wherever, and its pool: for operations that need no signature.

    Raises:
        UserPoolRefused: There is none.
    """
    found = await find_client(call.ports, client_id)
    if found is None:
        raise client_not_found(client_id)
    return found


async def find_client(ports: Ports, client_id: str) -> tuple[UserPool, AppClient] | None:
    """The app client of this id and its pool, or None."""
    store = ports.user_pool_store
    place = await store.place_of_client(client_id)
    if place is None:
        return None
    pool, client = await store.find_pool(place), await store.clients.find(place, client_id)
    return None if pool is None or client is None else (pool, client)


async def get_user(call: Call, pool: UserPool, name: str) -> User:
    """The user of this username, sub or alias.

    Raises:
        UserPoolRefused: There is none.
    """
    user = await call.ports.user_pool_store.find_user(pool, name)
    if user is None:
        raise user_not_found()
    return user


async def place_of_unsigned(operation: str, params: Params, ports: Ports) -> tuple[str, str] | None:  # noqa: ARG001
    """Account and Region of the pool that an unsigned operation is about; None if its parameters name none there is."""
    store = ports.user_pool_store
    place: PoolPlace | None = None
    if isinstance(client_id := params.get(CLIENT_ID), str):
        place = await store.place_of_client(client_id)
    elif isinstance(token := params.get("AccessToken"), str) and (named := pool_named_by(token)) is not None:
        place = await store.place_of_pool(named)
    return None if place is None else (place.account, place.region)


def pool_named_by(token: str) -> str | None:
    """The pool id in the ``iss`` of a token that nobody has verified yet; None if it has none."""
    try:
        _, claims = peek(token)
    except TokenRefused:
        return None
    issuer = claims.get("iss")
    return issuer.rpartition("/")[2] if isinstance(issuer, str) else None


def required(params: Params, name: str) -> str:
    """A member that the flow needs, though the service model does not say so.

    Raises:
        UserPoolRefused: It is missing or empty.
    """
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise invalid_parameter(f"Missing required parameter {name}")
    return value


def page_size(params: Params, member: str) -> int:
    """How many a list operation may answer."""
    return min(int(params.get(member) or PAGE), PAGE)


def encode_page(key: str) -> str:
    """A pagination token: where the next page begins."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def decode_page(token: object) -> str:
    """Where the page begins; "" for the first.

    Raises:
        UserPoolRefused: It is none of our tokens.
    """
    if token is None:
        return ""
    try:
        return base64.urlsafe_b64decode(str(token).encode("ascii")).decode()
    except (binascii.Error, ValueError):
        raise invalid_parameter("Invalid pagination token.") from None

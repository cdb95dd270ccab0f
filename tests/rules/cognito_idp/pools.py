"""Pools and users for the tests of rules."""

from datetime import UTC, datetime
from typing import Any

from yett.rules.cognito_idp.user_pool import PoolPlace, UserPool, parse_user_pool
from yett.rules.cognito_idp.users import User, UserStatus
from yett.values.secret import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = PoolPlace("123456789012", "us-east-1", "us-east-1_AbCdEfGhI")


def pool(**options: Any) -> UserPool:
    return parse_user_pool({"PoolName": "p", **options}, place=PLACE, simulation_key=Secret("k"), now=NOW)


def user(status: UserStatus = UserStatus.CONFIRMED, **attributes: str) -> User:
    return User(username="ann", sub="s-1", status=status, created_at=NOW, modified_at=NOW, attributes=attributes)

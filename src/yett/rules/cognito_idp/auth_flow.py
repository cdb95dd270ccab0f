"""Which sign-in flow is open to whom, and what stands between a user and tokens."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from yett.rules.cognito_idp.app_client import LEGACY_FLOWS, AppClient
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter, not_authorized
from yett.rules.cognito_idp.users import User, UserStatus

WRONG: Final = "Incorrect username or password."


class Flow(StrEnum):
    """The flows that are offered, by their new names."""

    USER_PASSWORD_AUTH = "USER_PASSWORD_AUTH"  # noqa: S105
    ADMIN_USER_PASSWORD_AUTH = "ADMIN_USER_PASSWORD_AUTH"  # noqa: S105
    USER_SRP_AUTH = "USER_SRP_AUTH"
    REFRESH_TOKEN_AUTH = "REFRESH_TOKEN_AUTH"  # noqa: S105


ALIASES: Final = {"ADMIN_NO_SRP_AUTH": Flow.ADMIN_USER_PASSWORD_AUTH, "REFRESH_TOKEN": Flow.REFRESH_TOKEN_AUTH}

# Flow -> the ExplicitAuthFlows that open it: the new name, then the old one.
OPENED_BY: Final[Mapping[Flow, frozenset[str]]] = {
    Flow.USER_PASSWORD_AUTH: frozenset({"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"}),
    Flow.ADMIN_USER_PASSWORD_AUTH: frozenset({"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}),
    Flow.USER_SRP_AUTH: frozenset({"ALLOW_USER_SRP_AUTH"}),
    Flow.REFRESH_TOKEN_AUTH: frozenset({"ALLOW_REFRESH_TOKEN_AUTH"}),
}
# A client that was given old names may refresh, and sign in by SRP unless it is for custom challenges only.
OPEN_TO_LEGACY: Final = frozenset({Flow.USER_SRP_AUTH, Flow.REFRESH_TOKEN_AUTH})


def choose_flow(name: str, client: AppClient, *, is_admin: bool) -> Flow:
    """The flow asked for, if this operation and this client have it.

    Raises:
        UserPoolRefused: InvalidParameterException: the client does not allow it, or it belongs to the other operation.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
    """
    flow = ALIASES.get(name) or (Flow(name) if name in Flow.__members__ else None)
    if flow is None:
        raise invalid_parameter(f"{name} flow is not supported by yett.")
    if flow is Flow.ADMIN_USER_PASSWORD_AUTH and not is_admin:
        raise invalid_parameter("Initiate Auth method not supported.")
    if flow is Flow.USER_PASSWORD_AUTH and is_admin:
        raise invalid_parameter("Initiate Auth method not supported.")
    if not is_open(flow, client):
        if is_admin and flow is Flow.ADMIN_USER_PASSWORD_AUTH:
            raise invalid_parameter("Auth flow not enabled for this client")
        raise invalid_parameter(f"{flow.value} flow not enabled for this client")
    return flow


def is_open(flow: Flow, client: AppClient) -> bool:
    """Whether the client allows the flow."""
    if OPENED_BY[flow].intersection(client.flows):
        return True
    has_old_names = LEGACY_FLOWS.issuperset(client.flows)
    return has_old_names and flow in OPEN_TO_LEGACY and "CUSTOM_AUTH_FLOW_ONLY" not in client.flows


def unknown_user(client: AppClient) -> UserPoolRefused:
    """What a sign-in by a name that nobody has is told; the caller has spent the work of a wrong password on it."""
    if client.prevents_user_existence_errors:
        return not_authorized(WRONG)
    return UserPoolRefused(Fault.USER_NOT_FOUND, "User does not exist.")


def check_user(user: User, *, now: datetime) -> None:
    """Refuse a user whose right password is not enough.

    Raises:
        UserPoolRefused: Disabled, unconfirmed, to be reset, or with a temporary password that has expired.
    """
    if not user.is_enabled:
        raise not_authorized("User is disabled.")
    match user.status:
        case UserStatus.UNCONFIRMED:
            raise UserPoolRefused(Fault.USER_NOT_CONFIRMED, "User is not confirmed.")
        case UserStatus.RESET_REQUIRED:
            raise UserPoolRefused(Fault.PASSWORD_RESET_REQUIRED, "Password reset required for the user")
        case UserStatus.FORCE_CHANGE_PASSWORD:
            if user.password is None or (user.password.expires_at is not None and now >= user.password.expires_at):
                raise not_authorized("Temporary password has expired and must be reset by an administrator.")
        case UserStatus.CONFIRMED:
            pass

"""App clients: which programs may ask a pool for tokens, how, and for how long the tokens last."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter, not_enforced
from yett.rules.cognito_idp.limits import (
    LONGEST_REFRESH_LIFE,
    LONGEST_TOKEN_LIFE,
    SHORTEST_REFRESH_LIFE,
    SHORTEST_TOKEN_LIFE,
)
from yett.values.secret import Secret

# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
DEFAULT_FLOWS: Final = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
LEGACY_FLOWS: Final = frozenset({"ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"})
DELEGATION_FLOWS: Final = frozenset({"ALLOW_TOKEN_EXCHANGE_DELEGATION", "ALLOW_TOKEN_EXCHANGE_IMPERSONATION"})
UNIT_SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
STANDARD_SCOPES: Final = frozenset({"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"})
DEFAULT_REFRESH_DAYS: Final = 30
ECHOED: Final = (
    "CallbackURLs", "LogoutURLs", "DefaultRedirectURI", "SupportedIdentityProviders", "AnalyticsConfiguration",
    "EnablePropagateAdditionalUserContextData", "TokenValidityUnits", "RefreshTokenValidity", "AccessTokenValidity",
    "IdTokenValidity", "RefreshTokenRotation",
)  # fmt: skip


class AppClient(Struct, frozen=True, kw_only=True):
    """One app client. ``read_attributes`` and ``write_attributes`` are None where the client may use them all."""

    id: str  # 26 lower-case alphanumerics
    name: str
    created_at: datetime
    modified_at: datetime
    secret: Secret | None = None
    flows: tuple[str, ...] = DEFAULT_FLOWS
    oauth_flows: tuple[str, ...] = ()  # code, implicit, client_credentials
    oauth_scopes: tuple[str, ...] = ()
    is_oauth_client: bool = False
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    access_token_life: timedelta = timedelta(hours=1)
    id_token_life: timedelta = timedelta(hours=1)
    refresh_token_life: timedelta = timedelta(days=DEFAULT_REFRESH_DAYS)
    session_life: timedelta = timedelta(minutes=3)  # between a challenge and its answer
    prevents_user_existence_errors: bool = False
    revocation: bool = True
    echo: Mapping[str, Any] = {}  # options that change nothing here, or only what `lives` has read from them


def parse_app_client(
    params: Mapping[str, Any], *, client_id: str, secret: Secret | None, created_at: datetime, now: datetime
) -> AppClient:
    """An app client from CreateUserPoolClient's or UpdateUserPoolClient's parameters; what is absent gets its default.

    Raises:
        UserPoolRefused: An option contradicts another, is out of range, or would not be enforced.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
    """
    if params.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED":
        raise not_enforced("RefreshTokenRotation ENABLED")
    access, identity, refresh = parse_lives(params)
    oauth_flows = tuple(params.get("AllowedOAuthFlows", ()))
    check_oauth(params, oauth_flows, has_secret=secret is not None)
    return AppClient(
        id=client_id,
        name=params["ClientName"],
        created_at=created_at,
        modified_at=now,
        secret=secret,
        flows=parse_flows(tuple(params.get("ExplicitAuthFlows", ()))),
        oauth_flows=oauth_flows,
        oauth_scopes=tuple(params.get("AllowedOAuthScopes", ())),
        is_oauth_client=bool(params.get("AllowedOAuthFlowsUserPoolClient", False)),
        read_attributes=optional_names(params.get("ReadAttributes")),
        write_attributes=optional_names(params.get("WriteAttributes")),
        access_token_life=access,
        id_token_life=identity,
        refresh_token_life=refresh,
        session_life=timedelta(minutes=params.get("AuthSessionValidity", 3)),
        prevents_user_existence_errors=params.get("PreventUserExistenceErrors") == "ENABLED",
        revocation=bool(params.get("EnableTokenRevocation", True)),
        echo={name: params[name] for name in ECHOED if name in params},
    )


def optional_names(given: list[str] | None) -> tuple[str, ...] | None:
    """A list of attribute names; an absent or empty one is none at all."""
    return tuple(given) if given else None


def parse_flows(given: tuple[str, ...]) -> tuple[str, ...]:
    """The flows that the client allows, as given.

    Raises:
        UserPoolRefused: Old names and new ones are mixed, or a flow needs what is not offered.
    """
    if DELEGATION_FLOWS.intersection(given):
        raise not_enforced("token exchange")
    if LEGACY_FLOWS.intersection(given) and not LEGACY_FLOWS.issuperset(given):
        raise invalid_parameter("Legacy and new ExplicitAuthFlows values cannot be mixed.")
    if LEGACY_FLOWS.issuperset(given) and "CUSTOM_AUTH_FLOW_ONLY" in given and len(given) > 1:
        raise invalid_parameter("CUSTOM_AUTH_FLOW_ONLY cannot be combined with other ExplicitAuthFlows.")
    return given or DEFAULT_FLOWS


def check_oauth(params: Mapping[str, Any], flows: tuple[str, ...], *, has_secret: bool) -> None:
    """Refuse OAuth options that contradict each other."""
    if "client_credentials" in flows:
        if len(flows) > 1:
            raise invalid_oauth("client_credentials flow can not be selected along with code flow or implicit flow.")
        if not has_secret:
            raise invalid_oauth("client_credentials flow can not be selected if client does not have a client secret.")
        if STANDARD_SCOPES.intersection(params.get("AllowedOAuthScopes", ())):
            raise invalid_oauth("client_credentials flow can only be used with custom scopes.")
    if flows and not params.get("AllowedOAuthFlowsUserPoolClient"):
        raise invalid_parameter("AllowedOAuthFlows and AllowedOAuthScopes require AllowedOAuthFlowsUserPoolClient.")
    if flows and not params.get("AllowedOAuthScopes"):
        raise invalid_oauth(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
        )
    if {"code", "implicit"}.intersection(flows) and not params.get("CallbackURLs"):
        raise invalid_oauth("At least one callback URL is needed for the code and implicit flows.")


def invalid_oauth(message: str) -> UserPoolRefused:
    """OAuth options are not good."""
    # UNCERTAIN: the model has InvalidOAuthFlowException too; both are 400.
    return UserPoolRefused(Fault.INVALID_PARAMETER, message)


def parse_lives(params: Mapping[str, Any]) -> tuple[timedelta, timedelta, timedelta]:
    """How long access, ID and refresh tokens last.

    Raises:
        UserPoolRefused: Out of range: 5 minutes to a day, and 60 minutes to ten years.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html
    """
    units = params.get("TokenValidityUnits", {})

    def life(name: str, default: int, default_unit: str) -> timedelta:
        return timedelta(seconds=default * UNIT_SECONDS[units.get(name, default_unit)])

    given_access, given_identity = params.get("AccessTokenValidity"), params.get("IdTokenValidity")
    access = timedelta(hours=1) if given_access is None else life("AccessToken", given_access, "hours")
    identity = timedelta(hours=1) if given_identity is None else life("IdToken", given_identity, "hours")
    # Zero means the default, as documented.
    given_refresh = params.get("RefreshTokenValidity") or None
    refresh = (
        timedelta(days=DEFAULT_REFRESH_DAYS) if given_refresh is None else life("RefreshToken", given_refresh, "days")
    )
    for name, given in (("AccessTokenValidity", access), ("IdTokenValidity", identity)):
        if not SHORTEST_TOKEN_LIFE <= given <= LONGEST_TOKEN_LIFE:
            raise invalid_parameter(f"Invalid range for token validity. {name} must be between 5 minutes and 1 day.")
    if not SHORTEST_REFRESH_LIFE <= refresh <= LONGEST_REFRESH_LIFE:
        raise invalid_parameter(
            "Invalid range for token validity. RefreshTokenValidity must be between 60 minutes and 10 years."
        )
    if refresh < max(access, identity):
        raise invalid_parameter("Refresh token validity must not be shorter than that of the access and ID tokens.")
    return access, identity, refresh


def render_app_client(client: AppClient, pool_id: str) -> dict[str, object]:
    """The ``UserPoolClient`` of an answer, with its secret if it has one."""
    rendered: dict[str, object] = {
        "UserPoolId": pool_id,
        "ClientName": client.name,
        "ClientId": client.id,
        "CreationDate": client.created_at,
        "LastModifiedDate": client.modified_at,
        "RefreshTokenValidity": DEFAULT_REFRESH_DAYS,
        "TokenValidityUnits": {},
        "ExplicitAuthFlows": list(client.flows),
        "AllowedOAuthFlowsUserPoolClient": client.is_oauth_client,
        "EnableTokenRevocation": client.revocation,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": int(client.session_life.total_seconds() // 60),
        **client.echo,
    }
    if client.prevents_user_existence_errors:
        rendered["PreventUserExistenceErrors"] = "ENABLED"
    for name, values in (
        ("AllowedOAuthFlows", client.oauth_flows),
        ("AllowedOAuthScopes", client.oauth_scopes),
        ("ReadAttributes", client.read_attributes),
        ("WriteAttributes", client.write_attributes),
    ):
        if values:
            rendered[name] = list(values)
    if client.secret is not None:
        rendered["ClientSecret"] = client.secret.reveal()
    return rendered

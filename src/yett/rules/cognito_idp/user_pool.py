"""User pools: what CreateUserPool's parameters make, what cannot be promised, and how a pool is shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, structs

from yett.rules.cognito_idp.attributes import SchemaAttribute, parse_schema, render_schema_attribute
from yett.rules.cognito_idp.errors import invalid_parameter, not_enforced
from yett.rules.cognito_idp.password_policy import PasswordPolicy
from yett.values.secret import Secret

ADMIN_ONLY: Final = "admin_only"
ECHOED: Final = (
    "SmsVerificationMessage", "EmailVerificationMessage", "EmailVerificationSubject", "VerificationMessageTemplate",
    "SmsAuthenticationMessage", "EmailConfiguration", "SmsConfiguration", "UserPoolAddOns", "UserPoolTier",
    "AdminCreateUserConfig", "AccountRecoverySetting", "UsernameConfiguration", "AliasAttributes", "UsernameAttributes",
    "AutoVerifiedAttributes",
)  # fmt: skip
IMMUTABLE: Final = ("Schema", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration")


class PoolPlace(Struct, frozen=True):
    """Which user pool, and whose: no store method does with less."""

    account: str
    region: str
    pool_id: str

    @property
    def arn(self) -> str:
        """The pool's ARN."""
        return f"arn:aws:cognito-idp:{self.region}:{self.account}:userpool/{self.pool_id}"


class UserPool(Struct, frozen=True, kw_only=True):
    """One user pool."""

    place: PoolPlace
    name: str
    created_at: datetime
    modified_at: datetime
    password_policy: PasswordPolicy
    schema: tuple[SchemaAttribute, ...]
    username_attributes: tuple[str, ...] = ()  # what stands in for a username at sign-up: email, phone_number
    alias_attributes: tuple[str, ...] = ()  # what signs in beside the username: email, phone_number, preferred_username
    auto_verified_attributes: tuple[str, ...] = ()
    is_case_sensitive: bool = True
    admin_creates_users_only: bool = False
    recovery: tuple[str, ...] = ()  # verified_email, verified_phone_number, admin_only, by priority; () as before them
    is_deletion_protected: bool = False
    simulation_key: Secret  # what makes up the salts and subs of users that do not exist
    domain: str | None = None
    tags: Mapping[str, str] = {}
    echo: Mapping[str, Any] = {}

    def fold(self, name: str) -> str:
        """A username or alias as it is compared: pools that are not case-sensitive ignore case."""
        return name if self.is_case_sensitive else name.casefold()


def parse_user_pool(params: Mapping[str, Any], *, place: PoolPlace, simulation_key: Secret, now: datetime) -> UserPool:
    """A new pool from CreateUserPool's parameters.

    Raises:
        UserPoolRefused: An option contradicts another, or bears on access and would not be enforced.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html
    """
    refuse_unenforced(params)
    usernames, aliases = tuple(params.get("UsernameAttributes", ())), tuple(params.get("AliasAttributes", ()))
    if usernames and aliases:
        raise invalid_parameter("Only one of aliasAttributes or usernameAttributes can be set in a user pool.")
    schema = parse_schema(params.get("Schema", ()))
    return with_options(
        UserPool(
            place=place,
            name=params["PoolName"],
            created_at=now,
            modified_at=now,
            password_policy=PasswordPolicy(),
            schema=schema,
            simulation_key=simulation_key,
            username_attributes=usernames,
            alias_attributes=aliases,
            # Documented: true is the default, and means that case counts.
            is_case_sensitive=bool(params.get("UsernameConfiguration", {}).get("CaseSensitive", True)),
        ),
        params,
        now=now,
    )


def update_user_pool(pool: UserPool, params: Mapping[str, Any], *, now: datetime) -> UserPool:
    """The pool after UpdateUserPool: options that are absent go back to their defaults, as AWS says they do.

    Raises:
        UserPoolRefused: An option would not be enforced.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
    """
    refuse_unenforced(params)
    kept = {name: pool.echo[name] for name in IMMUTABLE if name in pool.echo}
    renamed = structs.replace(pool, name=params.get("PoolName", pool.name), echo=kept)
    return with_options(renamed, params, now=now)


def with_options(pool: UserPool, params: Mapping[str, Any], *, now: datetime) -> UserPool:
    """The pool with the options that creation and update share."""
    recovery = sorted(
        params.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", ()), key=lambda m: m["Priority"]
    )
    names = tuple(mechanism["Name"] for mechanism in recovery)
    if ADMIN_ONLY in names and len(names) > 1:
        raise invalid_parameter(
            "Invalid account recovery setting parameter. Account Recovery Setting cannot use admin_only setting "
            "with any other recovery mechanisms."
        )
    return structs.replace(
        pool,
        modified_at=now,
        password_policy=parse_password_policy(params.get("Policies", {}).get("PasswordPolicy", {})),
        auto_verified_attributes=tuple(params.get("AutoVerifiedAttributes", ())),
        admin_creates_users_only=bool(params.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly", False)),
        recovery=names,
        is_deletion_protected=params.get("DeletionProtection") == "ACTIVE",
        tags=dict(params.get("UserPoolTags", pool.tags)),
        echo={**pool.echo, **{name: params[name] for name in ECHOED if name in params}},
    )


def parse_password_policy(given: Mapping[str, Any]) -> PasswordPolicy:
    """The policy of a pool: the default when none is given, else what is given, where an absent rule is off."""
    if not given:
        return PasswordPolicy()
    return PasswordPolicy(
        minimum_length=given.get("MinimumLength", 8),
        require_uppercase=given.get("RequireUppercase", False),
        require_lowercase=given.get("RequireLowercase", False),
        require_numbers=given.get("RequireNumbers", False),
        require_symbols=given.get("RequireSymbols", False),
        temporary_password_validity_days=given.get("TemporaryPasswordValidityDays") or 7,
    )


def refuse_unenforced(params: Mapping[str, Any]) -> None:
    """Refuse by name what bears on access, and what nothing here would enforce or run.

    Raises:
        UserPoolRefused: InvalidParameterException.
    """
    if params.get("MfaConfiguration", "OFF") != "OFF":
        raise not_enforced(f"MfaConfiguration {params['MfaConfiguration']}")
    for trigger, target in params.get("LambdaConfig", {}).items():
        if target:
            raise not_enforced(f"LambdaConfig {trigger}")
    if params.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF") != "OFF":
        raise not_enforced(f"AdvancedSecurityMode {params['UserPoolAddOns']['AdvancedSecurityMode']}")
    policies = params.get("Policies", {})
    if policies.get("PasswordPolicy", {}).get("PasswordHistorySize"):
        raise not_enforced("PasswordHistorySize")
    if set(policies.get("SignInPolicy", {}).get("AllowedFirstAuthFactors", ("PASSWORD",))) != {"PASSWORD"}:
        raise not_enforced("AllowedFirstAuthFactors other than PASSWORD")
    if params.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate"):
        raise not_enforced("AttributesRequireVerificationBeforeUpdate")
    if params.get("DcrConfiguration", {}).get("EnableStatus") == "Enabled":
        raise not_enforced("DcrConfiguration")
    for option in ("DeviceConfiguration", "KeyConfiguration", "IssuerConfiguration", "AcrConfiguration"):
        if params.get(option):
            raise not_enforced(option)
    if params.get("VerificationMessageTemplate", {}).get("DefaultEmailOption") == "CONFIRM_WITH_LINK":
        raise not_enforced("DefaultEmailOption CONFIRM_WITH_LINK")


def render_user_pool(pool: UserPool, *, users: int) -> dict[str, object]:
    """The ``UserPool`` of an answer."""
    policy = pool.password_policy
    rendered: dict[str, object] = {
        "Id": pool.place.pool_id,
        "Name": pool.name,
        "Arn": pool.place.arn,
        "CreationDate": pool.created_at,
        "LastModifiedDate": pool.modified_at,
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": policy.minimum_length,
                "RequireUppercase": policy.require_uppercase,
                "RequireLowercase": policy.require_lowercase,
                "RequireNumbers": policy.require_numbers,
                "RequireSymbols": policy.require_symbols,
                "TemporaryPasswordValidityDays": policy.temporary_password_validity_days,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "DeletionProtection": "ACTIVE" if pool.is_deletion_protected else "INACTIVE",
        "LambdaConfig": {},
        "SchemaAttributes": [render_schema_attribute(attribute) for attribute in pool.schema],
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        "MfaConfiguration": "OFF",
        "EstimatedNumberOfUsers": users,
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "UserPoolTags": dict(pool.tags),
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
        "UserPoolTier": "ESSENTIALS",
        **pool.echo,
    }
    if pool.domain:
        rendered["Domain"] = pool.domain
    return rendered

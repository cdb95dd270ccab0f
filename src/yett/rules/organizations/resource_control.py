"""Resource control policies, ready to be weighed: they bind what is done to an account's resources, by whomever.

Of the services that yett plays, STS, user pools and DynamoDB are bound by them: a role is the resource of whoever
assumes it. They do not reach invocations of APIs.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from functools import lru_cache
from typing import Final

from yett.policy import CompiledPolicies, Kind, NamedPolicy, compile_policies, parse_stored_policy
from yett.rules.organizations.tree import Organization, PolicyType, policy_levels

# Prefixes of actions, of those that are authorized by IAM here; who assumes a role is asked where it is assumed.
# Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
BOUND_SERVICES: Final = frozenset({"cognito-idp", "dynamodb"})
COMPILED_LEVELS: Final = 256  # kept; equal texts share one


def resource_control(organization: Organization | None, account: str) -> tuple[CompiledPolicies, ...]:
    """What binds the account's resources, a value per level from the root to the account: each level must allow.

    Nothing binds those of an account without an organization, or of the account that manages one.
    """
    if organization is None:
        return ()
    levels = policy_levels(organization, account, PolicyType.RESOURCE_CONTROL_POLICY) or ()
    return tuple(_compile(level) for level in levels)


@lru_cache(COMPILED_LEVELS)
def _compile(level: tuple[str, ...]) -> CompiledPolicies:
    policies = [NamedPolicy("rcp", parse_stored_policy(text, kind=Kind.RCP)) for text in level]
    return compile_policies(policies, actions=None)

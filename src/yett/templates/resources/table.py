"""The table of resource types."""

from collections.abc import Mapping
from typing import Final

from yett.templates.resources import (
    apigateway,
    cognito_idp,
    dynamodb,
    iam,
    identity_providers,
    lambda_,
    logs,
    organizations,
)
from yett.templates.resources.actor import ResourceType

TYPES: Final[Mapping[str, ResourceType]] = {
    **apigateway.TYPES,
    **cognito_idp.TYPES,
    **dynamodb.TYPES,
    **iam.TYPES,
    **identity_providers.TYPES,
    **lambda_.TYPES,
    **logs.TYPES,
    **organizations.TYPES,
}

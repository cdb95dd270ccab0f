"""Bounds of a REST API's definition.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

from typing import Final

RESOURCE_POLICY_CHARACTERS: Final = 8192
RESOURCES_PER_API: Final = 300 * 10  # AWS's quota is 300 and can be raised
AUTHORIZERS_PER_API: Final = 10 * 10  # 10, can be raised
AUTHORIZER_TTL_SECONDS: Final = 3600
INTEGRATION_TIMEOUT_MS: Final = range(50, 29_001)
STAGE_VARIABLES: Final = 100
STAGE_VARIABLE_NAME_CHARACTERS: Final = 64
STAGE_VARIABLE_VALUE_CHARACTERS: Final = 512
STAGE_NAME_CHARACTERS: Final = 128
OPENAPI_BYTES: Final = 6 * 1024 * 1024
OPENAPI_NODES: Final = 500_000  # ours: values in a document once its YAML aliases are followed
VALIDATION_EXPRESSION_CHARACTERS: Final = 1024  # ours
PATCH_OPERATIONS: Final = 1000  # ours
MAP_ENTRIES: Final = 300  # ours: parameters or templates of one method, integration or response

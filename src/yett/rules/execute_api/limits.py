"""Bounds of a REST API's calls, each with its unit and source."""

from typing import Final

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
METHOD_ARN_BYTES: Final = 1600  # longer ones answer 414 where authorization is on
LAMBDA_PAYLOAD_BYTES: Final = 6_291_556  # what Lambda takes and gives, synchronously
INTEGRATION_TIMEOUT_MS: Final = 29_000
AUTHORIZER_TTL_SECONDS: Final = 3600  # the most; 300 unless set

# UNCERTAIN: how long a REST API waits for its authorizer; the method's own time-out does not apply (spec 04, section
# 4.3).
AUTHORIZER_TIMEOUT_SECONDS: Final = 30.0

# Of our own: nothing that a caller sends makes these grow further.
TOKEN_BYTES: Final = 10_240  # an identity source; the service's bound on all headers together
ROUTES_PER_API: Final = 10_000

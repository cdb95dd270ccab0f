"""Bounds of signed requests."""

from typing import Final

# UNCERTAIN: AWS prints no bound of its own for this header; ours is twice what API Gateway allows all headers together
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
AUTHORIZATION_CHARACTERS: Final = 20_480
SIGNED_HEADERS: Final = 256  # names in SignedHeaders; ours
QUERY_PARAMETERS: Final = 2_048  # items between ampersands; ours

# OBSERVED: execute-api says "- 5 min.", the IAM and STS endpoints "- 15 min." (spec 02, section 3).
SKEW_SECONDS: Final = 300
IAM_STS_SKEW_SECONDS: Final = 900

SIGNING_KEYS: Final = 8  # scopes for which a SigningKeys keeps keys, by default; some 900 bytes each

# What is remembered of requests by its text (ours): entries, and characters of one. All are forgotten at once.
REMEMBERED: Final = 4_096
REMEMBERED_CHARACTERS: Final = 512

SIGNATURE_CHARACTERS: Final = 64  # HMAC-SHA256 in hexadecimal

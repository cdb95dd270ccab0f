"""Bounds of the policy language: constant, unit, source."""

from typing import Final

# A Lambda authorizer's answer cannot be longer, and every other kind of policy is far shorter; the quotas of each kind
# have error codes of their own, and belong to the services.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (synchronous invocation payload)
DOCUMENT_CHARACTERS: Final = 6 * 1024 * 1024

# Document, Statement, statement, Condition, operator, values: six levels are all the grammar has.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
NESTING_LEVELS: Final = 16

# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
AUTHORIZER_RESOURCE_CHARACTERS: Final = 512

# Ours: longer texts are no numbers, so that nobody pays for comparing them.
NUMBER_CHARACTERS: Final = 64
EPOCH_DIGITS: Final = 15

# Ours: addresses, dates and substituted patterns remembered between requests, entries.
REMEMBERED_VALUES: Final = 4096

"""Bounds on what is read from a request."""

from typing import Final

# No operation that we offer takes more than Lambda's zipped code: 50 MB, which is 67 MB as base64 in JSON.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES: Final = 70_000_000
MAX_FORM_FIELDS: Final = 10_000  # of a query-protocol form; ours, far above any real call
MAX_FORM_DEPTH: Final = 32  # parts of a dotted field name
MAX_DEPTH: Final = 64  # of parsed parameters; DynamoDB's own bound is 32 levels

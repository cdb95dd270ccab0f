"""Bounds of tokens and key sets, each with its unit and source."""

from typing import Final

# Of our own: what a header line can hold (API Gateway takes 10,240 bytes of headers) bounds tokens anyway.
TOKEN_BYTES: Final = 20_000  # sts:AssumeRoleWithWebIdentity takes as much, no service more
HEADER_BYTES: Final = 4_096
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
KEY_SET_BYTES: Final = 150_000
KEYS: Final = 100
RSA_BITS: Final = (2048, 8192)  # RFC 7518, section 3.3, asks for 2048 at least; longer ones cost too much to check
EXPONENT_BITS: Final = 64

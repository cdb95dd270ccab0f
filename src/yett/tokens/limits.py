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

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html: 100,000 characters of base 64
SAML_RESPONSE_BYTES: Final = 75_000
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html: characters; here bytes of UTF-8
SAML_METADATA_BYTES: Final = 10_000_000
SAML_CERTIFICATES: Final = 10  # of one provider; ours
# Ours: what canonicalization costs grows with the square of these. An attribute's value often declares two namespaces.
SAML_NAMESPACES: Final = 1_000  # declared in one response
SAML_PREFIXES: Final = 16  # that a signature lists
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html#troubleshoot_saml_issuer-metadata
SAML_RSA_BITS: Final = (1024, 8192)  # the upper one is ours

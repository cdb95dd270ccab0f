"""Bounds of temporary credentials.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from datetime import timedelta
from typing import Final

ROLE_SESSION_SECONDS: Final = 3600  # unless the caller says otherwise
CHAINED_SESSION_SECONDS: Final = 3600  # at most, for a role assumed with a role's credentials
SESSION_TOKEN_SECONDS: Final = 43_200  # GetSessionToken and GetFederationToken, unless the caller says otherwise
ROOT_SESSION_SECONDS: Final = 3600  # at most

SESSION_POLICY_CHARACTERS: Final = 2048  # inline and managed together
SESSION_POLICY_ARNS: Final = 10
# Ours: AWS's packed form is not published. A session token of this much content fits API Gateway's 10,240 header bytes.
PACKED_BYTES: Final = 4096

# Of what an identity provider may set.
SESSION_TAGS: Final = 50
RESERVED_TAG_PREFIX: Final = "aws:"  # whatever its case
TAG_KEY_CHARACTERS: Final = 128
TAG_VALUE_CHARACTERS: Final = 256
SOURCE_IDENTITY_CHARACTERS: Final = (2, 64)

# OBSERVED: "Token must be redeemed within 5 minutes of issuance" (https://github.com/Nike-Inc/gimme-aws-creds/issues/251)
SAML_REDEEMED_SECONDS: Final = 300
SAML_SKEW_SECONDS: Final = 60  # how far a provider's clock may be ahead. UNCERTAIN: AWS's own bound
SAML_SUBJECT_CHARACTERS: Final = 1_024  # of a NameID, and of its Format. Ours: session tokens carry both
SAML_SESSION_SECONDS: Final = (900, 43_200)  # of the attribute SessionDuration

# Ours: AWS says that messages expire and not when. Shorter than the life of a session token, whose keys open it, too.
AUTHORIZATION_MESSAGE_LIFE: Final = timedelta(hours=24)

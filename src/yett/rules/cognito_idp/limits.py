"""Bounds of user pools, each with its unit and source."""

from datetime import timedelta
from typing import Final

# https://docs.aws.amazon.com/cognito/latest/developerguide/limits.html
CUSTOM_ATTRIBUTES: Final = 50
GROUPS_PER_USER: Final = 100
GROUPS_PER_POOL: Final = 10_000
CLIENTS_PER_POOL: Final = 1_000
RESOURCE_SERVERS_PER_POOL: Final = 25
USER_POOLS_PER_ACCOUNT: Final = 1_000
PAGE: Final = 60  # the largest page of every list operation

# https://docs.aws.amazon.com/cognito/latest/developerguide/limits.html#limits-hard ("code validity")
SIGN_UP_CODE_LIFE: Final = timedelta(hours=24)
FORGOT_PASSWORD_CODE_LIFE: Final = timedelta(hours=1)
CODE_DIGITS: Final = 6
CODE_ATTEMPTS: Final = 5  # UNCERTAIN: wrong codes before an answer of LimitExceededException; spec 05 gives no number
CODES_PER_HOUR: Final = 20  # UNCERTAIN: messages of one kind to one user in an hour; AWS allows "5 to 20" by risk

# https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html
SHORTEST_TOKEN_LIFE: Final = timedelta(minutes=5)
LONGEST_TOKEN_LIFE: Final = timedelta(days=1)
SHORTEST_REFRESH_LIFE: Final = timedelta(minutes=60)
LONGEST_REFRESH_LIFE: Final = timedelta(days=3650)

SESSIONS_PER_USER: Final = 1_000  # our own bound: live refresh tokens of one user; the oldest make room
PASSWORD_CHARACTERS: Final = 256  # of a password, by the service model
ATTRIBUTE_CHARACTERS: Final = 2048  # of an attribute's value, by the service model
TOKEN_CHARACTERS: Final = 16_384  # our own bound on access and refresh tokens that come in

"""Why a token is refused."""

from enum import StrEnum

from yett.values.errors import Refusal


class TokenFault(StrEnum):
    """What is wrong with a token or a key set."""

    SEGMENTS = "SEGMENTS"  # not three parts
    ENCODING = "ENCODING"  # a part is no base64url, or no JSON object
    TOO_LARGE = "TOO_LARGE"
    HEADER = "HEADER"  # a header that must be understood is not
    ALGORITHM = "ALGORITHM"  # not one that the verifier takes
    UNKNOWN_KEY = "UNKNOWN_KEY"  # no key of the set fits
    KEY = "KEY"  # the key is malformed, too weak or for another use
    SIGNATURE = "SIGNATURE"
    CLAIM = "CLAIM"  # a claim that is needed is missing or of the wrong type
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    ISSUER = "ISSUER"
    AUDIENCE = "AUDIENCE"
    TOKEN_USE = "TOKEN_USE"  # noqa: S105
    SCOPE = "SCOPE"


class TokenRefused(Refusal):
    """The token is not good. The reason names the fault and never holds the token."""

    def __init__(self, fault: TokenFault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault

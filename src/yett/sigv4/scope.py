"""Where and when a signing key may be used."""

from functools import cached_property
from typing import Final, Self

from msgspec import Struct

from yett.sigv4.errors import Fault, SignatureRefused

TERMINATOR: Final = "aws4_request"


class CredentialScope(Struct, frozen=True, dict=True):
    """``20150830/us-east-1/execute-api/aws4_request``: a signing key's day, region and service.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """

    date: str  # UTC day, YYYYMMDD
    region: str
    service: str  # signing name, e.g. "execute-api"
    terminator: str = TERMINATOR  # as presented; anything else is refused when the scope is checked

    @classmethod
    def parse_credential(cls, text: str) -> tuple[str, Self]:
        """Read a ``Credential``: access key id, then the four parts of the scope.

        Raises:
            SignatureRefused: There are not exactly five parts.
        """
        parts = text.split("/")
        if len(parts) != 5:
            raise SignatureRefused(fault=Fault.CREDENTIAL, reason="not five slash-delimited elements", detail=text)
        access_key_id, date, region, service, terminator = parts
        return access_key_id, cls(date, region, service, terminator)

    @cached_property
    def text(self) -> str:
        """The scope rendered; once, since requests of a day share one."""
        return self.render()

    def render(self) -> str:
        """The scope as the string to sign has it."""
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"

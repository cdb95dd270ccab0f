"""Amazon Resource Names."""

from typing import Final, Self

from msgspec import Struct

from yett.values.errors import Refusal

MASK: Final = "********"


class NotAnArn(Refusal):
    """The text has not the six parts of an ARN."""


class Arn(Struct, frozen=True):
    """``arn:partition:service:region:account:resource``; the resource may hold colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an ARN.

        Raises:
            NotAnArn: It has fewer than six parts, or does not begin with ``arn``.
        """
        match text.split(":", 5):
            case ["arn", partition, service, region, account, resource] if partition and service and resource:
                return cls(partition, service, region, account, resource)
            case _:
                raise NotAnArn(f"not an ARN: `{text}`")

    def render(self) -> str:
        """The ARN as text."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    def render_masked(self) -> str:
        """The ARN with its account as eight asterisks and the last four digits, as denials show it (spec 01, section
        3).
        """
        return f"arn:{self.partition}:{self.service}:{self.region}:{MASK}{self.account[-4:]}:{self.resource}"

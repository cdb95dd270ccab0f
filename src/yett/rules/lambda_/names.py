"""How a function is named: by name, partial ARN or ARN, with or without a qualifier.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_RequestSyntax
"""

import re
from typing import Final

from msgspec import Struct

from yett.values.errors import Refusal

LATEST: Final = "$LATEST"
MAX_NAME: Final = 64
_REFERENCE: Final = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]):)?(?:(?P<account>[0-9]{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


class NotAFunctionName(Refusal):
    """The text names no function in any of the ways."""


class FunctionReference(Struct, frozen=True):
    """Which function is meant."""

    account: str
    region: str
    name: str
    qualifier: str | None = None

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """The ARN with the qualifier, if there is one."""
        return self.arn if self.qualifier is None else f"{self.arn}:{self.qualifier}"


def parse_reference(text: str, *, account: str, region: str) -> FunctionReference:
    """Read a function name, partial ARN or ARN; *account* and *region* hold where it leaves them out.

    Raises:
        NotAFunctionName: It is none.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None or len(found["name"]) > MAX_NAME:
        raise NotAFunctionName(f"no function name: `{text}`")
    if found["partition"] and not (found["region"] and found["account"]):
        raise NotAFunctionName(f"no function ARN: `{text}`")
    return FunctionReference(found["account"] or account, found["region"] or region, found["name"], found["qualifier"])

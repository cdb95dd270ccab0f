"""Access logs of a stage: a line for each call, in the form that the stage's owner gave.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, unquote

from msgspec import Struct

from yett.values.arn import Arn, NotAnArn
from yett.values.errors import Refusal

DIRECTORY: Final = "logs/access"  # of the home
FORMAT_BYTES: Final = 3 * 1024  # source: amazon-apigateway limits, "access log template size"
LINE_BYTES: Final = 1024 * 1024  # likewise, "access log entry size"
ABSENT: Final = "-"  # what a variable without a value is written as
QUOTED: Final = frozenset({"error.messageString"})  # written with quotation marks around it
REQUIRED: Final = frozenset({"requestId", "extendedRequestId"})  # a format has one of these at least

_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z0-9_][A-Za-z0-9_.\-]*[A-Za-z0-9_])")
_LOG_GROUP: Final = re.compile(r"log-group:([A-Za-z0-9_./#-]{1,512})(?::\*)?")
_FILE: Final = re.compile(r"([0-9]{12})\.([a-z0-9-]+)\.(.+)\.log")
# What would end the line, or a JSON string in it. UNCERTAIN: whether AWS escapes anything.
_ESCAPED: Final = {**{code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)}, 0x22: '\\"', 0x5C: "\\\\"}

Lookup = Callable[[str], str | None]


class NotLoggable(Refusal):
    """A destination or format that none can be."""


class AccessLog(Struct, frozen=True):
    """Where a stage's lines go, and how one is made."""

    file_name: str
    pieces: tuple[str, ...]  # literal text and, at odd places, the names of variables

    def render(self, lookup: Lookup) -> str:
        """The line, without its line feed. What was sent cannot end it, nor a string of JSON in it."""
        pieces = list(self.pieces)
        for place in range(1, len(pieces), 2):
            value = lookup(pieces[place])
            text = value.translate(_ESCAPED) if value else ABSENT
            pieces[place] = f'"{text}"' if value and pieces[place] in QUOTED else text
        return "".join(pieces)[:LINE_BYTES]


def parse_access_log(settings: Mapping[str, str], *, account: str, region: str) -> AccessLog | None:
    """The access log that a stage's ``accessLogSettings`` ask for; None as long as they are not complete.

    Raises:
        NotLoggable: The destination is no log group's ARN of the API's account and region, or the format names no
            request id or is too long.
    """
    given, text = settings.get("destinationArn"), settings.get("format")
    if not given or not text:
        return None
    name = _log_group(given, account=account, region=region)
    if len(text.encode()) > FORMAT_BYTES:
        raise NotLoggable(f"Access log format has {FORMAT_BYTES} bytes at most")
    pieces = _VARIABLE.split(text.replace("\r\n", "\n").replace("\n", " ").strip())
    if not REQUIRED.intersection(pieces[1::2]):
        raise NotLoggable("Access log format must contain at least $context.requestId or $context.extendedRequestId")
    return AccessLog(file_name(account, region, name), tuple(pieces))


def _log_group(given: str, *, account: str, region: str) -> str:
    try:
        arn = Arn.parse(given)
    except NotAnArn:
        arn = None
    found = _LOG_GROUP.fullmatch(arn.resource) if arn is not None and arn.service == "logs" else None
    if arn is None or found is None:
        raise NotLoggable(f"Invalid ARN `{given}`: that of a CloudWatch log group is wanted; Firehose is not offered")
    if (arn.account, arn.region) != (account, region):
        raise NotLoggable(f"the log group `{given}` must be in account {account} and region {region}, as the API is")
    return found[1]


def file_name(account: str, region: str, log_group: str) -> str:
    """The file of a log group: ``{account}.{region}.{name}.log``, the name percent-encoded."""
    return f"{account}.{region}.{quote(log_group, safe='')}.log"


def parse_file_name(text: str) -> str | None:
    """The log group whose file this is; None for any other file."""
    found = _FILE.fullmatch(text)
    return None if found is None else unquote(found[3])

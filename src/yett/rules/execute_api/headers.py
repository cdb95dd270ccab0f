"""Which headers pass between client and backend, which are dropped, and which are renamed.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html, with the
refinements observed on the service (spec 06, section 3.1).
"""

from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeVar

from yett.values.http import Lines

Found = TypeVar("Found")

REMAPPED: Final = "x-amzn-remapped-"


class Treatment(StrEnum):
    """What happens to a header line."""

    DROP = "DROP"
    REMAP = "REMAP"


D, R = Treatment.DROP, Treatment.REMAP

# name -> (to an HTTP_PROXY backend, to a function); a header that is not here passes.
REQUEST: Final = {
    "connection": (D, D),
    "content-encoding": (D, None),
    "content-length": (D, D),
    "content-md5": (D, D),
    "expect": (D, D),
    "host": (D, None),  # a proxy's is the endpoint; a function sees what the client sent
    "keep-alive": (D, D),
    "max-forwards": (D, D),
    "proxy-authenticate": (D, D),
    "proxy-authorization": (D, D),
    "proxy-connection": (D, D),
    "server": (D, D),
    "te": (D, D),
    "trailer": (D, D),
    "transfer-encoding": (D, D),
    "upgrade": (D, D),
    "via": (D, None),
    "www-authenticate": (D, D),
    "x-http-method-override": (D, D),  # carried out here (`method_override.py`); mapped, it passes
}

# name -> (from an HTTP_PROXY backend, from a function)
RESPONSE: Final = {
    "authorization": (R, R),
    "connection": (R, R),
    "content-length": (R, D),  # the gateway counts for itself
    "content-md5": (R, R),
    "date": (R, R),
    "expect": (D, D),
    "host": (D, D),
    "keep-alive": (D, D),
    "max-forwards": (R, R),
    "proxy-authenticate": (D, D),
    "server": (R, R),
    "te": (D, D),
    "trailer": (D, D),
    "transfer-encoding": (D, D),
    "upgrade": (D, D),
    "user-agent": (R, R),
    "via": (D, D),
    "www-authenticate": (R, R),
    "x-amz-apigw-id": (R, R),
    "x-amzn-requestid": (R, R),
    "x-amzn-trace-id": (None, D),  # the gateway adds its own to a function's answer
}
HTTP_PROXY: Final = 0
FUNCTION: Final = 1

# Ours; names are few, and come again with every call.
KNOWN_NAMES: Final = 512
KNOWN_NAME_CHARACTERS: Final = 64
KNOWN_RESPONSE: Final[tuple[dict[str, str | None], ...]] = ({}, {})  # by column: `treat_response` of names
WITHHELD_SETS: Final = 512

# Headers of the gateway's own: what a client sends under these names does not pass for ours.
OWN: Final = frozenset(
    {"x-amzn-apigateway-api-id", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
)


def withheld_from(column: int) -> frozenset[str]:
    """The names, in lower case, of client headers that do not reach a backend of this kind as they are."""
    return OWN | {name for name, treatments in REQUEST.items() if treatments[column] is not None}


class Withheld:
    """Which of the client's header lines do not reach a backend as they are."""

    __slots__ = ("known", "names")

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names  # in lower case
        self.known: dict[str, bool] = {}  # names as they were sent -> whether they are held

    def holds(self, name: str) -> bool:
        """Whether a line of this name stays here. ``X_User`` does where ``X-User`` does: CGI reads both as one."""
        known = self.known.get(name)
        if known is None:
            lower = name.lower()
            known = lower in self.names or ("_" in lower and lower.replace("_", "-") in self.names)
            _remember(self.known, name, known)
        return known

    def passed(self, lines: Lines) -> Lines:
        """The lines that do not stay here."""
        return tuple([line for line in lines if not self.holds(line[0])])


@lru_cache(maxsize=WITHHELD_SETS)
def withhold(names: frozenset[str]) -> Withheld:
    """The lines of these names, in lower case: one for all methods that keep back the same."""
    return Withheld(names)


def treat_response(name: str, column: int) -> str | None:
    """The name under which a backend's header reaches the client; None if it does not."""
    treatments = RESPONSE.get(name.lower())
    if treatments is None or (treatment := treatments[column]) is None:
        return name
    return None if treatment is Treatment.DROP else f"{REMAPPED}{name}"


def relay_lines(lines: Lines, column: int) -> Lines:
    """A backend's header lines as they reach the client."""
    return tuple([(kept, value) for name, value in lines if (kept := _show(name, column)) is not None])


def _show(name: str, column: int) -> str | None:
    known = KNOWN_RESPONSE[column]
    if name in known:
        return known[name]
    kept = treat_response(name, column)
    _remember(known, name, kept)
    return kept


def _remember(names: dict[str, Found], name: str, found: Found) -> None:
    if len(name) <= KNOWN_NAME_CHARACTERS:
        if len(names) >= KNOWN_NAMES:
            names.clear()
        names[name] = found

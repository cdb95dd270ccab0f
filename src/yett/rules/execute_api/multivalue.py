"""Headers and query strings as a Lambda event has them: the last value of each, and all of them."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus

from yett.values.http import Headers

# OBSERVED: REST proxies spell these two in this way, whatever the client wrote (spec 06, section 1).
RECASED: Final = {"authorization": "Authorization", "user-agent": "User-Agent"}


def header_maps(headers: Headers) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Last values and all values by name, in the client's casing; lines whose names differ by case only are one."""
    spelled: dict[str, str] = {}
    every: dict[str, list[str]] = {}
    for name, value in headers:
        lower = name.lower()
        shown = spelled.setdefault(lower, RECASED.get(lower, name))
        every.setdefault(shown, []).append(value)
    return {name: values[-1] for name, values in every.items()}, every


def query_values(query: str, name: str) -> tuple[str, ...]:
    """All values of one parameter, as ``query_maps`` reads them."""
    return tuple(query_maps(query)[1].get(name, ()))


def query_maps(query: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Last values and all values by name, percent-decoded. ``;`` parts them as ``&`` does (spec 06, section 1)."""
    if not query:
        return {}, {}
    every: dict[str, list[str]] = {}
    for part in query.replace(";", "&").split("&"):
        if part:
            name, _, value = part.partition("=")
            every.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return {name: values[-1] for name, values in every.items()}, every


def or_null(mapping: Mapping[str, object]) -> Mapping[str, object] | None:
    """Proxy events have null where there is nothing."""
    return mapping or None
